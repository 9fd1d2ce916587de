"""The page on evaluating honestly: models that look robust (`models`), what is measured, and what is drawn."""
