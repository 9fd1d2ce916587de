"""The page on randomised smoothing: what is certified (`measure`), what is attacked, and what is drawn of both."""
