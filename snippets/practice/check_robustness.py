import pytest

from advlab import trained
from advlab.audit import audit

EPSILON, AT_LEAST = 0.2, 0.8


@pytest.fixture(scope="module")
def found():
    return audit(trained("robust"), EPSILON, quick=True)


def test_the_attacks_were_not_fooled(found):
    assert found.trusted, [flag.name for flag in found.flags]


def test_the_lower_end_of_the_interval_is_high_enough(found):
    assert found.robust.low >= AT_LEAST, f"{found.robust.value:.1%}, at least {found.robust.low:.1%}"
