"""All checks, each with the results that it examines."""

from advlab.audit import checks_of_attacks as attacks
from advlab.audit import checks_of_gradients as gradients
from advlab.audit import checks_of_model as handed_over
from advlab.audit.effort import Effort
from advlab.audit.flag import Flag
from advlab.audit.ladder import FGSM, HALF, MARGIN, PGD, RESTARTS, SQUARE, TRANSFER
from advlab.audit.probe import Probe
from advlab.audit.rungs import CLEAN, Ladder
from advlab.audit.slope import Slope
from advlab.evaluation import Proportion

#: Several epsilons, each with the verdicts under PGD there.
Curve = list[tuple[float, list[bool]]]
Signs = list[Flag | None]


def signs(
    seen: Probe,
    units: dict[str, list[bool]],
    path: Slope,
    hidden: list[bool],
    ladder: Ladder,
    effort: Effort,
    sizes: Curve,
    beyond: list[bool],
) -> list[Flag]:
    """Every flag that was raised.

    Args:
        seen: the probes of the model.
        units: for each unit and image, whether the model classifies it correctly (`right_after`).
        path: gradients along an attack.
        hidden: for each planted example, whether PGD found it; empty if none was planted.
        ladder: the attacks.
        effort: their sizes.
        sizes: verdicts under PGD at several epsilons.
        beyond: verdicts under PGD in the whole domain.

    Source: advlab's own collection; each check names its papers.
    """
    clean = ladder.of(CLEAN)
    found = [
        *_of_model(seen, units, Proportion(sum(clean), len(clean)), effort),
        *_of_gradients(seen, path, hidden),
        *_of_attacks(ladder, effort, sizes, beyond),
    ]
    return [flag for flag in found if flag is not None]


def _of_model(seen: Probe, units: dict[str, list[bool]], clean: Proportion, effort: Effort) -> Signs:
    return [
        handed_over.training_mode(seen),
        handed_over.neighbours(seen),
        handed_over.normalisation(units),
        handed_over.at_chance(clean, seen.classes),
        handed_over.outputs(seen),
        handed_over.randomness(seen, effort.samples),
    ]


def _of_gradients(seen: Probe, path: Slope, hidden: list[bool]) -> Signs:
    if not seen.gradient:
        return [gradients.no_gradient(seen)]
    return [
        gradients.zero_gradients(path),
        gradients.exploding_gradients(path),
        gradients.rising(path),
        gradients.planted(hidden),
    ]


def _of_attacks(ladder: Ladder, effort: Effort, sizes: Curve, beyond: list[bool]) -> Signs:
    white = ladder.left_by("white box")
    return [
        attacks.single_step(ladder.of(FGSM), ladder.of(PGD)),
        attacks.black_box(ladder.of(SQUARE), white, effort.queries) if ladder.has(SQUARE) else None,
        attacks.transferred(ladder.of(TRANSFER), white),
        attacks.losses_disagree(ladder.of(PGD), ladder.of(MARGIN)),
        attacks.not_converged(ladder.of(HALF), ladder.of(PGD), ladder.rung(RESTARTS)),
        attacks.unbounded(beyond),
        attacks.falling(sizes),
    ]
