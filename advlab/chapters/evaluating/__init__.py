"""The page on honest evaluation: models that look robust (`models`), what is measured, and what is drawn."""
