"""Every planted fault is seen, and honest models raise no alarm."""

import pytest

from advlab.audit import audit
from tests.audit.planted import planted

#: Flags that name what is wrong; others may stand beside them.
FAULTS = {
    "rounding": {"zero gradients"},
    "grey levels": {"zero gradients", "black box beats white box"},
    "temperature": {"zero gradients", "margin and cross-entropy disagree"},
    "noise": {"random outputs"},
    "detached": {"no gradient", "black box beats white box"},
    "softmax": {"softmax outputs"},
    "shattered": {"black box beats white box", "unbounded attack fails"},
    "clipped": {"zero gradients"},
    "crooked": {"black box beats white box"},
    "dropout left on": {"random outputs"},
    "normalised outside": {"normalisation outside the model"},
    "training mode": {"training mode left on"},
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_seen(name, standard, few, many):
    # A random model is asked eight times for every answer.
    images = 8 if "random outputs" in FAULTS[name] else 32
    data = many if name == "normalised outside" else few
    found = audit(planted(standard)[name], 0.2, data=data, images=images, quick=True)
    assert FAULTS[name] <= {flag.name for flag in found.flags}
    assert found.verdict == "no verdict"
    assert found.exit_status == 2


@pytest.mark.parametrize("name", ["linear", "MLP", "tanh", "batch norm"])
def test_an_honest_model_raises_no_alarm(name, honest, few):
    found = audit(honest[name], 0.1, data=few, images=32, quick=True)
    assert [flag.name for flag in found.flags if flag.severity != "note"] == []
    assert found.verdict == "trusted"
    assert found.clean.value > 0.8


def test_an_honest_network_of_the_book_raises_no_alarm(standard, few):
    assert audit(standard, 0.1, data=few, images=32, quick=True).flags == ()


def test_an_honest_robust_network_raises_no_alarm_and_holds(robust, few):
    found = audit(robust, 0.3, data=few, images=32, quick=True, at_least=0.6)
    assert found.flags == ()
    assert found.verdict == "at least"
    assert found.exit_status == 0
