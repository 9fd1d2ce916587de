"""What the page on distillation claims about its results."""

from __future__ import annotations

from typing import Any

from advlab.chapters.distillation.measure import attacks, authors_attack, curves, gradients, nearest
from advlab.engine.chapter import claim

Result = dict[str, Any]


@claim(gradients)
def student_is_accurate(result: Result) -> bool:
    """The student's clean accuracy is at most three points below the undefended model's."""
    return bool(result["standard"]["clean"]["value"] - result["student"]["clean"]["value"] <= 0.03)


@claim(gradients)
def gradients_vanish(result: Result) -> bool:
    """At least nine in ten of the student's gradients are zero, at most one in a hundred cooled; undefended, none."""
    student, standard = result["student"], result["standard"]
    return bool(
        student["vanished at test temperature"]["value"] >= 0.9
        and standard["vanished at test temperature"]["count"] == 0
        and student["vanished cooled"]["value"] <= 0.01
    )


@claim(attacks)
def looks_robust(result: Result) -> bool:
    """FGSM costs the student at most three points of accuracy."""
    return bool(result["clean"]["value"] - result["FGSM"]["value"] <= 0.03)


@claim(attacks)
def is_not_robust(result: Result) -> bool:
    """The student's accuracy under PGD on the margin is below 5 % and at least 40 points below that under FGSM."""
    honest = result["PGD, margin"]["value"]
    return bool(honest < 0.05 and result["FGSM"]["value"] - honest >= 0.4)


@claim(attacks)
def cooling_is_enough(result: Result) -> bool:
    """With the logits divided by T, the same PGD on the same loss leaves the student less than 5 %."""
    return bool(result["PGD, cooled"]["value"] < 0.05)


@claim(attacks)
def black_box_beats_white_box(result: Result) -> bool:
    """Images made on another model leave the student less than the same attack on its own cross-entropy does."""
    return bool(
        result["PGD, transfer"]["high"] < result["PGD"]["low"]
        and result["FGSM, transfer"]["high"] < result["FGSM"]["low"]
    )


@claim(attacks)
def iterating_hardly_helps(result: Result) -> bool:
    """PGD on cross-entropy leaves at most three points less than FGSM: the mask stops both."""
    return bool(result["PGD"]["value"] >= result["FGSM"]["value"] - 0.03)


@claim(authors_attack)
def authors_were_right_about_their_attack(result: Result) -> bool:
    """The authors' attack reaches most targets on the undefended model, and at most one in ten on the student."""
    return bool(result["standard"]["value"] >= 0.5 and result["student"]["value"] <= 0.1)


@claim(authors_attack)
def one_division_undoes_it(result: Result) -> bool:
    """With cooled probabilities, the authors' attack reaches most targets on the student, too."""
    return bool(result["cooled"]["value"] >= 0.5)


@claim(nearest)
def all_are_turned(result: Result) -> bool:
    """Carlini and Wagner's attack turns every image that the student read right."""
    return bool(result["success"]["count"] == result["success"]["n"])


@claim(curves)
def falls_like_the_other(result: Result) -> bool:
    """From epsilon .1 on, the student is at most ten points above the undefended model under PGD on the margin."""
    return all(
        result["student"][f"{epsilon:g}"]["PGD, margin"]["value"]
        - result["standard"][f"{epsilon:g}"]["PGD, margin"]["value"]
        <= 0.1
        for epsilon in result["epsilons"]
        if epsilon >= 0.1
    )
