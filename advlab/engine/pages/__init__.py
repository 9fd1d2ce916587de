"""From Markdown to what a reader sees: names bound to results, laws on what may be typed, lists from data files."""
