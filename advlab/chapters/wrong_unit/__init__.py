"""The page on the wrong unit: four ways to run "the same" FGSM on one network."""
