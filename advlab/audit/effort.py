"""How much an audit does: minutes on two cores, or a quick look in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """Sizes of an audit's attacks.

    Args:
        steps: of PGD; a run with half of them shows whether they suffice.
        restarts: of PGD, on images unbroken after one start.
        auto_steps: of APGD, with cross-entropy and towards each target.
        targets: the number of likeliest wrong classes at which targeted attacks aim.
        fab_steps: of FAB-T towards each target; 0 leaves it out.
        queries: of Square, per image.
        curve_images: the number of images on which the curve over epsilon is measured.
        surrogate_epochs: of the surrogate's training.
        samples: the number of passes that are averaged where a model is random.

    Source: advlab's own: sizes chosen for minutes (`FULL`) and seconds (`QUICK`) on two cores.
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
