"""What the page on FGSM shows for single images: pixels, gradient, and the model's answers at each epsilon."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from advlab import zoo
from advlab.chapters.fgsm.measure import only_first
from advlab.chapters.shared.sign_steps import gradient, stepped
from advlab.data import mnist, subset
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import logits

#: The number of example images: the first of the test set, so that nobody chose them.
EXAMPLES = 5
#: The slider's epsilons.
FRAMES = (0.0, 0.025, 0.05, 0.075, 0.1, 0.125, 0.15, 0.175, 0.2, 0.25, 0.3)
#: Images sampled for distances between classes: enough for a rough picture, in a second.
FROM_TEST, FROM_TRAIN = 200, 6000


@measurement(trainings=only_first)
def examples(profile: Profile) -> dict[str, Any]:
    """Pixels, sign of the gradient and the model's probabilities at each epsilon, for the first test images."""
    model, test = zoo.trained(zoo.for_profile(zoo.STANDARD, profile)), mnist("test")
    images, labels = test.images[:EXAMPLES], test.labels[:EXAMPLES]
    slopes = gradient(model, images, labels)
    answers = {epsilon: logits(model, stepped(images, slopes.sign(), epsilon)).softmax(1) for epsilon in FRAMES}
    return {
        "images": [
            {
                "index": number,
                "label": int(labels[number]),
                "grey levels": whole(images[number] * 255),
                "sign": whole(slopes[number].sign()),
                "probabilities": {
                    f"{epsilon:g}": [round(p, 5) for p in answer[number].tolist()]
                    for epsilon, answer in answers.items()
                },
            }
            for number in range(EXAMPLES)
        ],
        # As a share of the largest: the gradient itself may be tiny, since the model is sure of the image.
        "gradient of the first": [
            [round(share, 4) for share in row] for row in (slopes[0, 0] / slopes[0].abs().max()).tolist()
        ],
        "largest gradient of the first": float(slopes[0].abs().max()),
    }


def whole(image: Tensor) -> list[list[int]]:
    """An image of one channel as rows of integers."""
    rows: list[list[int]] = torch.round(image[0]).int().tolist()
    return rows


@measurement
def distances(profile: Profile) -> dict[str, Any]:
    """The L-infinity distance from a test image to the nearest training image of another class, in a sample of both."""
    test, train = subset(FROM_TEST), subset(FROM_TRAIN, "train")
    apart = torch.cdist(test.images.flatten(1), train.images.flatten(1), p=float("inf"))
    apart[test.labels[:, None] == train.labels] = float("inf")
    nearest = apart.amin(1)
    return {
        "smallest": float(nearest.min()),
        "median": float(nearest.median()),
        "test images": len(test),
        "train images": len(train),
    }
