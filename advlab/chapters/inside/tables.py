"""Tables of drift, activations and switched neurons."""

from typing import Any

from advlab.chapters.inside.measure import HIDDEN, KINDS, LAYERS, NAMES, SHOWN, drift, statistics
from advlab.engine.chapter import Table, table


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
    """How many times as far FGSM moves each layer as noise of the same size does, and the accuracy left."""
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
