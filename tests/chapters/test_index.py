"""Home: the picture is the attack itself, and its claims follow the table of the page on FGSM."""

import torch

from advlab.attacks import fgsm
from advlab.chapters import index
from advlab.chapters.shared import style


def test_the_written_change_gives_the_attacked_image_back(network, digits):
    images, labels = digits.images[:8], digits.labels[:8]
    attacked = fgsm(network, images, labels, index.EPSILON)
    for image, expected in zip(images, attacked, strict=True):
        again = index.changed(image, index.written(expected - image), index.EPSILON)
        assert torch.allclose(again, expected, atol=1e-6)


def test_a_change_is_one_character_a_pixel():
    assert index.written(torch.tensor([[[-0.2, 0.0], [0.1, 0.2]]])) == "-0++"
    changed = index.changed(torch.tensor([[[0.5, 0.5], [0.95, 0.0]]]), "-0++", 0.1)
    assert torch.allclose(changed, torch.tensor([[[0.4, 0.5], [1.0, 0.1]]]))


def shown(fooled):
    column = {"clean": 3, "confidence": 0.5, "change": "+" * 784}
    rows = [column | {"index": n, "label": 3, "attacked": 5 if n < fooled else 3} for n in range(7)]
    return {"epsilon": 0.2, "shown": rows, "number": 7, "right_before": 7, "wrong_after": fooled}


def test_the_picture_draws_in_both_schemes():
    for scheme in ("light", "dark"):
        with style.scheme(scheme):
            drawing = index.picture(shown(fooled=4))
            assert style.save(drawing.figure).count(b"<svg") == 1
        assert "4 of the attacked ones wrong" in drawing.alt
        assert "4 of 7 after the attack" in drawing.caption


def table(*values):
    keys = ("0", "0.1", "0.2")
    return {key: {"accuracy": {"value": value}} for key, value in zip(keys, values, strict=True)}


def test_claims():
    assert index.nearly_all_right(table(0.99, 0.9, 0.4))
    assert not index.nearly_all_right(table(0.9, 0.9, 0.4))
    assert index.often_misread(table(0.99, 0.9, 0.4))
    assert not index.often_misread(table(0.99, 0.9, 0.8))
    assert not index.often_misread(table(0.99, 0.3, 0.4))
