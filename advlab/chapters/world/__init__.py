"""The page on the world: an analogue of each field that runs here, and what is drawn, tabulated and claimed of it."""
