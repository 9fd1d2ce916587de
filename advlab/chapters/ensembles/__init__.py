"""The page on ensembles and stacks: what is measured (`measure`, `stack`), and what is drawn and claimed of it."""
