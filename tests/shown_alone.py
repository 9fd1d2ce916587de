"""Code of advlab that pages show must run where only torch is installed, and give the library's result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

Compare = Callable[[Any], str | None]


def _network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return nn.Sequential(nn.Flatten(), nn.Linear(36, 12), nn.ReLU(), nn.Linear(12, 4)).eval()


def _same_attack(library: Callable[..., torch.Tensor]) -> Compare:
    """Both run on one network: untargeted and targeted."""

    def compare(alone: Callable[..., torch.Tensor]) -> str | None:
        generator = torch.Generator().manual_seed(5)
        images = torch.rand(8, 1, 6, 6, generator=generator)
        labels, targets = torch.randint(0, 4, (2, 8), generator=generator)
        network = _network()
        for options in ({}, {"targets": targets}):
            ours = library(network, images, labels, 0.1, **options)
            if torch.equal(ours, images):
                return "the library's attack moves nothing here: the comparison would be empty"
            if not torch.equal(alone(network, images, labels, 0.1, **options), ours):
                return f"shown and library's code differ ({', '.join(options) or 'untargeted'})"
        return None

    return compare


def _same_step(library: Callable[..., torch.Tensor]) -> Compare:
    """Both move the same pixels along the same signs."""

    def compare(alone: Callable[..., torch.Tensor]) -> str | None:
        generator = torch.Generator().manual_seed(6)
        pixels = torch.rand(4, 1, 6, 6, generator=generator).round(decimals=1)
        sign = torch.randint(-1, 2, pixels.shape, generator=generator).float()
        same = all(torch.equal(alone(pixels, sign, size), library(pixels, sign, size)) for size in (0.0, 0.1, 0.5))
        return None if same else "shown and library's code differ"

    return compare


def comparisons() -> dict[str, Compare]:
    """How each function that a page shows is compared; a new one needs its line here."""
    from advlab.attacks import fgsm
    from advlab.chapters.wrong_unit import variants

    return {
        "advlab.attacks.fgsm.fgsm": _same_attack(fgsm),
        "advlab.chapters.wrong_unit.variants.article": _same_step(variants.article),
        "advlab.chapters.wrong_unit.variants.normalised": _same_step(variants.normalised),
        "advlab.chapters.wrong_unit.variants.in_pixels": _same_step(variants.in_pixels),
    }


def agrees(name: str, code: str) -> str | None:
    """Run the shown text in a fresh namespace, where advlab is not to be found, and compare."""
    if "advlab" in code:
        return "the shown code needs advlab, so it does not run with torch alone"
    namespace: dict[str, Any] = {"__name__": "shown"}
    exec(compile(code, name, "exec", dont_inherit=True), namespace)
    known = comparisons()
    if name not in known:
        return f"tests/shown_alone.py does not say how {name} is compared with the library's"
    return known[name](namespace[name.rpartition(".")[2]])
