"""What FGSM does to each layer of the network, beside random noise of exactly the same L2 size.

Drift is measured against the clean image, so it needs that image: it describes an attack, it detects none.
"""

from dataclasses import asdict
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn

from advlab import data, zoo
from advlab.activations import Activations
from advlab.chapters import style
from advlab.chapters.fgsm.control import of_length
from advlab.chapters.fgsm.measure import signs, stepped
from advlab.evaluation import Proportion
from advlab.inference import CHUNK, logits
from advlab.profile import Profile
from advlab.stored import Drawing, Table, claim, figure, measurement, table

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
    """What every layer of LAYERS puts out, pixels and logits included."""
    with Activations(model, HIDDEN) as seen:
        last = logits(model, images)
    return {"input": images, **seen, "logits": last}


def compared(clean: dict[str, Tensor], moved: dict[str, Tensor], labels: Tensor) -> dict[str, dict[str, Tensor]]:
    """For each layer and image: relative L2 drift, the share of ReLUs that fell silent or woke up, and the verdict."""
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
    """For each epsilon FGSM's images, and the same coins' noise with FGSM's L2 norm, image by image, after clipping."""
    step = signs(model, test.images, test.labels)
    coins = torch.randint(0, 2, test.images.shape, generator=torch.Generator().manual_seed(seed)) * 2.0 - 1
    found = {}
    for epsilon in epsilons:
        attacked = stepped(test.images, step, epsilon)
        noisy = of_length(test.images, coins, _norm(attacked - test.images))
        found[f"{epsilon:g}"] = {"fgsm": attacked, "noise": noisy}
    return found


def of_one_model(model: nn.Module, test: data.Dataset, seed: int) -> dict[str, Any]:
    """Drift, switched ReLUs and accuracy of one model, for every epsilon, under FGSM and under noise."""
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
    trainings=lambda profile: [zoo.training(zoo.sized(zoo.STANDARD, profile), seed) for seed in range(profile.seeds)]
)
def drift(profile: Profile) -> dict[str, Any]:
    """Relative L2 drift of each layer under FGSM and under noise of the same L2 size, for every training seed."""
    test = data.subset(profile.slow_images)
    recipe = zoo.sized(zoo.STANDARD, profile)
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


@measurement(trainings=lambda profile: [zoo.training(zoo.sized(zoo.STANDARD, profile))])
def statistics(profile: Profile) -> dict[str, Any]:
    """Mean, spread and silent share of each ReLU layer: clean images, FGSM, and noise of the same L2 size."""
    model = zoo.trained(zoo.sized(zoo.STANDARD, profile))
    test = data.subset(min(profile.slow_images, MOST_IMAGES))
    inputs = {"clean": test.images, **perturbed(model, test, (float(SHOWN),), NOISE_SEED)[SHOWN]}
    result: dict[str, Any] = {"n": len(test), "epsilon": float(SHOWN), "neurons": {}}
    for name, images in inputs.items():
        with Activations(model, HIDDEN) as seen:
            logits(model, images)
        result[name] = {layer: asdict(values) for layer, values in seen.statistics().items()}
        result["neurons"] = {layer: output[0].numel() for layer, output in seen.items()}
    return result


@figure(drift)
def layers(result: dict[str, Any]) -> Drawing:
    """Relative drift by layer under FGSM and under noise of equal size, one panel an epsilon."""
    drawing, grid = plt.subplots(2, 2, figsize=(style.WIDTH, 6.2), sharex=True)
    for axes, epsilon in zip(grid.flat, result["seeds"][0], strict=True):
        for kind in KINDS:
            rows = [result["seeds"][0][epsilon][kind]["drift"][layer] for layer in LAYERS]
            axes.fill_between(
                LAYERS,
                [row["low_quartile"] for row in rows],
                [row["high_quartile"] for row in rows],
                color=style.color(_role(kind)),
                alpha=0.2,
                linewidth=0,
            )
            axes.plot(LAYERS, [row["mean"] for row in rows], **style.line(_role(kind)))
            up = 1 if kind == "fgsm" else -1
            axes.annotate(
                NAMES[kind],
                (3, rows[3]["mean"]),
                (0, 12 * up),
                textcoords="offset points",
                color=style.color(_role(kind)),
                weight="bold",
                ha="center",
                va="bottom" if up > 0 else "top",
            )
        axes.set(title=f"epsilon {epsilon}")
        axes.set_ylim(bottom=0)
        axes.tick_params(axis="x", rotation=35)
    for axes in grid[:, 0]:
        axes.set_ylabel("relative drift")
    return Drawing(
        drawing,
        alt="Four panels of relative drift over layers from input to logits. " + _said(result, SHOWN) + " "
        "Both start equal at the input in every panel.",
        caption="How far each layer moves, relative to its own output: mean and quartiles (band) over "
        f"n = {result['n']:,} test images, training seed 0. FGSM and noise change each image by the same L2 norm. "
        "The four panels have vertical axes of their own.",
    )


