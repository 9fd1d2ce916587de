"""The page on PGD and the ladder: rungs (`measure`), restarts and AutoAttack (`further`), steps and surfaces."""
