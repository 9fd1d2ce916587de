"""The page on randomised smoothing: what is certified (`measure`), what is attacked (`attack`), and what is drawn."""
