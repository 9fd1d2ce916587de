"""What the chapters of several pages use."""
