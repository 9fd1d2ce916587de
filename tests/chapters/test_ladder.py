"""The page on the ladder: its copy of PGD is the library's, its figures draw, its claims can fail."""

import itertools

import pytest
import torch
from torch import nn

from advlab.attacks import bim, fgsm, pgd
from advlab.attacks.losses import cross_entropy, margin
from advlab.chapters.ladder import claims, figures, measure, surface, tables, upper_rungs
from advlab.chapters.shared import style
from advlab.data import Dataset, mnist, subset
from advlab.edition import EDITION
from advlab.engine.cache.profile import DRAFT, FULL, STANDARD
from advlab.evaluation import Proportion, logits, predict
from advlab.verify import load, verify
from tests.chapters.results import changed


def accuracy(count, n=100):
    return Proportion(count, n).to_json()


# --- the code that readers copy --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("epsilon", "steps"), [(0.1, 1), (0.1, 10), (0.3, 7), (0.0, 3)])
def test_the_shown_pgd_is_the_librarys(network, digits, epsilon, steps):
    """In float64, where no sign hangs on rounding: from the same random starts, pixel for pixel."""
    text, _, _ = (
        (EDITION.snippets / "ladder" / "pgd.py").read_text(encoding="utf-8").partition("# --8<-- [end:function]")
    )
    shown = {}
    exec(text, shown)
    model, images, labels = network.double().eval(), digits.images[:50].double(), digits.labels[:50]
    alone = shown["pgd"](model, images, labels, epsilon, steps, torch.Generator().manual_seed(7))
    ours = pgd(model, images, labels, epsilon, steps=steps, generator=torch.Generator().manual_seed(7))
    assert not alone.requires_grad
    torch.testing.assert_close(alone, ours, rtol=0, atol=1e-12)
    assert epsilon == 0 or not torch.equal(alone, images)


# --- what is measured ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("profile", "n"), [(DRAFT, 51), (STANDARD, 200), (FULL, 10000)])
def test_the_costly_rungs_see_a_part_of_the_same_images(profile, n):
    test, index = measure.chosen(profile, measure.IMAGES)
    fewer, of_them = measure.chosen(profile, upper_rungs.AUTOATTACK_IMAGES)
    assert (len(test), len(index)) == (n, n)
    assert set(of_them.tolist()) < set(index.tolist())
    assert abs(len(fewer) - n / 2) < 1
    place = index.tolist().index(int(of_them[-1]))
    assert torch.equal(test.images[place], fewer.images[-1])


def test_each_rung_stays_in_the_ball(network, digits):
    changed = measure.rungs(network, digits, 0.1, torch.Generator().manual_seed(0))
    assert list(changed) == ["noise", "FGSM", "PGD", "margin"]
    for images in changed.values():
        assert float((images - digits.images).abs().max()) <= 0.1 + 1e-6
        assert not torch.equal(images, digits.images)
    assert torch.equal(changed["FGSM"], fgsm(network, digits.images, digits.labels, 0.1))


def test_restarts_only_take_away(trained, digits):
    few = Dataset(digits.images[:20], digits.labels[:20])
    rights = upper_rungs.after_restarts(trained, few, 0.05, torch.Generator().manual_seed(0))
    assert len(rights) == upper_rungs.RESTARTS
    for before, after in itertools.pairwise(rights):
        assert not (after & ~before).any()
    assert 0 < rights[-1].sum() < (predict(trained, few.images) == few.labels).sum()
    assert rights[0].data_ptr() != rights[1].data_ptr(), "each count is of its own"


def test_evidence_has_a_row_an_image():
    index, right = torch.tensor([5, 9]), {"clean": torch.tensor([True, True]), "PGD 0.1": torch.tensor([True, False])}
    found = measure.by_image(index, right)
    assert found == {"columns": ["test image", "clean", "PGD 0.1"], "images": [[5, 1, 1], [9, 1, 0]]}


def test_the_kept_images_pass_verification(trained, tmp_path):
    test = subset(60)
    attacked = fgsm(trained, test.images, test.labels, 0.2)
    broken = ((predict(trained, test.images) == test.labels) & (predict(trained, attacked) != test.labels)).nonzero()
    file = tmp_path / "kept.safetensors"
    file.write_bytes(measure.kept(test, attacked, torch.arange(60), broken[:, 0], 0.2, "standard"))
    found = verify(trained, load(file))
    assert len(found.holds) == len(broken) > 0
    assert all(found.holds)
    assert measure.kept(test, attacked, torch.arange(60), broken[:0, 0], 0.2, "standard") is None


def test_the_surface_has_the_image_in_its_middle_and_fgsm_on_its_axis(trained, digits):
    image, label = digits.images[3:4], digits.labels[3:4]
    coins = torch.ones_like(image)
    found = surface.around(trained, image, label, coins)
    middle = surface.POINTS // 2
    assert len(found["loss"]) == len(found["loss"][0]) == surface.POINTS
    assert found["loss"][middle][middle] == pytest.approx(cross_entropy(trained(image), label).item(), abs=1e-3)
    assert found["leads"][middle][middle] == pytest.approx(margin(trained(image), label).item(), abs=1e-3)
    leaf = image.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(cross_entropy(trained(leaf), label).sum(), leaf)
    edge = (image + surface.WINDOW * gradient.sign()).clamp(0, 1)
    assert found["leads"][middle][-1] == pytest.approx(margin(trained(edge), label).item(), abs=1e-2)
    up = (image + surface.WINDOW * coins).clamp(0, 1)
    assert found["leads"][-1][middle] == pytest.approx(margin(trained(up), label).item(), abs=1e-2)


