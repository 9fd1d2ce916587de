"""The page on auditing a model of your own: one that masks its gradients beside one that is robust."""
