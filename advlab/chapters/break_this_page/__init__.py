"""The page of the open challenge: the network's weights, what it withstood so far, and this build's own attempt."""
