import pytest


@pytest.fixture(scope="session")
def training():
    """Training images to fit a detector on."""
    from advlab.data import subset

    return subset(600, "train")
