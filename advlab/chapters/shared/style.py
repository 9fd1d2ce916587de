"""One look for every figure: light and dark, safe for the colour-blind, readable on a phone and in grey.

A figure is drawn once per scheme, inside `scheme("light")` or `scheme("dark")`; colours are chosen by the
role that a line plays ("fgsm"), never by value. Figures are SVG with their letters as outlines: sharp at
any size, alike on every machine, and the same bytes at each build.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from io import BytesIO
from typing import Any, Literal

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

Scheme = Literal["light", "dark"]
Role = Literal["clean", "fgsm", "noise", "pgd", "article", "repository", "ink", "muted", "grid", "paper"]

#: Okabe and Ito's colours, darkened or lightened until text in them is readable on the page (4.5 to 1).
LIGHT: dict[Role, str] = {
    "clean": "#0067a3",
    "fgsm": "#b34700",
    "noise": "#00785a",
    "pgd": "#a13a8c",
    "article": "#6b6b1f",
    "repository": "#9c3b3b",
    "ink": "#22252a",
    "muted": "#5c626b",
    "grid": "#e2e0da",
    "paper": "#fdfcfa",
}
DARK: dict[Role, str] = {
    "clean": "#6bbcf0",
    "fgsm": "#ff9a57",
    "noise": "#3fd1a5",
    "pgd": "#e59bc9",
    "article": "#d9cf62",
    "repository": "#f2938c",
    "ink": "#e4e5e8",
    "muted": "#a4abb6",
    "grid": "#343942",
    "paper": "#16191e",
}
PALETTES: dict[Scheme, dict[Role, str]] = {"light": LIGHT, "dark": DARK}
#: Marker and stroke of each role, which tell lines apart in grey.
MARKS: dict[Role, dict[str, Any]] = {
    "clean": {"marker": "o", "linestyle": "-"},
    "fgsm": {"marker": "s", "linestyle": "-"},
    "noise": {"marker": "^", "linestyle": "--"},
    "pgd": {"marker": "D", "linestyle": "-."},
    "article": {"marker": "x", "linestyle": ":"},
    "repository": {"marker": "P", "linestyle": ":"},
    "ink": {"marker": "v", "linestyle": "-"},
    "muted": {"marker": "<", "linestyle": "--"},
}
#: The role of each model: one colour per model on every page that compares models.
MODELS: dict[str, Role] = {
    "standard": "ink",
    "distilled": "muted",
    "trained on FGSM": "fgsm",
    "one step, random start": "repository",
    "PGD, three steps": "pgd",
    "PGD, deeper": "pgd",
    "PGD-trained": "pgd",
    "TRADES": "noise",
    "intervals": "clean",
    "certified": "clean",
}
#: Heights over a plane: a map that shows them by lightness alone, and colours of lines that are visible on all of it.
HEIGHTS, UPON_HEIGHTS, EDGE_UPON_HEIGHTS = "cividis", "white", "black"
#: Inches. A page's column is about 690 pixels wide, a phone's 360: 12 points are 16 and 9 pixels there.
WIDTH = 7.0

_scheme: ContextVar[Scheme] = ContextVar("scheme", default="light")


@contextmanager
def scheme(name: Scheme) -> Iterator[None]:
    """Draw in this colour scheme while the block runs; matplotlib's settings and figures are restored afterwards."""
    token = _scheme.set(name)
    before = set(plt.get_fignums())
    try:
        with matplotlib.rc_context({**matplotlib.rcParamsDefault, **_settings(), "backend": "agg"}):
            yield
    finally:
        for number in set(plt.get_fignums()) - before:
            plt.close(number)
        _scheme.reset(token)


def color(role: Role) -> str:
    """The colour of a role in the current scheme."""
    return PALETTES[_scheme.get()][role]


def line(role: Role) -> dict[str, Any]:
    """Keyword arguments of `Axes.plot` for the line of a role: its colour, marker and stroke."""
    return {"color": color(role), **MARKS[role]}


