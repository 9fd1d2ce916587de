"""The page on interval bounds: what is proved (`measure`), what attacks leave of the rest, and what is drawn."""
