"""Draw figures and sliders for the store: SVG in a light and a dark colour scheme, with alternative texts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from advlab.engine.cache.computation import Computation
from advlab.engine.cache.encoding import Files, digest, to_bytes
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import Derived, Drawing, Slider
from advlab.engine.editions import Edition, imported


def drawing(edition: Edition, one: Derived, profile: Profile) -> Computation:
    """Return the computation of a picture; its key covers the results shown, its own code and the edition's style.

    Args:
        edition: the edition whose style applies.
        one: the figure or slider.
        profile: the profile whose results it shows; these are measured now if the store lacks them.
    """
    results = one.results(profile)
    looks = imported(edition.scheme), imported(edition.save)
    parameters = {"results": [digest(result) for result in results]}
    return Computation(one.kind, one.name, draw, (one.function, results, *looks), parameters, (one.function, *looks))


def draw(
    picture: Callable[..., Drawing | Slider],
    results: list[dict[str, Any]],
    scheme: Callable[[str], AbstractContextManager[Any]],
    save: Callable[[Any], bytes],
) -> Files:
    """Draw a picture in both colour schemes and return its files.

    Args:
        picture: function from the results to a figure or slider.
        results: the results to show.
        scheme: context in which figures are drawn in the colour scheme "light" or "dark".
        save: function that returns a figure as SVG.

    Raises:
        ValueError: a picture has no alternative text.
    """
    files: dict[str, bytes] = {}
    for name in ("light", "dark"):
        with scheme(name):
            drawn = picture(*results)
            frames = [("", drawn)] if isinstance(drawn, Drawing) else list(drawn.frames)
            for number, (_, frame) in enumerate(frames):
                if not frame.alt.strip():
                    raise ValueError(f"a picture has no alternative text: {frame.caption}")
                prefix = "" if isinstance(drawn, Drawing) else f"{number}."
                files[f"{prefix}{name}.svg"] = save(frame.figure)
        if isinstance(drawn, Drawing):
            files["figure.json"] = to_bytes({"alt": drawn.alt, "caption": drawn.caption})
        else:
            words = [{"label": label, "alt": frame.alt} for label, frame in frames]
            files["slider.json"] = to_bytes({"name": drawn.name, "frames": words, "caption": drawn.caption})
    return files
