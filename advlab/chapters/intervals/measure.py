"""What intervals prove about a network trained for them and about networks that were not."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from advlab import zoo
from advlab.data import Dataset, indices, mnist, subset
from advlab.defenses.bounds import certified, worst_margins
from advlab.defenses.chain import chain
from advlab.defenses.crown_ibp import crown_margins
from advlab.defenses.intervals import intervals
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, predict
from advlab.models.inference import CHUNK

#: L-infinity, in pixel units: epsilons of the curves, and tiny ones, where certificates of other networks end.
EPSILONS = (0.1, 0.2, 0.3, 0.4)
TINY = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02)
#: The epsilon at which the growth of intervals is drawn.
GROWTH = 0.1
#: Numbers of test images for what does not run on all of them, and in a draft.
IMAGES, FEW = 500, 32
#: The training noise of the network that stands for those without pooling and not trained for bounds.
SIGMA = 0.25

Result = dict[str, Any]


def of_certified(profile: Profile) -> list[Computation]:
    """The training for certificates."""
    return [zoo.training(zoo.for_profile(zoo.CERTIFIED, profile))]


def of_plain(profile: Profile) -> list[Computation]:
    """The training for certificates without the first layer, which black and white pixels allow."""
    return [zoo.training(zoo.for_profile(zoo.PLAINLY_CERTIFIED, profile))]


def of_both(profile: Profile) -> list[Computation]:
    """The training for certificates and the standard training."""
    return [*of_certified(profile), zoo.training(zoo.for_profile(zoo.STANDARD, profile))]


def of_strided(profile: Profile) -> list[Computation]:
    """The training for certificates, and that of a similar network under noise."""
    return [*of_certified(profile), zoo.training(zoo.for_profile(zoo.SMOOTHED[SIGMA], profile))]


def certifiable(profile: Profile) -> nn.Module:
    """The network trained for certificates."""
    return zoo.trained(zoo.for_profile(zoo.CERTIFIED, profile))


def standard(profile: Profile) -> nn.Module:
    """The network trained on clean images."""
    return zoo.trained(zoo.for_profile(zoo.STANDARD, profile))


def chosen(profile: Profile) -> tuple[Dataset, Tensor]:
    """Test images and their places in the test set: few in a draft, whose network leaves many to attack."""
    if profile.slow_images > 1000:
        n = profile.slow_images
    else:
        n = IMAGES if profile.slow_images == 1000 else min(FEW, profile.slow_images)
    return subset(n), indices(n)


def share(of: Tensor) -> Result:
    """The share of true verdicts, with its interval."""
    return Proportion(int(of.sum()), len(of)).to_json()


@measurement(trainings=of_certified)
def proved(profile: Profile) -> Result:
    """Clean accuracy of the certified network on all test images, and the share proved by intervals by epsilon."""
    model = certifiable(profile)
    found = proved_of(model, profile)
    found |= {"epochs": zoo.CERTIFIED.epochs, "trained epsilon": zoo.TRAINED_EPSILON}
    found["parameters"] = sum(parameter.numel() for parameter in model.parameters())
    return found


@measurement(trainings=of_plain)
def plain(profile: Profile) -> Result:
    """Clean accuracy and share proved of a network trained in the same way, which normalises in place of `Contrast`."""
    return proved_of(zoo.trained(zoo.for_profile(zoo.PLAINLY_CERTIFIED, profile)), profile)


def proved_of(model: nn.Module, profile: Profile) -> Result:
    """Clean accuracy and proofs on all the profile's test images, with evidence for each image."""
    test = mnist("test") if profile.test_images is None else subset(profile.test_images)
    index = torch.arange(len(test)) if profile.test_images is None else indices(profile.test_images)
    right = predict(model, test.images) == test.labels
    columns = [index, test.labels, right]
    found: Result = {"clean": share(right), "at": {}}
    for epsilon in EPSILONS:
        columns.append(certified(model, test.images, test.labels, epsilon))
        found["at"][f"{epsilon:g}"] = share(columns[-1])
    rows = torch.stack([column.long() for column in columns], dim=1).tolist()
    names = ["index", "label", "right: clean", *(f"proved: {epsilon:g}" for epsilon in EPSILONS)]
    return found | {"evidence": {"columns": names, "images": rows}}


