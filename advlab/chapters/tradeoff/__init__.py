"""The page on the trade-off: all models side by side (`measure`), and what is drawn, tabulated and claimed of them."""
