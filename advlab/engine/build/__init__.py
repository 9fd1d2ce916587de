"""Fill the store: find out what a book needs, compute it side by side, write down where it lies."""
