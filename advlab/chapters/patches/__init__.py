"""The page on patches: what is measured (`measure`), and what is drawn, tabulated and claimed of it."""