def _role(kind: str) -> style.Role:
    return "fgsm" if kind == "fgsm" else "noise"


def _said(result: dict[str, Any], epsilon: str) -> str:
    """The means of one epsilon in words."""
    lines = []
    for kind in KINDS:
        of_kind = result["seeds"][0][epsilon][kind]["drift"]
        lines.append(f"{NAMES[kind]} " + ", ".join(f"{layer} {of_kind[layer]['mean']:.2f}" for layer in LAYERS))
    return f"At epsilon {epsilon}: " + "; ".join(lines) + "."


@table(drift)
def by_layer(result: dict[str, Any]) -> Table:
    """Mean and quartiles of the drift by layer at one epsilon, and the range over training seeds."""
    first, ranges = result["seeds"][0][SHOWN], result["range"][SHOWN]
    rows = []
    for layer in LAYERS:
        cells = []
        for kind in KINDS:
            one, over = first[kind]["drift"][layer], ranges[kind][layer]
            cells.append(f"{one['mean']:.3f}<br>{one['low_quartile']:.3f} to {one['high_quartile']:.3f}")
            cells.append(f"{over['least']:.3f} to<br>{over['most']:.3f}")
        rows.append([layer, *cells, f"{first['ratio'][layer]:.2f}"])
    return Table(
        [
            "layer",
            "FGSM, mean<br>and quartiles",
            "FGSM,<br>over seeds",
            "noise, mean<br>and quartiles",
            "noise,<br>over seeds",
            "ratio",
        ],
        rows,
        f"Relative L2 drift at $\\epsilon = {SHOWN}$, n = {result['n']:,} test images: mean and quartiles over images "
        f"for training seed 0, then least and largest mean over {result['count']} training seeds. Ratio: FGSM's mean "
        "over that of noise, seed 0.",
        "lrrrrr",
    )


@table(drift)
def ratios(result: dict[str, Any]) -> Table:
    """How many times further FGSM moves each layer than noise of the same size, and what accuracy is left."""
    rows = []
    for epsilon, one in result["seeds"][0].items():
        accuracies = [f"{100 * one[kind]['accuracy']['value']:.1f}%" for kind in KINDS]
        rows.append([epsilon, *(f"{one['ratio'][layer]:.2f}" for layer in LAYERS), *accuracies])
    return Table(
        ["$\\epsilon$", *(f"`{layer}`" for layer in LAYERS), "accuracy,<br>FGSM", "accuracy,<br>noise"],
        rows,
        "FGSM's mean drift divided by that of noise of the same L2 size, layer by layer; and the accuracy left under "
        f"each. n = {result['n']:,} test images, training seed 0, $\\epsilon$ of FGSM in pixel units.",
        "l" + "r" * (len(LAYERS) + 2),
    )


@table(statistics)
def activations(result: dict[str, Any]) -> Table:
    """Statistics of each ReLU layer: clean, FGSM, noise."""
    rows = []
    for layer in HIDDEN:
        for kind, name in NAMES.items():
            one = result[kind][layer]
            numbers = [f"{one[what]:.3f}" for what in ("mean", "std")] + [f"{one['max']:.1f}"]
            shares = [f"{100 * one[what]:.1f}%" for what in ("share_silent", "share_dead")]
            rows.append([layer if kind == "clean" else "", name, *numbers, *shares])
    return Table(
        ["layer", "images", "mean", "std. dev.", "largest", "silent", "dead"],
        rows,
        f"What each ReLU layer puts out for n = {result['n']:,} test images, clean and at $\\epsilon = {SHOWN}$; "
        "noise has FGSM's L2 size, image by image. Silent: outputs that are zero. Dead: neurons that are zero "
        "for every one of these images. Training seed 0.",
        "llrrrrr",
    )


@table(drift)
def switches(result: dict[str, Any]) -> Table:
    """The share of ReLUs that switch between silent and active."""
    rows = []
    for epsilon, one in result["seeds"][0].items():
        cells = [f"{100 * one[kind]['switched'][layer]['mean']:.1f}%" for layer in HIDDEN for kind in KINDS]
        rows.append([epsilon, *cells])
    header = [f"`{layer}`<br>{NAMES[kind]}" for layer in HIDDEN for kind in KINDS]
    return Table(
        ["$\\epsilon$", *header],
        rows,
        "Share of neurons that fall silent or wake up when the image is changed, mean over "
        f"n = {result['n']:,} test images, training seed 0.",
        "l" + "r" * len(header),
    )


