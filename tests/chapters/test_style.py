"""Figures: the same bytes each time, colours that can be read and told apart."""

import contextlib
import subprocess
import sys
from itertools import combinations, pairwise

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from advlab.chapters import style

DRAW = """
import sys
import matplotlib.pyplot as plt
import numpy as np
from advlab.chapters import style
with style.scheme("dark"):
    figure, axes = plt.subplots()
    axes.plot([0, 1], [1, 0], label="FGSM", **style.line("fgsm"))
    style.percent(axes)
    style.label_ends(axes, {"FGSM": "fgsm"})
    sys.stdout.buffer.write(style.save(figure))
    figure, axes = plt.subplots()
    style.show(axes, np.eye(28)[None], "Change", kind="change", limit=0.1)
    sys.stdout.buffer.write(style.save(figure))
"""
LINES = ("clean", "fgsm", "noise", "pgd", "article", "repository")


def test_two_processes_draw_the_same_bytes():
    first, second = (subprocess.run([sys.executable, "-c", DRAW], capture_output=True, check=True) for _ in "ab")
    assert first.stdout == second.stdout
    assert first.stdout.count(b"<svg") == 2
    assert b"<text" not in first.stdout, "letters are outlines"
    assert b"<dc:date>" not in first.stdout


def test_a_scheme_leaves_nothing_behind():
    before = dict(matplotlib.rcParams)
    with contextlib.suppress(RuntimeError), style.scheme("dark"):
        plt.figure()
        raise RuntimeError
    assert dict(matplotlib.rcParams) == before
    assert plt.get_fignums() == []
    assert style.color("ink") == style.LIGHT["ink"]


def luminance(colour):
    channels = np.array(matplotlib.colors.to_rgb(colour))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("name", ["light", "dark"])
def test_every_colour_can_be_read_on_the_page(name):
    palette = style.PALETTES[name]
    paper = luminance(palette["paper"])
    for role in (*LINES, "ink", "muted"):
        high, low = sorted([luminance(palette[role]), paper], reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, role


# Viénot, Brettel, Mollon 1999: what two common kinds of colour blindness leave of linear RGB.
PROTAN = np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]])
DEUTAN = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("sight", [np.eye(3), PROTAN, DEUTAN], ids=["full", "protan", "deutan"])
def test_the_four_main_roles_look_different(name, sight):
    def seen(role):
        linear = np.array(matplotlib.colors.to_rgb(style.PALETTES[name][role])) ** 2.2
        return np.clip(sight @ linear, 0, 1) ** (1 / 2.2)

    for one, other in combinations(("clean", "fgsm", "noise", "pgd"), 2):
        assert np.linalg.norm(seen(one) - seen(other)) > 0.12, (one, other)


def test_lines_differ_without_colour():
    assert len({(style.line(role)["marker"], style.line(role)["linestyle"]) for role in LINES}) == len(LINES)


def test_names_at_the_ends_do_not_overlap():
    with style.scheme("light"):
        figure, axes = plt.subplots()
        for index, role in enumerate(LINES[:3]):
            axes.plot([0, 1], [0, 0.5 + index / 1000], label=role, **style.line(role))
        style.percent(axes)
        style.label_ends(axes, {role: role for role in LINES[:3]})
        figure.canvas.draw()
        boxes = sorted((text.get_window_extent() for text in axes.texts), key=lambda box: box.y0)
    assert len(boxes) == 3
    assert all(lower.y1 <= upper.y0 for lower, upper in pairwise(boxes))


def test_no_change_is_the_colour_of_the_page():
    with style.scheme("dark"):
        middle = matplotlib.colors.to_hex(style.change_colours()(0.5))
    distance = np.abs(np.array(matplotlib.colors.to_rgb(middle)) - matplotlib.colors.to_rgb(style.DARK["paper"]))
    assert distance.max() < 0.02
