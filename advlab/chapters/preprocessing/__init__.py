"""The page on input preprocessing: the defenses, what is measured, the search over pixels (`flips`), what is drawn."""