def test_the_way_is_pgd_without_random_start(trained, digits):
    image, label = digits.images[3:4], digits.labels[3:4]
    whole = bim(trained, image, label, surface.EPSILON, steps=surface.STEPS)
    assert torch.equal(surface.way(trained, image, label, surface.STEPS), whole)


def test_the_storys_image_is_what_it_is_said_to_be(trained):
    class Same(nn.Module):
        def forward(self, images):
            return trained(images)

    index, test = surface.chosen(trained, Same()), mnist("test")
    image, label = test.images[index : index + 1], test.labels[index : index + 1]
    assert logits(trained, image).argmax(1) == label
    assert predict(trained, fgsm(trained, image, label, surface.EPSILON)) == label
    assert predict(trained, surface.way(trained, image, label, surface.STEPS)) != label


# --- results made up -------------------------------------------------------------------------------------------------


def rungs_of(epsilons, falls):
    rows = {}
    for epsilon in epsilons:
        counts = {
            "noise": 99,
            "FGSM": round(max(0, 99 - falls * 150 * epsilon)),
            "PGD": round(max(0, 99 - falls * 330 * epsilon)),
        }
        counts["margin"] = max(0, counts["PGD"] - 1)
        rows[f"{epsilon:g}"] = {
            **{name: accuracy(count) for name, count in counts.items()},
            "FGSM and PGD": {"only_first": counts["FGSM"] - counts["PGD"], "only_second": 0, "p": 1e-7},
        }
    return {"n": 100, "clean": accuracy(99), "epsilons": rows}


OF_STANDARD = rungs_of(measure.STANDARD_EPSILONS, 1)
OF_ROBUST = rungs_of((0.1, 0.2, 0.3), 0.1)
OF_ROBUST["epsilons"] |= rungs_of((0.4, 0.5), 1)["epsilons"]
OF_ROBUST["epsilons"]["0.4"]["FGSM"] = accuracy(77)


def again(epsilons):
    rows = {f"{epsilon:g}": [accuracy(60 - min(4, count)) for count in range(10)] for epsilon in epsilons}
    return {"n": 100, "restarts": 10, "epsilons": rows}