def save(figure: Figure) -> bytes:
    """The figure as SVG, the same bytes every time. Call it inside the block of `scheme`."""
    buffer = BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None}, bbox_inches="tight", pad_inches=0.06)
    plt.close(figure)
    return buffer.getvalue()


def label_ends(axes: Axes, labels: dict[str, Role], *, gap: float = 0.055) -> None:
    """Write each line's name at its right end, in its colour, instead of a legend.

    Args:
        axes: holds the lines, whose matplotlib labels are the keys of `labels`; call when its limits are set.
        labels: name of a line -> its role.
        gap: the least distance between two names, as a share of the axes' height.
    """
    lines = {line.get_label(): line for line in axes.lines}
    ends = {name: np.asarray(lines[name].get_xydata())[-1] for name in labels}
    to_axes = axes.transData + axes.transAxes.inverted()
    heights = {name: float(to_axes.transform(end)[1]) for name, end in ends.items()}
    right = max(float(to_axes.transform(end)[0]) for end in ends.values())
    low = -1.0
    for name in sorted(heights, key=heights.__getitem__):
        low = max(heights[name], low + gap)
        style: dict[str, Any] = {"color": color(labels[name]), "va": "center", "weight": "bold"}
        axes.text(right + 0.02, low, name, transform=axes.transAxes, **style)


def percent_axis(axes: Axes) -> None:
    """Make the vertical axis show shares from 0 to 1 as per cent."""
    axes.set_ylim(-0.02, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))


def show(
    axes: Axes, image: Any, title: str = "", *, kind: Literal["image", "change"] = "image", limit: float = 1.0
) -> None:
    """Draw one image of shape [28, 28] (or [1, 28, 28]) in `axes`.

    Args:
        axes: the axes to draw in.
        image: an array or tensor; pixels in [0, 1], or for a "change" in [-limit, limit].
        title: the text above the image.
        kind: "image" in grey; "change" in two colours around zero, which has the page's own colour.
        limit: for a "change", the size that gets the full colour.
    """
    pixels = np.asarray(image, dtype=float).squeeze()
    limits = (0.0, 1.0) if kind == "image" else (-limit, limit)
    colours = "gray" if kind == "image" else change_colours()
    axes.imshow(pixels, cmap=colours, vmin=limits[0], vmax=limits[1], interpolation="none")
    axes.set(xticks=[], yticks=[], title=title)
    for spine in axes.spines.values():
        spine.set(visible=True, color=color("grid"))


def change_colours() -> Colormap:
    """A colour map for perturbations: darker pixels blue, brighter ones orange, unchanged ones the page's colour."""
    return LinearSegmentedColormap.from_list("change", [color("clean"), color("paper"), color("fgsm")])


def _settings() -> dict[Any, Any]:
    ink, muted = color("ink"), color("muted")
    roles: tuple[Role, ...] = ("clean", "fgsm", "noise", "pgd", "article", "repository")
    return {
        "svg.fonttype": "path",
        "svg.hashsalt": "advlab",
        "font.family": "DejaVu Sans",  # ships with matplotlib, so every machine has it
        "font.size": 12,
        "axes.titlesize": 12,
        "axes.labelsize": 12,
        "xtick.labelsize": 11,
        "ytick.labelsize": 11,
        "legend.fontsize": 11,
        "legend.frameon": False,
        "figure.figsize": (WIDTH, 4.2),
        "figure.constrained_layout.use": True,
        "figure.facecolor": "none",
        "savefig.facecolor": "none",
        "axes.facecolor": "none",
        "text.color": ink,
        "axes.labelcolor": ink,
        "axes.titlecolor": ink,
        "axes.edgecolor": muted,
        "xtick.color": muted,
        "ytick.color": muted,
        "xtick.labelcolor": ink,
        "ytick.labelcolor": ink,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": color("grid"),
        "grid.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "lines.linewidth": 2.0,
        "lines.markersize": 5.5,
        "axes.prop_cycle": cycler(color=[color(role) for role in roles]),
        "image.cmap": "gray",
        "image.interpolation": "none",
    }
