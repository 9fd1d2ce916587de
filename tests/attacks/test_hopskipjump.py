import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from advlab.attacks import hopskipjump
from advlab.attacks.ball import lengths
from advlab.models.inference import predict


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


def linear(pixels, seed=0, classes=2):
    """A linear model in float64 and images well inside the domain, where the minimal distance has a closed form."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(pixels, classes)).double()
    generator = drawn(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
        images = 0.4 + 0.2 * torch.rand(8, 1, pixels, generator=generator).double()
        model[1].bias -= model(images).mean(0)  # the boundary runs through the images
    return model, images, predict(model, images)


def closed_form(model, images, dual):
    """To the nearest of the boundaries with the other classes: |difference of logits| / dual norm of the weights'."""
    logits, weight = model(images).detach(), model[1].weight.detach()
    top = logits.argmax(1)
    gaps = logits.gather(1, top[:, None]) - logits
    norms = (weight[top][:, None] - weight[None]).norm(p=dual, dim=2)
    return (gaps / norms).where(gaps > 0, torch.inf).amin(1)


class Counting(nn.Module):
    """Gives no gradients, and keeps a tally of the images it was asked about."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        self.asked = 0

    def forward(self, images):
        assert not torch.is_grad_enabled() or not images.requires_grad
        self.asked += len(images)
        with torch.no_grad():
            return self.model(images)


class Told(Counting):
    """Says nothing but the class: everything else of its logits is a lie that changes from call to call."""

    def forward(self, images):
        classes = super().forward(images).argmax(1)
        return nn.functional.one_hot(classes, 2).double() * (1 + self.asked % 7) + math.sin(self.asked)


@pytest.mark.parametrize(("norm", "dual"), [("L2", 2), ("Linf", 1)])
@pytest.mark.parametrize("classes", [2, 4])
def test_near_the_closed_form_of_a_linear_model(norm, dual, classes):
    model, images, labels = linear(20, classes=classes)
    attacked = hopskipjump(model, images, labels, generator=drawn(), norm=norm, queries=10_000)
    ratio = lengths(attacked - images, norm) / closed_form(model, images, dual)
    assert (predict(model, attacked) != labels).all()
    assert ratio.min() >= 1, "nothing is nearer than the nearest"
    assert ratio.median() < 1.02
    if classes == 2:  # with more, another boundary than the nearest may be walked along
        assert ratio.max() < 1.03


@pytest.mark.parametrize(("norm", "dual"), [("L2", 2), ("Linf", 1)])
def test_more_queries_come_nearer(norm, dual):
    model, images, labels = linear(100)
    best = closed_form(model, images, dual)
    ratios = []
    for queries in (200, 1000, 5000):
        attacked = hopskipjump(model, images, labels, generator=drawn(), norm=norm, queries=queries)
        ratios.append(float((lengths(attacked - images, norm) / best).median()))
    assert ratios[0] > ratios[1] > ratios[2]
    assert ratios[2] < 1.12


@given(st.integers(1, 400), st.sampled_from(["L2", "Linf"]))
@settings(deadline=None, max_examples=20)
def test_the_budget_is_never_exceeded_and_nearly_used(queries, norm):
    """Image by image, since no image may spend another one's questions; one look more checks the output's shape."""
    model, images, labels = linear(12)
    for image, label in zip(images[:3].split(1), labels[:3].split(1), strict=True):
        counting = Counting(model)
        hopskipjump(counting, image, label, generator=drawn(queries), norm=norm, queries=queries)
        assert counting.asked <= queries + 1
        assert counting.asked >= queries + 1 - 30  # what a search of the boundary sets aside


def test_the_budget_of_a_batch_is_that_of_its_images():
    model, images, labels = linear(12)
    counting = Counting(model)
    hopskipjump(counting, images, labels, generator=drawn(), queries=300)
    assert counting.asked <= 300 * len(images) + 1


def test_it_needs_the_class_alone():
    """The same answers wrapped in other logits, without gradients: the same result."""
    model, images, labels = linear(20)
    expected = hopskipjump(model, images, labels, generator=drawn(), queries=500)
    assert torch.equal(hopskipjump(Told(model), images, labels, generator=drawn(), queries=500), expected)


@pytest.mark.parametrize("norm", ["L2", "Linf"])
def test_on_digits_it_stays_in_the_box_and_all_are_fooled(trained, digits, norm):
    images, labels = digits.images[:20], predict(trained, digits.images[:20])
    attacked = hopskipjump(trained, images, labels, generator=drawn(), norm=norm, queries=200)
    assert (predict(trained, attacked) != labels).all()
    assert 0 <= attacked.min() <= attacked.max() <= 1
    again = hopskipjump(trained, images, labels, generator=drawn(), norm=norm, queries=200)
    assert torch.equal(attacked, again)


def test_what_is_wrong_already_stays_as_it_is():
    model, images, labels = linear(20)
    wrong = labels.clone()
    wrong[:5] = 1 - wrong[:5]
    counting = Counting(model)
    attacked = hopskipjump(counting, images[:5], wrong[:5], generator=drawn(), queries=100)
    assert torch.equal(attacked, images[:5])
    assert counting.asked == 5 + 1, "one question an image was enough"


def test_where_no_start_is_found_the_image_stays_as_it_is():
    class Stubborn(nn.Module):
        def forward(self, images):
            return torch.tensor([[1.0, 0.0]], dtype=images.dtype).expand(len(images), 2)

    images = torch.rand(3, 1, 4, generator=drawn())
    counting = Counting(Stubborn())
    attacked = hopskipjump(counting, images, torch.zeros(3, dtype=torch.long), generator=drawn(), queries=50)
    assert torch.equal(attacked, images)
    assert counting.asked <= 3 * 50 + 1


def test_noise_that_is_read_as_the_label_is_blended_with_the_image():
    """Class 0 for what varies much or not at all: pure noise is no start, a mixture is."""

    class Between(nn.Module):
        def forward(self, images):
            spread = images.flatten(1).std(1)
            between = ((spread > 0.02) & (spread < 0.22)).double()
            return torch.stack([1 - between, between], dim=1)

    images = torch.full((4, 1, 400), 0.5, dtype=torch.float64)
    labels = torch.zeros(4, dtype=torch.long)
    attacked = hopskipjump(Between(), images, labels, generator=drawn(), queries=100)
    assert (predict(Between(), attacked) == 1).all()


def test_starts_are_used_where_they_are_wrong():
    """A start on the far side of the boundary; so few queries are enough to come back along the line, no more."""
    model, images, labels = linear(50)
    far = (images + 0.3 * (model[1].weight[1 - labels] - model[1].weight[labels]).detach()[:, None].sign()).clamp(0, 1)
    assert (predict(model, far) == 1 - labels).all()
    attacked = hopskipjump(model, images, labels, generator=drawn(), queries=12, starts=far)
    change, towards = (attacked - images).flatten(1), (far - images).flatten(1)
    assert torch.cosine_similarity(change, towards).min() > 0.999
    # A start that is read as the label is replaced by noise: the images themselves are such starts.
    attacked = hopskipjump(model, images, labels, generator=drawn(), queries=100, starts=images)
    assert (predict(model, attacked) != labels).all()


def test_more_images_than_a_chunk_holds_and_bad_counts():
    model, images, labels = linear(6)
    many, truth = images.repeat(10, 1, 1), labels.repeat(10)
    attacked = hopskipjump(model, many, truth, generator=drawn(), queries=60)
    assert (predict(model, attacked) != truth).all()
    with pytest.raises(ValueError, match="queries"):
        hopskipjump(model, images, labels, generator=drawn(), queries=0)
