import math

import pytest

from advlab.threat import ThreatModel, epsilon_units, from_normalised


def test_the_three_units():
    pixels, of_255, normalised = epsilon_units(0.3)
    assert (pixels, of_255) == (0.3, pytest.approx(76.5))
    assert normalised == pytest.approx(0.974, abs=5e-4)  # facts: eps .3 is 0.974 normalised


def test_units_go_back_and_forth():
    assert from_normalised(epsilon_units(0.123).normalised) == pytest.approx(0.123)
    assert from_normalised(0.1) == pytest.approx(0.03081)


@pytest.mark.parametrize(
    ("knowledge", "access", "nist", "atlas"),
    [
        ("white box", "full model", ("NISTAML.022",), ("AML.T0015", "AML.T0043.000", "AML.T0044")),
        ("black box", "inference API", ("NISTAML.022", "NISTAML.025"), ("AML.T0015", "AML.T0043.001", "AML.T0040")),
        ("black box", "proxy model", ("NISTAML.022", "NISTAML.025"), ("AML.T0015", "AML.T0043.002", "AML.T0005")),
        ("grey box", "inference API", ("NISTAML.022",), ("AML.T0015", "AML.T0043.001", "AML.T0040")),
        ("black box", "physical", ("NISTAML.022", "NISTAML.025"), ("AML.T0015", "AML.T0043.002", "AML.T0041")),
        ("white box", "proxy model", ("NISTAML.022",), ("AML.T0015", "AML.T0043.002", "AML.T0005")),
        ("white box", "physical", ("NISTAML.022",), ("AML.T0015", "AML.T0043.000", "AML.T0041")),
    ],
)
def test_identifiers(knowledge, access, nist, atlas):
    identifiers = ThreatModel("Linf", 0.1, knowledge=knowledge, access=access).identifiers
    assert identifiers == {"NIST AI 100-2": nist, "MITRE ATLAS": atlas, "OWASP": ("ML01:2023",)}


@pytest.mark.parametrize("epsilon", [-0.1, math.nan, math.inf])
def test_a_size_is_finite_and_not_negative(epsilon):
    with pytest.raises(ValueError, match="finite and not negative"):
        ThreatModel("L2", epsilon)


def test_a_size_in_grey_levels_is_asked_about():
    with pytest.raises(ValueError, match=r"got 8: 8/255\?"):
        ThreatModel("Linf", 8)
    assert ThreatModel("L2", 8).epsilon == 8


def test_contradictions_are_refused():
    with pytest.raises(ValueError, match="not a black-box attacker"):
        ThreatModel("Linf", 0.1, knowledge="black box")


def test_in_words():
    assert str(ThreatModel("Linf", 0.1)) == "Linf, epsilon 0.1 (25.5/255), untargeted, white box, full model"
    assert "5 pixels" in str(ThreatModel("L0", 5))