@measurement(trainings=of_both)
def undefended(profile: Profile) -> Result:
    """The share that intervals prove for the standard network, at epsilons that hardly change a pixel."""
    (test, _), model = chosen(profile), standard(profile)
    found: Result = {"clean": share(predict(model, test.images) == test.labels), "at": {}}
    for epsilon in TINY:
        found["at"][f"{epsilon:g}"] = share(certified(model, test.images, test.labels, epsilon))
    return found


@measurement(trainings=of_both)
def growth(profile: Profile) -> Result:
    """The width of intervals in front of each ReLU and at the logits, in units of the spread of the clean numbers."""
    test, _ = chosen(profile)
    models = {"standard": standard(profile), "certified": certifiable(profile)}
    widths = {name: layer_widths(model, test.images, GROWTH) for name, model in models.items()}
    return {"epsilon": GROWTH, "n": len(test), "widths": widths}


def layer_widths(model: nn.Module, images: Tensor, epsilon: float) -> dict[str, float]:
    """Mean width over the clean numbers' standard deviation, for the pixels and the output of each layer with weights.

    The standard deviation is taken over images and places together; layers are named in order.
    """
    body, last = chain(model)
    layers = [*body, last]
    weighted = [number for number, layer in enumerate(layers) if isinstance(layer, nn.Linear | nn.Conv2d)]
    names = ["pixels", *(f"layer {number + 1}" for number in range(len(weighted) - 1)), "logits"]
    places = [0, *(number + 1 for number in weighted)]  # a layer's output is the next one's input
    total, values = dict.fromkeys(names, 0.0), {name: list[Tensor]() for name in names}
    with torch.no_grad():
        for part in images.split(CHUNK):
            reached = intervals(layers, part, epsilon, outward=False)
            clean = intervals(layers, part, 0.0, outward=False)
            for name, place in zip(names, places, strict=True):
                total[name] += float((2 * reached[place].radius).flatten(1).mean(1).sum())
                values[name].append(clean[place].center)
    return {name: total[name] / len(images) / float(torch.cat(values[name]).std()) for name in names}


@measurement(trainings=of_strided)
def linear(profile: Profile) -> Result:
    """Shares proved by intervals and by CROWN-IBP's linear bounds, on the network trained for intervals and another."""
    test, _ = chosen(profile)
    networks = {
        "certified": (certifiable(profile), (0.1, 0.3)),
        "noise": (zoo.trained(zoo.for_profile(zoo.SMOOTHED[SIGMA], profile)), (0.01, 0.02)),
    }
    return {
        name: {f"{epsilon:g}": compared(model, test, epsilon) for epsilon in epsilons}
        for name, (model, epsilons) in networks.items()
    } | {"sigma": SIGMA}


def compared(model: nn.Module, test: Dataset, epsilon: float) -> Result:
    """The share of images that each kind of bound proves, and how often linear bounds are the tighter."""
    least: dict[str, list[Tensor]] = {"intervals": [], "linear": []}
    with torch.no_grad():
        for x, y in zip(test.images.split(CHUNK), test.labels.split(CHUNK), strict=True):
            least["intervals"].append(lowest(worst_margins(model, x, y, epsilon, outward=False), y))
            least["linear"].append(lowest(crown_margins(model, x, y, epsilon), y))
    ours, theirs = torch.cat(least["intervals"]), torch.cat(least["linear"])
    return {
        "intervals": share(ours > 0),
        "linear": share(theirs > 0),
        "linear is tighter": share(theirs > ours),
        "either": share((ours > 0) | (theirs > 0)),
    }


def lowest(margins: Tensor, labels: Tensor) -> Tensor:
    """Each image's least margin over the other classes."""
    return margins.scatter(1, labels[:, None], torch.inf).amin(1)
