"""What the page on the inside of the network says about its results."""

from itertools import pairwise
from typing import Any

from advlab.chapters.inside.measure import EPSILONS, HIDDEN, KINDS, LAYERS, SHOWN, drift, statistics
from advlab.engine.chapter import claim


def _drifts(result: dict[str, Any], kind: str) -> list[dict[str, float]]:
    """The mean drift by layer under `kind`, for every training seed and epsilon."""
    return [
        {layer: one[kind]["drift"][layer]["mean"] for layer in LAYERS}
        for seed in result["seeds"]
        for one in seed.values()
    ]


@claim(drift)
def same_size(result: dict[str, Any]) -> bool:
    """At the input the drifts of FGSM and noise agree to one part in a thousand, for every epsilon and seed."""
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
    """FGSM's drift falls from one layer to the next at some epsilon and seed."""
    return any(one[low] > one[high] for one in _drifts(result, "fgsm") for low, high in pairwise(LAYERS))


@claim(drift)
def growth_is_modest(result: dict[str, Any]) -> bool:
    """Under FGSM the logits' drift is less than twice the input's, for every epsilon and seed."""
    return all(one["logits"] < 2 * one["input"] for one in _drifts(result, "fgsm"))


@claim(drift)
def contrast_shrinks_with_epsilon(result: dict[str, Any]) -> bool:
    """The larger epsilon is, the smaller is the ratio of FGSM's drift to noise's at the logits, for every seed."""
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
    """In relu1 noise switches as many neurons as FGSM to within a seventh, in relu3 fewer than two thirds as many."""
    pairs = [(one["fgsm"]["switched"], one["noise"]["switched"]) for seed in result["seeds"] for one in seed.values()]
    return all(
        abs(noise["relu1"]["mean"] / attack["relu1"]["mean"] - 1) < 1 / 7
        and noise["relu3"]["mean"] < 2 / 3 * attack["relu3"]["mean"]
        for attack, noise in pairs
    )


@claim(statistics)
def statistics_hardly_differ(result: dict[str, Any]) -> bool:
    """In each ReLU layer FGSM moves the mean by under a fifth of the spread, and the silent share by under .05."""
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
