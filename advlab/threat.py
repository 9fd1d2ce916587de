"""The attacker's goal, knowledge and means, without which a figure of robustness has no meaning."""

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from advlab.data import STD

Norm = Literal["Linf", "L2", "L1", "L0"]
Goal = Literal["untargeted", "targeted"]
Knowledge = Literal["white box", "grey box", "black box"]
Access = Literal["full model", "inference API", "proxy model", "physical"]


class EpsilonUnits(NamedTuple):
    """One size in the three units that papers use.

    Attributes:
        pixels: in pixels of [0, 1].
        of_255: in grey levels, n/255.
        normalised: in normalised pixels.
    """

    pixels: float
    of_255: float
    normalised: float


def epsilon_units(epsilon: float, std: float = STD) -> EpsilonUnits:
    """Converts `epsilon` from pixels in [0, 1] to grey levels (n/255) and to normalised pixels.

    Args:
        epsilon: in pixel units.
        std: the standard deviation that the model divides pixels by, above 0; MNIST's by default.

    Returns:
        The size in all three units.

    Source: advlab's own: arithmetic.

    >>> [round(size, 4) for size in epsilon_units(0.1)]
    [0.1, 25.5, 0.3246]
    """
    return EpsilonUnits(epsilon, epsilon * 255, epsilon / std)


def from_normalised(epsilon: float, std: float = STD) -> float:
    """Converts `epsilon` from normalised pixels to pixel units.

    Args:
        epsilon: in units of normalised pixels.
        std: the standard deviation that the model divides pixels by, above 0; MNIST's by default.

    Source: advlab's own: arithmetic.

    >>> round(from_normalised(0.1), 4)
    0.0308
    """
    return epsilon * std


@dataclass(frozen=True)
class ThreatModel:
    """The attacker that a figure of robustness refers to.

    Args:
        norm: measures the size of a change: "Linf", "L2", "L1" or "L0".
        epsilon: the largest size allowed, in pixels of [0, 1], 0 or more; for "L0" a number of pixels.
        goal: "untargeted", any wrong class, or "targeted", a chosen class.
        knowledge: of the model and its defenses: "white box", "grey box" or "black box".
        access: how the attacker reaches the model: "full model", "inference API", "proxy model" or "physical".

    Raises:
        ValueError: epsilon is negative, not finite, or above 1 in L-infinity; a black box with access to the full
            model.

    Source: NIST AI 100-2 E2025, MITRE ATLAS 5.6, OWASP ML01:2023 for the terms and identifiers.

    >>> ThreatModel("Linf", 0.1).identifiers["MITRE ATLAS"]
    ('AML.T0015', 'AML.T0043.000', 'AML.T0044')
    """

    norm: Norm
    epsilon: float
    goal: Goal = "untargeted"
    knowledge: Knowledge = "white box"
    access: Access = "full model"

    def __post_init__(self) -> None:
        if not math.isfinite(self.epsilon) or self.epsilon < 0:
            raise ValueError(f"epsilon must be finite and not negative, got {self.epsilon}")
        if self.norm == "Linf" and self.epsilon > 1:
            raise ValueError(f"epsilon must lie in [0, 1] for Linf, got {self.epsilon:g}: {self.epsilon:g}/255?")
        if self.knowledge == "black box" and self.access == "full model":
            raise ValueError(
                "knowledge and access contradict each other: an attacker with access to the full model is not a "
                "black-box attacker"
            )

    @property
    def identifiers(self) -> dict[str, tuple[str, ...]]:
        """This attacker's entries in NIST AI 100-2 E2025, MITRE ATLAS 5.6 and OWASP's list of 2023."""
        black = self.knowledge == "black box"
        return {
            "NIST AI 100-2": ("NISTAML.022", "NISTAML.025") if black else ("NISTAML.022",),
            "MITRE ATLAS": ("AML.T0015", self._craft(), _ATLAS_ACCESS[self.access]),
            "OWASP": ("ML01:2023",),
        }

    @property
    def attacks(self) -> tuple[str, ...]:
        """Names of the attacks in `advlab.attacks` that this attacker can run, weakest first; empty if there is none.

        >>> ThreatModel("L2", 2.0, knowledge="black box", access="inference API").attacks
        ('square', 'hopskipjump')
        """
        able = _ABLE[self._craft()][self.norm]
        return tuple(name for name in able if self.goal == "untargeted" or name not in _UNTARGETED)

    def _craft(self) -> str:
        """ATLAS's technique of crafting the data: by gradients, by answers, or by a model of the attacker's own."""
        if self.access == "proxy model":
            return _TRANSFER
        if self.knowledge == "white box" or self.access == "full model":
            return _WHITE_BOX
        return _BLACK_BOX if self.access == "inference API" else _TRANSFER

    def __str__(self) -> str:
        size = f"{self.epsilon:g} ({self.epsilon * 255:g}/255)" if self.norm != "L0" else f"{self.epsilon:g} pixels"
        return f"{self.norm}, epsilon {size}, {self.goal}, {self.knowledge}, {self.access}"


#: ATLAS, Craft Adversarial Data: white-box optimisation, black-box optimisation, black-box transfer.
_WHITE_BOX, _BLACK_BOX, _TRANSFER = "AML.T0043.000", "AML.T0043.001", "AML.T0043.002"
_ATLAS_ACCESS: dict[Access, str] = {
    "full model": "AML.T0044",
    "inference API": "AML.T0040",
    "proxy model": "AML.T0005",
    "physical": "AML.T0041",
}

#: Attacks by norm. Only a patch has a number of pixels as its budget; the book has no L1 attack.
_BY_GRADIENT: dict[Norm, tuple[str, ...]] = {
    "Linf": ("fgsm", "pgd", "apgd", "autoattack"),
    "L2": ("fast_gradient", "pgd", "apgd", "deepfool", "carlini_wagner", "autoattack"),
    "L1": (),
    "L0": ("train_patch",),
}
_BY_QUERIES: dict[Norm, tuple[str, ...]] = {
    "Linf": ("square", "hopskipjump"),
    "L2": ("square", "hopskipjump"),
    "L1": (),
    "L0": (),
}
_BY_PROXY: dict[Norm, tuple[str, ...]] = {
    "Linf": ("transfer",),
    "L2": ("transfer",),
    "L1": (),
    "L0": ("train_patch",),
}
_ABLE = {_WHITE_BOX: _BY_GRADIENT, _BLACK_BOX: _BY_QUERIES, _TRANSFER: _BY_PROXY}
#: Attacks that take no target in this book.
_UNTARGETED = ("autoattack", "deepfool", "hopskipjump", "square")
