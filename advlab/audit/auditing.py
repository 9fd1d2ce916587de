"""An audit from beginning to end: probe the model, run all attacks, examine gradients, report what was seen."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import torch
from torch import nn

from advlab.attacks.adaptive import Averaged
from advlab.attacks.ball import Norm
from advlab.audit.binarisation import planted_found
from advlab.audit.effort import FULL, QUICK, Effort
from advlab.audit.flag import Flag
from advlab.audit.images import Data, drawn, load_data
from advlab.audit.ladder import RUNGS, climb, curve, unbounded
from advlab.audit.probe import Connected, Probe, probe, right_after
from advlab.audit.result import Attacked, Audit
from advlab.audit.rungs import CLEAN, Ladder
from advlab.audit.signs import Curve, signs
from advlab.audit.slope import slope
from advlab.engine.cache import machine
from advlab.engine.cache.progress import report
from advlab.evaluation import Proportion
from advlab.threat import ThreatModel
from advlab.verify import Examples
from advlab.verify.loading import UsageError

#: The most serious flags first.
ORDER = ("setup", "masked", "note")
IMAGES, QUICK_IMAGES = 500, 100
#: Steps along which gradients are examined: so many that the first one is small, 1/16 of epsilon.
SLOPE_STEPS = 40
#: Number of images around which an adversarial example is planted.
PLANTED = 32


def audit(
    model: nn.Module,
    epsilon: float,
    *,
    data: Iterable | Data | None = None,
    norm: Norm = "Linf",
    images: int | None = None,
    at_least: float | None = None,
    quick: bool = False,
    seed: int = 0,
    name: str | None = None,
) -> Audit:
    """Attack a model in every way the library has, and look for signs that the attacks were fooled.

    The model, its modes and gradients are left as they were, and so is torch's global generator.

    Args:
        model: takes pixels in [0, 1], normalises inside, returns logits.
        epsilon: radius of the ball, in pixel units, above 0; at most 1 for L-infinity.
        data: a pair (images [n, *shape], labels [n]), a DataLoader, or `Data`; None for the bundled MNIST test set.
        norm: "Linf" or "L2".
        images: how many to audit, at least 1; None for 500, or 100 when `quick`. `Data` is audited as a whole.
        at_least: the robust accuracy that is required, in [0, 1]; None for no requirement.
        quick: whether to take fewer images and weaker attacks: seconds instead of minutes.
        seed: of the choice of images, of random starts and of everything else that is random.
        name: what the report calls the model; None for its class.

    Raises:
        UsageError: epsilon, norm, at_least, images or the data are not as described.
        ModelError: the model fails, writes to its input, or does not return finite logits that fit the labels.

    Source: advlab's own, from Carlini et al. 2019 (arXiv 1902.06705) and the papers that each flag names.
    """
    began = time.perf_counter()
    _check(epsilon, norm, at_least)
    count = images if images is not None else QUICK_IMAGES if quick else IMAGES
    if data is None or isinstance(data, Data):
        chosen = data or load_data(None, count, seed)
    else:
        chosen = drawn(data, count, seed, "data given")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        seen, ladder, sizes, flags = _examined(model, chosen, epsilon, norm, QUICK if quick else FULL, seed)
    n = len(chosen.images)
    return Audit(
        model=_about(model, name, seen),
        data={"source": chosen.source, "images": n, "shape": list(chosen.images.shape[1:]), "sha256": chosen.checksum},
        epsilon=float(epsilon),
        norm=norm,
        seed=seed,
        quick=quick,
        at_least=at_least,
        clean=Proportion(sum(ladder.of(CLEAN)), n),
        robust=Proportion(int(ladder.standing.sum()), n),
        attacks=tuple(
            Attacked(rung.name, rung.kind, rung.parameters, Proportion(sum(rung.right), n), rung.tried, rung.seconds)
            for rung in ladder.rungs
        ),
        curve=tuple((size, Proportion(sum(right), len(right))) for size, right in sizes),
        flags=tuple(sorted(flags, key=lambda flag: ORDER.index(flag.severity))),
        examples=Examples(chosen.images, ladder.adversarial, chosen.labels, chosen.index, float(epsilon), norm),
        broken_by=tuple(ladder.broken_by),
        versions={name: version(name) for name in ("advlab", "torch", "numpy")},
        machine=machine.describe(),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=time.perf_counter() - began,
    )


def _check(epsilon: float, norm: str, at_least: float | None) -> None:
    try:
        ThreatModel(norm, epsilon)  # type: ignore[arg-type]
    except (ValueError, TypeError) as problem:
        raise UsageError(str(problem)) from problem
    if norm not in ("Linf", "L2"):
        raise UsageError(f"norm must be 'Linf' or 'L2', got {norm!r}")
    if epsilon == 0:
        raise UsageError("epsilon must be above 0: at 0 there is nothing to attack")
    if at_least is not None and not 0 <= at_least <= 1:
        raise UsageError(f"at_least must be a proportion in [0, 1], got {at_least:g}: did you mean {at_least / 100:g}?")


def _about(model: nn.Module, name: str | None, seen: Probe) -> dict[str, Any]:
    kind = type(model)
    size = sum(parameter.numel() for parameter in model.parameters())
    title = name or kind.__name__
    return {
        "name": title,
        "class": f"{kind.__module__}.{kind.__qualname__}",
        "parameters": size,
        "classes": seen.classes,
    }


def _examined(
    model: nn.Module, data: Data, epsilon: float, norm: Norm, effort: Effort, seed: int
) -> tuple[Probe, Ladder, Curve, list[Flag]]:
    """Everything that takes time, and the flags that the checks raise on it."""
    dtype = next((p.dtype for p in model.parameters() if p.is_floating_point()), data.images.dtype)
    images, labels, pool = data.images.to(dtype), data.labels, data.pool.to(dtype)
    seen = probe(model, images, labels)
    units = right_after(model, torch.cat([images, pool]), torch.cat([labels, data.pool_labels]))
    attacked = model if seen.gradient else Connected(model)
    attacked = Averaged(attacked, effort.samples) if seen.random else attacked
    ladder = Ladder(attacked, images, labels, epsilon, norm, seed, RUNGS)
    climb(ladder, effort, pool, seen.classes)
    # The rest examines images that the model classifies correctly: on others there is nothing to attack.
    some = torch.tensor(ladder.of(CLEAN)).nonzero()[: effort.curve_images, 0]
    if len(some) == 0:
        some = torch.arange(min(len(images), effort.curve_images))
    images, labels = images[some], labels[some]
    report(RUNGS - 1, RUNGS, "every epsilon")
    sizes = curve(attacked, images, labels, epsilon, norm, effort.steps, seed)
    beyond = unbounded(attacked, images, labels, norm, effort.steps, seed)
    path = slope(attacked, images, labels, epsilon, norm, SLOPE_STEPS)
    # A random model has no fixed features, and on one without a gradient no gradient attack can find anything.
    sound = seen.gradient and not seen.random
    hidden = planted_found(model, images[:PLANTED], epsilon, norm, effort.steps, seed) if sound else []
    return seen, ladder, sizes, signs(seen, units, path, hidden, ladder, effort, sizes, beyond)