def by_steps(epsilon):
    return {"n": 100, "epsilon": epsilon, "steps": {str(s): accuracy(60 + 30 // s) for s in upper_rungs.DOUBLED}}


def four(epsilons):
    row = {
        "AutoAttack": accuracy(10, 20),
        "PGD": accuracy(11, 20),
        "only AutoAttack breaks": 1,
        "only PGD breaks": 0,
        "broken by": {"APGD-CE": 8, "APGD-T": 1, "FAB-T": 0, "Square": 0},
    }
    return {"n": 20, "epsilons": {f"{epsilon:g}": row for epsilon in epsilons}}


def grid(slope, sideways):
    steps = [step / 12 - 1 for step in range(surface.POINTS)]
    leads = [[slope * along + sideways * up - 1 for along in steps] for up in steps]
    return {"loss": [[max(0.001, 2 + lead) for lead in row] for row in leads], "leads": leads}


STORY = {
    "index": 8,
    "label": 5,
    "epsilon": 0.1,
    "steps": 20,
    "PGD": [0.01 * step for step in range(21)],
    "PGD leads": [step / 3 - 5 for step in range(21)],
    "PGD answers": [5] * 15 + [6] * 6,
    "FGSM": 0.7,
    "FGSM leads": -0.9,
    "window": 0.3,
    "points": surface.POINTS,
    "standard": grid(6, 0.5),
    "robust": grid(0.5, 0.1),
}
AGAIN = (again(upper_rungs.STANDARD_EPSILONS), again(upper_rungs.ROBUST_EPSILONS))
FOUR = (four(upper_rungs.STANDARD_AUTOATTACK), four((upper_rungs.ROBUST_AT,)))
STEPS = (by_steps(upper_rungs.STANDARD_AT), by_steps(upper_rungs.ROBUST_AT))
DRAWINGS = {
    figures.ladder: (OF_STANDARD, OF_ROBUST, *AGAIN, *FOUR),
    figures.convergence: (*STEPS, *AGAIN),
    figures.way_up: (STORY,),
    figures.surfaces: (STORY,),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda one: one.name)
def test_figures_draw_in_both_schemes(drawing, scheme):
    with style.scheme(scheme):
        drawn = drawing(*DRAWINGS[drawing])
        assert b"<svg" in style.save(drawn.figure)
    assert len(drawn.alt) > 40
    assert len(drawn.caption) > 40


def test_figures_tell_their_numbers_in_words():
    with style.scheme("light"):
        drawn = figures.ladder(*DRAWINGS[figures.ladder])
        assert "PGD 66.0% at 0.1, 50.0% at 0.15" in drawn.alt
        assert "n = 20 for AutoAttack" in drawn.caption
        assert "60.0% with 160 steps" in figures.convergence(*DRAWINGS[figures.convergence]).alt
        told = figures.surfaces(STORY).alt
        assert "misread from" in told
        assert "read right to the window's edge" in told


def test_tables_show_pairs_and_rungs():
    shown = tables.pairs(OF_STANDARD, OF_ROBUST)
    assert [row[0] for row in shown.rows] == [f"{m}, {e}" for m in ("standard", "PGD-trained") for e in (0.1, 0.3)]
    assert shown.rows[0][3:] == ["18", "0", "<&nbsp;10<sup>\N{MINUS SIGN}6</sup>"]
    every = tables.rungs(OF_STANDARD, OF_ROBUST, *AGAIN, *FOUR)
    assert [row[0] for row in every.rows][-2:] == ["PGD-40, 10 restarts", "AutoAttack"]
    assert [row[-1] for row in every.rows] == ["100"] * 6 + ["20"]


@pytest.mark.parametrize(
    ("p", "shown"),
    [
        (0.2, "0.200"),
        (0.001, "0.001"),
        (0.0009, "<&nbsp;10<sup>\N{MINUS SIGN}3</sup>"),
        (3e-8, "<&nbsp;10<sup>\N{MINUS SIGN}7</sup>"),
        (0.0, "<&nbsp;10<sup>\N{MINUS SIGN}99</sup>"),
    ],
)
def test_p_is_never_shown_smaller_than_it_is(p, shown):
    assert tables.format_p(p) == shown


# --- what is claimed -------------------------------------------------------------------------------------------------


#: A claim, results for which it holds, which of them is changed, where, and to what.
CLAIMS = [
    (claims.each_rung_breaks_more, (OF_STANDARD,), 0, ("epsilons", "0.1", "PGD"), accuracy(99)),
    (claims.each_rung_breaks_more, (OF_STANDARD,), 0, ("epsilons", "0.1", "noise"), accuracy(10)),
    (claims.no_accident, (OF_STANDARD,), 0, ("epsilons", "0.1", "FGSM and PGD", "p"), 0.01),
    (claims.no_accident, (OF_STANDARD,), 0, ("epsilons", "0.1", "FGSM and PGD", "only_second"), 50),
    (claims.below_chance, (OF_STANDARD,), 0, ("epsilons", "0.3", "PGD"), accuracy(8)),
    (claims.below_chance, (OF_STANDARD,), 0, ("epsilons", "0.3", "FGSM"), accuracy(0)),
    (claims.reaches_zero, (OF_STANDARD,), 0, ("epsilons", "0.3", "PGD"), accuracy(1)),
    (claims.fgsm_flatters, (OF_STANDARD,), 0, ("epsilons", "0.2", "FGSM"), accuracy(35)),
    (claims.gap_is_smaller, (OF_STANDARD, OF_ROBUST), 1, ("epsilons", "0.3", "PGD"), accuracy(50)),
    (claims.nothing_behind_the_step, (OF_ROBUST,), 0, ("epsilons", "0.4", "PGD"), accuracy(20)),
    (claims.nothing_behind_the_step, (OF_ROBUST,), 0, ("epsilons", "0.4", "FGSM"), accuracy(40)),
    (claims.training_helps, (OF_STANDARD, OF_ROBUST), 0, ("epsilons", "0.3", "PGD"), accuracy(50)),
    (claims.training_helps, (OF_STANDARD, OF_ROBUST), 1, ("epsilons", "0.3", "PGD"), accuracy(50)),
    (claims.breaks_beyond, (OF_ROBUST,), 0, ("epsilons", "0.5", "PGD"), accuracy(50)),
    (claims.losses_agree, (OF_STANDARD, OF_ROBUST), 1, ("epsilons", "0.3", "margin"), accuracy(50)),
    (claims.steps_are_enough, STEPS, 1, ("steps", "160"), accuracy(50)),
    (claims.restarts_find_little, AGAIN, 0, ("epsilons", "0.1", 9), accuracy(50)),
    (claims.autoattack_loses_nothing, FOUR, 1, ("epsilons", "0.3", "only PGD breaks"), 2),
    (claims.autoattack_loses_nothing, FOUR, 1, ("epsilons", "0.3", "AutoAttack"), accuracy(12, 20)),
    (claims.small_steps_succeed, (STORY,), 0, ("FGSM leads",), 0.1),
    (claims.small_steps_succeed, (STORY,), 0, ("PGD leads", -1), -0.1),
    (claims.random_signs_do_little, (STORY,), 0, ("standard",), grid(0.5, 6)),
]


@pytest.mark.parametrize(("claim", "results", "place", "path", "value"), CLAIMS)
def test_claims_hold_and_can_fail(claim, results, place, path, value):
    assert claim(*results)
    spoilt = [changed(result, *path, value=value) if at == place else result for at, result in enumerate(results)]
    assert not claim(*spoilt)
