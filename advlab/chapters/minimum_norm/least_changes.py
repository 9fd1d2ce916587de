"""What is kept from an attack of minimum norm: a distance for each image, and what follows from the distances alone."""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor, nn

from advlab.attacks.ball import Norm
from advlab.data import Dataset
from advlab.evaluation import Proportion, distances, predict

#: The number of first images read right that are kept as pictures, whatever the attack made of them.
PICTURES = 8


def found(model: nn.Module, test: Dataset, index: Tensor, attacked: Tensor, norm: Norm) -> dict[str, Any]:
    """Distances that an attack of minimum norm found for the images read right, None where it failed; and evidence."""
    right = predict(model, test.images) == test.labels
    answers = predict(model, attacked)
    sizes = [finite(size) for size in distances(model, test.images, test.labels, attacked, norm).tolist()]
    kept = right.nonzero()[:, 0].tolist()
    of_right = [sizes[number] for number in kept]
    return {
        "n": len(test),
        "success": Proportion(sum(size is not None for size in of_right), len(of_right)).to_json(),
        "median": median(of_right),
        "distances": of_right,
        "labels": test.labels[right].tolist(),
        "pictures": [
            {
                "index": int(index[number]),
                "label": int(test.labels[number]),
                "answer": int(answers[number]),
                "distance": sizes[number],
                "grey levels": (test.images[number, 0] * 255).round().int().tolist(),
                "change": [[round(c, 3) for c in row] for row in (attacked - test.images)[number, 0].tolist()],
            }
            for number in kept[:PICTURES]
        ],
        "evidence": {
            "columns": ["test image", "label", "right before", "read as", "distance"],
            "images": [
                [int(index[k]), int(test.labels[k]), int(right[k]), int(answers[k]), sizes[k]] for k in range(len(test))
            ],
        },
    }


def finite(size: float) -> float | None:
    """A distance as stored: five decimals; None for infinity, which JSON does not know."""
    return round(size, 5) if math.isfinite(size) else None


def median(sizes: list[float | None]) -> dict[str, Any]:
    """The median, failures counted as infinitely far, with its 95% interval by order statistics.

    Of n independent images, the number below the true median is binomial with probability a half; from that alone it
    follows which two of the sorted distances enclose the median with 95%.

    >>> median([float(k) for k in range(1, 101)])
    {'value': 50.5, 'low': 40.0, 'high': 61.0, 'n': 100}
    """
    n = len(sizes)
    ranked = sorted(math.inf if size is None else size for size in sizes)
    below, k = 0.0, 0
    while below + (chance := math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)) * 0.5**n) <= (
        0.025
    ):
        below, k = below + chance, k + 1
    k = max(k, 1)
    middle = (ranked[(n - 1) // 2] + ranked[n // 2]) / 2
    return {"value": finite(middle), "low": finite(ranked[k - 1]), "high": finite(ranked[n - k]), "n": n}


def within(result: dict[str, Any], epsilon: float) -> float:
    """The share of all images that are misread within this distance, those misread from the start included."""
    return float(1 - sum(size is None or size > epsilon for size in result["distances"]) / result["n"])


def by_class(result: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """The median distance of each digit that was read right at least once."""
    pairs = list(zip(result["labels"], result["distances"], strict=True))
    digits = sorted(set(result["labels"]))
    return {digit: median([size for label, size in pairs if label == digit]) for digit in digits}
