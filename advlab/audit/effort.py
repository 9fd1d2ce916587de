"""How much an audit does: minutes on two cores, or a quick look in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """The sizes of an audit's attacks.

    Args:
        steps: of PGD; a rung with half of them tells whether they suffice.
        restarts: of PGD, on what still stands after one start.
        auto_steps: of APGD, with cross-entropy and towards each target.
        targets: the likeliest wrong classes that targeted attacks go for.
        fab_steps: of FAB-T towards each target; 0 leaves it out.
        queries: of Square.
        curve_images: on which the curve over epsilon is measured.
        surrogate_epochs: of the training of the surrogate.
        samples: passes that are averaged where a model is random.
    """

    steps: int
    restarts: int
    auto_steps: int
    targets: int
    fab_steps: int
    queries: int
    curve_images: int
    surrogate_epochs: int
    samples: int


FULL = Effort(40, 4, 100, 9, 30, 1000, 200, 10, 16)
QUICK = Effort(20, 2, 20, 3, 0, 200, 50, 5, 8)
