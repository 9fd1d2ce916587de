"""What queries of the standard model give an attacker: scores for Square, bare decisions for HopSkipJump."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from advlab import zoo
from advlab.attacks import deepfool, hopskipjump
from advlab.attacks.square import square_queries
from advlab.data import indices, subset
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.cache.progress import report
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, distances, predict

#: In pixel units, L-infinity.
EPSILONS = (0.1, 0.2, 0.3)
#: Square's most queries for one image, and the numbers of queries at which its success is read off.
SQUARE_QUERIES = 1000
MARKS = (1, 10, 30, 100, 300, 1000)
#: HopSkipJump's budgets in queries per image; each is a separate run.
BUDGETS = (50, 150, 500, 1000)
#: Queries cost time: Square gets a tenth of the profile's images, HopSkipJump a thirtieth.
SQUARE_SHARE, JUMP_SHARE = 10, 30
#: The number of images shown on their way to the boundary.
SHOWN = 4
SEED = 1912

Result = dict[str, Any]


def of_standard(profile: Profile) -> list[Computation]:
    """The training of the model that is queried."""
    return [zoo.training(zoo.for_profile(zoo.STANDARD, profile))]


@measurement(trainings=of_standard)
def by_scores(profile: Profile) -> Result:
    """The share of the images read right by the standard model that Square breaks, by number of queries."""
    model, test = zoo.trained(zoo.for_profile(zoo.STANDARD, profile)), subset(profile.slow_images // SQUARE_SHARE)
    right = predict(model, test.images) == test.labels
    found: Result = {"queries": SQUARE_QUERIES, "n": int(right.sum()), "images": len(test), "epsilons": {}}
    needed = []
    for done, epsilon in enumerate(EPSILONS):
        generator = torch.Generator().manual_seed(SEED)
        spent = square_queries(model, test.images, test.labels, epsilon, generator=generator, queries=SQUARE_QUERIES)
        found["epsilons"][f"{epsilon:g}"] = of_square(spent, right)
        needed.append(spent.tolist())
        report(done + 1, len(EPSILONS), "Square")
    columns = ["index", "label", *(f"queries at {epsilon:g}" for epsilon in EPSILONS)]
    rows = [list(row) for row in zip(indices(len(test)).tolist(), test.labels.tolist(), *needed, strict=True)]
    note = f"1: misclassified before any change; {SQUARE_QUERIES + 1}: not broken within the budget"
    return found | {"evidence": {"epsilon in": "pixels", "note": note, "columns": columns, "images": rows}}


def of_square(spent: Tensor, right: Tensor) -> Result:
    """The share broken within each mark, the accuracy left and the median, from the queries that each image took."""
    taken = spent[right].sort().values
    n = len(taken)
    broken = taken[taken <= SQUARE_QUERIES]
    return {
        "broken within": {str(mark): Proportion(int((taken <= mark).sum()), n).to_json() for mark in MARKS},
        "accuracy": Proportion(n - len(broken), len(spent)).to_json(),
        "taken": broken.tolist(),
        "median": int(taken[(n - 1) // 2]) if len(broken) > (n - 1) // 2 else None,
    }


@measurement(trainings=of_standard)
def by_decisions(profile: Profile) -> Result:
    """L2 distance to the misclassified image that HopSkipJump finds with few and many queries, beside DeepFool's."""
    model = zoo.trained(zoo.for_profile(zoo.STANDARD, profile))
    test = subset(max(profile.slow_images // JUMP_SHARE, 8))
    right = (predict(model, test.images) == test.labels).nonzero().squeeze(1)
    images, labels = test.images[right], test.labels[right]
    found: Result = {"n": len(images), "budgets": {}}
    columns, reached, pictures = ["index", "label"], [], []
    for done, budget in enumerate(BUDGETS):
        generator = torch.Generator().manual_seed(SEED)
        attacked = hopskipjump(model, images, labels, generator=generator, queries=budget)
        apart = distances(model, images, labels, attacked, "L2")
        found["budgets"][str(budget)] = of_distances(apart)
        columns.append(f"L2 after {budget}")
        reached.append(as_json(apart))
        pictures.append(of_pictures(attacked, apart, predict(model, attacked)))
        report(done + 1, len(BUDGETS) + 1, "HopSkipJump")
    white = distances(model, images, labels, deepfool(model, images, labels), "L2")
    found["DeepFool"] = of_distances(white)
    columns.append("L2 by DeepFool")
    reached.append(as_json(white))
    numbers = indices(len(test))[right].tolist()
    rows = [list(row) for row in zip(numbers, labels.tolist(), *reached, strict=True)]
    found["shown"] = {
        "labels": labels[:SHOWN].tolist(),
        "clean": [levels(image) for image in images[:SHOWN]],
        "after": dict(zip(map(str, BUDGETS), pictures, strict=True)),
    }
    return found | {"evidence": {"distances in": "L2, pixel units", "columns": columns, "images": rows}}


def of_distances(apart: Tensor) -> Result:
    """Median and quartiles (lower neighbours), and how many images were fooled; the others count as infinite."""
    ranked = apart.sort().values
    low, middle, high = (float(ranked[int(share * (len(ranked) - 1))]) for share in (0.25, 0.5, 0.75))
    return {"median": middle, "low quartile": low, "high quartile": high, "fooled": int(apart.isfinite().sum())}


def as_json(apart: Tensor) -> list[float | None]:
    """Distances with four decimals; None for an image that was not fooled, since JSON has no infinity."""
    return [round(one, 4) if one < float("inf") else None for one in apart.tolist()]


def of_pictures(attacked: Tensor, apart: Tensor, read: Tensor) -> list[Result]:
    """The first images of a run, each with pixels, distance and what the model reads."""
    return [
        {
            "grey levels": levels(attacked[number]),
            "L2": as_json(apart[number : number + 1])[0],
            "read": int(read[number]),
        }
        for number in range(min(SHOWN, len(attacked)))
    ]


def levels(image: Tensor) -> list[list[int]]:
    """An image of one channel as rows of grey levels."""
    rows: list[list[int]] = (image[0] * 255).round().int().tolist()
    return rows
