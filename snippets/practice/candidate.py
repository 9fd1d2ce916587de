from advlab import trained


def candidate():
    """The model that is to be released: pixels in, logits out, normalisation inside."""
    return trained("robust")