def _drifts(result: dict[str, Any], kind: str) -> list[dict[str, float]]:
    """The mean drift by layer, for every training seed and epsilon."""
    return [
        {layer: one[kind]["drift"][layer]["mean"] for layer in LAYERS}
        for seed in result["seeds"]
        for one in seed.values()
    ]


@claim(drift)
def same_size(result: dict[str, Any]) -> bool:
    """At the input FGSM and noise drift alike, to one part in a thousand, for every epsilon and seed."""
    return all(abs(one["ratio"]["input"] - 1) < 1e-3 for seed in result["seeds"] for one in seed.values())


@claim(drift)
def noise_fades(result: dict[str, Any]) -> bool:
    """Noise moves the logits relatively less than the first ReLU layer, for every epsilon and seed."""
    return all(one["logits"] < one["relu1"] for one in _drifts(result, "noise"))


@claim(drift)
def fgsm_does_not_fade(result: dict[str, Any]) -> bool:
    """FGSM moves the logits relatively more than the input, for every epsilon and seed."""
    return all(one["logits"] > one["input"] for one in _drifts(result, "fgsm"))


@claim(drift)
def contrast_widens(result: dict[str, Any]) -> bool:
    """From the first to the third ReLU layer the ratio of FGSM's drift to noise's rises, for every epsilon and seed."""
    return all(
        one["ratio"]["relu1"] < one["ratio"]["relu2"] < one["ratio"]["relu3"]
        for seed in result["seeds"]
        for one in seed.values()
    )


@claim(drift)
def no_steady_growth(result: dict[str, Any]) -> bool:
    """At some epsilon and seed FGSM's drift falls from one layer to the next."""
    return any(one[low] > one[high] for one in _drifts(result, "fgsm") for low, high in pairwise(LAYERS))


@claim(drift)
def growth_is_modest(result: dict[str, Any]) -> bool:
    """Under FGSM the logits' drift is less than twice the input's, for every epsilon and seed."""
    return all(one["logits"] < 2 * one["input"] for one in _drifts(result, "fgsm"))


@claim(drift)
def contrast_shrinks_with_epsilon(result: dict[str, Any]) -> bool:
    """At the logits the ratio of FGSM's drift to noise's is the smaller, the larger epsilon is, for every seed."""
    return all(
        seed[f"{small:g}"]["ratio"]["logits"] > seed[f"{large:g}"]["ratio"]["logits"]
        for seed in result["seeds"]
        for small, large in pairwise(EPSILONS)
    )


@claim(drift)
def noise_breaks_little(result: dict[str, Any]) -> bool:
    """At epsilon 0.1 FGSM causes more than three times as many errors as noise of the same size, for every seed."""
    at = [seed[SHOWN] for seed in result["seeds"]]
    return all(1 - one["fgsm"]["accuracy"]["value"] > 3 * (1 - one["noise"]["accuracy"]["value"]) for one in at)


@claim(drift)
def first_layer_alike(result: dict[str, Any]) -> bool:
    """In the first ReLU layer FGSM's mean drift exceeds noise's by less than a tenth, for every epsilon and seed."""
    return all(1 <= one["ratio"]["relu1"] < 1.1 for seed in result["seeds"] for one in seed.values())


@claim(drift)
def switches_part_later(result: dict[str, Any]) -> bool:
    """Noise switches as many neurons as FGSM in relu1, to a seventh, and fewer than two thirds as many in relu3."""
    pairs = [(one["fgsm"]["switched"], one["noise"]["switched"]) for seed in result["seeds"] for one in seed.values()]
    return all(
        abs(noise["relu1"]["mean"] / attack["relu1"]["mean"] - 1) < 1 / 7
        and noise["relu3"]["mean"] < 2 / 3 * attack["relu3"]["mean"]
        for attack, noise in pairs
    )


@claim(statistics)
def statistics_hardly_differ(result: dict[str, Any]) -> bool:
    """In each ReLU layer FGSM moves the mean by under a fifth of the outputs' spread, the silent share by under .05."""
    return all(
        abs(result["fgsm"][layer]["mean"] - result["clean"][layer]["mean"]) < 0.2 * result["clean"][layer]["std"]
        and abs(result["fgsm"][layer]["share_silent"] - result["clean"][layer]["share_silent"]) < 0.05
        for layer in HIDDEN
    )


@claim(statistics)
def means_fall(result: dict[str, Any]) -> bool:
    """In every ReLU layer the mean output is lower under FGSM and under noise than on clean images."""
    return all(result[kind][layer]["mean"] < result["clean"][layer]["mean"] for kind in KINDS for layer in HIDDEN)


@claim(statistics)
def first_layer_wakes(result: dict[str, Any]) -> bool:
    """In the first ReLU layer fewer neurons are dead under FGSM and under noise than on clean images."""
    return all(result[kind]["relu1"]["share_dead"] < result["clean"]["relu1"]["share_dead"] for kind in KINDS)
