"""Figures: the same bytes each time, colours that can be read and told apart."""

import ast
import contextlib
import re
import subprocess
import sys
from itertools import combinations, pairwise
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from advlab.chapters.shared import style

DRAW = """
import sys
import matplotlib.pyplot as plt
import numpy as np
from advlab.chapters.shared import style
with style.scheme("dark"):
    figure, axes = plt.subplots()
    axes.plot([0, 1], [1, 0], label="FGSM", **style.line("fgsm"))
    style.percent_axis(axes)
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


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("sight", [np.eye(3), PROTAN, DEUTAN], ids=["full", "protan", "deutan"])
def test_two_lines_that_look_alike_to_some_differ_in_marker_and_stroke(name, sight):
    """Of all pairs of lines: apart in colour (CIELAB, where ten is a plain difference), or in marker and stroke."""

    def lab(role):
        linear = np.array(matplotlib.colors.to_rgb(style.PALETTES[name][role])) ** 2.2
        seen = np.clip(sight @ linear, 0, 1)
        # IEC 61966-2-1 to XYZ under D65, then CIE 1976.
        to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        ratio = to_xyz @ seen / (to_xyz @ np.ones(3))
        f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
        return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])

    for one, other in combinations(style.MARKS, 2):
        far = np.linalg.norm(lab(one) - lab(other))
        looks = [style.MARKS[role] for role in (one, other)]
        assert far > 10 or looks[0]["marker"] != looks[1]["marker"], (one, other, far)
        assert far > 3, (one, other, far)


# --- One language: the chapters take their colours from style.py ---------------------------------------------------

CHAPTERS = [path for path in sorted(Path(style.__file__).parents[1].rglob("*.py")) if path.name != "style.py"]
COLOURING = {
    "color",
    "colors",
    "c",
    "facecolor",
    "edgecolor",
    "markerfacecolor",
    "markeredgecolor",
    "cmap",
    "foreground",
}

_BY_VALUE = re.compile(r"#[0-9a-fA-F]{3,8}|C\d|(tab|xkcd|css):.+")


def colours_of_its_own(text):
    """Colours that code names by value: in an argument that takes one, or anywhere if nothing else looks like it."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.keyword) and node.arg in COLOURING:
            constants = [one for one in ast.walk(node.value) if isinstance(one, ast.Constant)]
            # A name within a call or an index is a role: style.color("fgsm"), ROLES["standard"].
            inner = {
                id(one)
                for call in ast.walk(node.value)
                if isinstance(call, ast.Call | ast.Subscript | ast.Compare)
                for one in ast.walk(call)
            }
            found += [one.value for one in constants if id(one) not in inner and one.value not in ("none", None)]
        elif isinstance(node, ast.Constant) and _BY_VALUE.fullmatch(str(node.value)):
            found.append(node.value)
    return found


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.relative_to(CHAPTERS[0].parents[1]).as_posix())
def test_chapters_ask_for_colours_by_role(path):
    assert colours_of_its_own(path.read_text(encoding="utf-8")) == []


def test_a_colour_by_value_would_be_found():
    text = 'axes.plot(x, color="red")\naxes.imshow(y, cmap="viridis")\naxes.bar(x, c="k" if a else b)'
    text += '\ncolours = ["#aabbcc", "C1"]'
    assert sorted(colours_of_its_own(text)) == ["#aabbcc", "C1", "k", "red", "viridis"]
    assert (
        colours_of_its_own('axes.plot(x, color=style.color("fgsm" if wrong else "ink"), markerfacecolor="none")') == []
    )


def roles_by_name():
    """Every name that some chapter gives a role to, in a table of roles or at a line; with the role and the place."""
    found = []
    for path in CHAPTERS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Dict) and node.values:
                pairs = list(zip(node.keys, node.values, strict=True))
                if all(isinstance(v, ast.Constant) and v.value in style.MARKS for _, v in pairs):
                    found += [(k.value, v.value, path.name) for k, v in pairs if isinstance(k, ast.Constant)]
            elif isinstance(node, ast.Call):
                labels = [k.value for k in node.keywords if k.arg == "label" and isinstance(k.value, ast.Constant)]
                lines = [k.value for k in node.keywords if k.arg is None and isinstance(k.value, ast.Call)]
                if labels and lines and ast.unparse(lines[0].func) == "style.line":
                    found += [
                        (labels[0].value, one.value, path.name)
                        for one in lines[0].args
                        if isinstance(one, ast.Constant)
                    ]
    return found


def test_one_name_has_one_colour_on_every_page():
    found = roles_by_name()
    assert len({name for name, *_ in found}) > 15
    for name, role, place in found:
        others = {other for same, other, _ in found if same == name}
        assert len(others) == 1, f"{name!r} has the roles {sorted(others)}"
        assert style.MODELS.get(name, role) == role, f"{place}: the model {name!r} is drawn as {style.MODELS[name]!r}"


def test_every_model_s_role_can_be_drawn():
    assert set(style.MODELS.values()) <= set(style.MARKS)


def test_lines_differ_without_colour():
    assert len({(style.line(role)["marker"], style.line(role)["linestyle"]) for role in LINES}) == len(LINES)


def test_names_at_the_ends_do_not_overlap():
    with style.scheme("light"):
        figure, axes = plt.subplots()
        for index, role in enumerate(LINES[:3]):
            axes.plot([0, 1], [0, 0.5 + index / 1000], label=role, **style.line(role))
        style.percent_axis(axes)
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
