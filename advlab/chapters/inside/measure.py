"""What FGSM does to each layer of the network, beside random noise of exactly the same L2 size.

Drift is measured against the clean image and so needs it: it describes an attack and cannot detect one.
"""

from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn

from advlab import data, zoo
from advlab.activations import Activations
from advlab.chapters.shared.sign_steps import of_length, signs, stepped
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion
from advlab.models.inference import CHUNK, logits

EPSILONS = (0.05, 0.1, 0.2, 0.3)
SHOWN = "0.1"
LAYERS = ("input", "relu1", "relu2", "relu3", "logits")
HIDDEN = LAYERS[1:-1]
KINDS = ("fgsm", "noise")
NAMES = {"clean": "clean", "fgsm": "FGSM", "noise": "noise"}
NOISE_SEED = 0
#: Outputs of a thousand images are held at once for their statistics: about 200 MB.
MOST_IMAGES = 1000


def _norm(batch: Tensor) -> Tensor:
    return batch.flatten(1).norm(dim=1)


def outputs(model: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """The outputs of every layer of LAYERS, pixels and logits included."""
    with Activations(model, HIDDEN) as seen:
        last = logits(model, images)
    return {"input": images, **seen, "logits": last}


def compared(clean: dict[str, Tensor], moved: dict[str, Tensor], labels: Tensor) -> dict[str, dict[str, Tensor]]:
    """Relative L2 drift and share of ReLUs that fell silent or woke up, by layer and image; and the verdicts."""
    return {
        "drift": {layer: _norm(moved[layer] - before) / _norm(before) for layer, before in clean.items()},
        "switched": {
            layer: ((clean[layer] > 0) != (moved[layer] > 0)).flatten(1).float().mean(dim=1) for layer in HIDDEN
        },
        "right": {"logits": moved["logits"].argmax(dim=1) == labels},
    }


def spread(values: Tensor) -> dict[str, float]:
    """Mean and quartiles over images."""
    low, middle, high = values.double().quantile(torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64)).tolist()
    return {"mean": float(values.double().mean()), "low_quartile": low, "median": middle, "high_quartile": high}


def perturbed(
    model: nn.Module, test: data.Dataset, epsilons: tuple[float, ...], seed: int
) -> dict[str, dict[str, Tensor]]:
    """For each epsilon, FGSM's images and images with the same coins as noise, of FGSM's L2 norm after clipping."""
    step = signs(model, test.images, test.labels)
    coins = torch.randint(0, 2, test.images.shape, generator=torch.Generator().manual_seed(seed)) * 2.0 - 1
    found = {}
    for epsilon in epsilons:
        attacked = stepped(test.images, step, epsilon)
        noisy = of_length(test.images, coins, _norm(attacked - test.images))
        found[f"{epsilon:g}"] = {"fgsm": attacked, "noise": noisy}
    return found


def of_one_model(model: nn.Module, test: data.Dataset, seed: int) -> dict[str, Any]:
    """Drift, switched ReLUs and accuracy of one model under FGSM and under noise, for every epsilon."""
    changed = perturbed(model, test, EPSILONS, seed)
    parts: dict[str, dict[str, list[dict[str, dict[str, Tensor]]]]] = {
        epsilon: {kind: [] for kind in KINDS} for epsilon in changed
    }
    for start in range(
        0, len(test), CHUNK
    ):  # ten thousand images' outputs would need gigabytes; a chunk's stay in the cache
        part = slice(start, start + CHUNK)
        clean = outputs(model, test.images[part])
        for epsilon, kinds in changed.items():
            for kind, images in kinds.items():
                parts[epsilon][kind].append(compared(clean, outputs(model, images[part]), test.labels[part]))
    return {
        epsilon: {
            **{kind: _joined(parts[epsilon][kind]) for kind in KINDS},
            "ratio": {
                layer: float(_all(parts[epsilon]["fgsm"], layer).mean() / _all(parts[epsilon]["noise"], layer).mean())
                for layer in LAYERS
            },
        }
        for epsilon in parts
    }


def _all(parts: list[dict[str, dict[str, Tensor]]], layer: str, what: str = "drift") -> Tensor:
    return torch.cat([part[what][layer] for part in parts])


def _joined(parts: list[dict[str, dict[str, Tensor]]]) -> dict[str, Any]:
    right = _all(parts, "logits", "right")
    return {
        "drift": {layer: spread(_all(parts, layer)) for layer in LAYERS},
        "switched": {layer: spread(_all(parts, layer, "switched")) for layer in HIDDEN},
        "accuracy": Proportion(int(right.sum()), len(right)).to_json(),
    }


@measurement(
    trainings=lambda profile: [
        zoo.training(zoo.for_profile(zoo.STANDARD, profile), seed) for seed in range(profile.seeds)
    ]
)
def drift(profile: Profile) -> dict[str, Any]:
    """Relative L2 drift of each layer under FGSM and under noise of the same L2 size, for every training seed."""
    test = data.subset(profile.slow_images)
    recipe = zoo.for_profile(zoo.STANDARD, profile)
    seeds = [of_one_model(zoo.trained(recipe, seed), test, NOISE_SEED + seed) for seed in range(profile.seeds)]
    return {"n": len(test), "seeds": seeds, "count": len(seeds), "range": _ranges(seeds)}


def _ranges(seeds: list[dict[str, Any]]) -> dict[str, Any]:
    """The least and the largest mean drift over training seeds."""
    return {
        f"{epsilon:g}": {
            kind: {
                layer: {
                    "least": min(seed[f"{epsilon:g}"][kind]["drift"][layer]["mean"] for seed in seeds),
                    "most": max(seed[f"{epsilon:g}"][kind]["drift"][layer]["mean"] for seed in seeds),
                }
                for layer in LAYERS
            }
            for kind in KINDS
        }
        for epsilon in EPSILONS
    }


@measurement(trainings=lambda profile: [zoo.training(zoo.for_profile(zoo.STANDARD, profile))])
def statistics(profile: Profile) -> dict[str, Any]:
    """Mean, spread and silent share of each ReLU layer: clean, under FGSM, and under noise of the same L2 size."""
    model = zoo.trained(zoo.for_profile(zoo.STANDARD, profile))
    test = data.subset(min(profile.slow_images, MOST_IMAGES))
    inputs = {"clean": test.images, **perturbed(model, test, (float(SHOWN),), NOISE_SEED)[SHOWN]}
    result: dict[str, Any] = {"n": len(test), "epsilon": float(SHOWN), "neurons": {}}
    for name, images in inputs.items():
        with Activations(model, HIDDEN) as seen:
            logits(model, images)
        result[name] = {layer: asdict(values) for layer, values in seen.statistics().items()}
        result["neurons"] = {layer: output[0].numel() for layer, output in seen.items()}
    return result
