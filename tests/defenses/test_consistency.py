import pytest
import torch
import torch.nn.functional as F

from advlab.attacks import fgsm
from advlab.defenses import BitDepth, Consistency, Jpeg, MedianFilter, RandomResizing, judged, roc
from advlab.models.inference import logits


def test_the_score_written_out(trained, digits):
    few = digits.images[:12]
    detector = Consistency(trained, [BitDepth(1), MedianFilter(2)])
    outputs, scores = judged(detector, few)
    answers = [logits(trained, images).softmax(1) for images in (few, BitDepth(1)(few), MedianFilter(2)(few))]
    for k, score in enumerate(scores.tolist()):
        distances = [sum(abs(float(a - b)) for a, b in zip(answers[0][k], of[k], strict=True)) for of in answers[1:]]
        assert score == pytest.approx(max(distances), abs=1e-5)
        assert 0 <= score <= 2
    torch.testing.assert_close(outputs, logits(trained, few))


def test_attacked_images_stand_out(trained, digits):
    detector = Consistency(trained, [BitDepth(1), MedianFilter(2)])
    attacked = fgsm(trained, digits.images, digits.labels, 0.15)
    assert roc(judged(detector, digits.images)[1], judged(detector, attacked)[1]).area > 0.8


@pytest.mark.parametrize("squeezer", [BitDepth(1), Jpeg(50)], ids=str)
def test_the_attackers_form_has_the_same_scores_and_a_gradient_that_does_not_saturate(trained, digits, squeezer):
    few = digits.images[:6]
    detector = Consistency(trained, [squeezer])
    opened = detector.through().eval()
    for found, expected in zip(opened(few), detector(few), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert detector.model is trained, "the defense itself stays as it was"
    inputs = few.clone().requires_grad_()
    (found,) = torch.autograd.grad(opened.score(inputs).sum(), inputs)
    here, there = few.clone().requires_grad_(), squeezer(few).requires_grad_()
    answer = trained(few).argmax(1)
    pull = sum(F.cross_entropy(trained(of), answer, reduction="sum") for of in (here, there))
    expected = sum(torch.autograd.grad(pull, (here, there)))
    torch.testing.assert_close(found, expected, rtol=1e-2, atol=1e-5)


def test_squeezers_that_are_none(trained):
    for squeezers in ([], [RandomResizing(20, generator=torch.Generator())]):
        with pytest.raises(ValueError, match="squeezers must be at least one Transformation"):
            Consistency(trained, squeezers)
