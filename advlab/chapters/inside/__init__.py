"""The page on the inside of the network: FGSM beside noise of the same size, layer by layer."""
