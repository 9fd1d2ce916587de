"""The page on PGD and the ladder: rungs (`measure`, `upper_rungs`), one image's loss (`surface`), and what is drawn."""
