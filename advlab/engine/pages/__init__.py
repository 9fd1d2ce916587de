"""Rendering of pages: results filled in by name, laws on what may be typed by hand, and lists made from data files."""
