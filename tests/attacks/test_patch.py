from functools import partial

import pytest
import torch

from advlab.attacks import patched, train_patch
from advlab.data import subset
from advlab.evaluation import accuracy, predict


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


def taken_for(model, images, patch, target, **options):
    """The share that is read as `target` with the patch somewhere, of images that are of another class."""
    attacked = patched(model, images, torch.zeros(len(images), dtype=torch.long), patch=patch, generator=drawn(9))
    return float((predict(model, attacked) == target).float().mean())


@pytest.fixture(scope="module")
def strangers():
    """Test images of no three: the training below sees training images only."""
    test = subset(150)
    keep = test.labels != 3
    return test.images[keep], test.labels[keep]


def test_a_patch_works_on_images_it_never_met_and_its_controls_do_not(trained, strangers):
    train = subset(400, "train")
    patch = train_patch(trained, train.images, train.labels, size=17, target=3, steps=60, generator=drawn())
    share = taken_for(trained, strangers[0], patch, 3)
    noise = torch.rand(patch.shape, generator=drawn(1))
    controls = [taken_for(trained, strangers[0], control, 3) for control in (noise, torch.full_like(patch, 0.5))]
    assert share > 0.25
    assert share > 3 * max(controls)
    assert patch.shape == (1, 17, 17)
    assert 0 <= patch.min() <= patch.max() <= 1


def test_without_a_target_any_error_will_do(trained):
    train, test = subset(400, "train"), subset(150)
    patch = train_patch(trained, train.images, train.labels, size=13, steps=40, generator=drawn())
    grey = torch.full_like(patch, 0.5)
    right = [
        accuracy(trained, test.images, test.labels, partial(patched, patch=one, generator=drawn(3))).value
        for one in (patch, grey)
    ]
    assert right[0] < right[1] - 0.1


def test_training_is_decided_by_the_generator_and_leaves_the_model_alone(trained):
    train = subset(60, "train")
    before = {name: tensor.clone() for name, tensor in trained.state_dict().items()}
    gradients = [parameter.grad for parameter in trained.parameters()]
    trained.dropout.train()
    one, same, other = (
        train_patch(trained, train.images, train.labels, size=7, target=0, steps=3, generator=drawn(seed))
        for seed in (1, 1, 2)
    )
    assert trained.dropout.training
    trained.dropout.eval()
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert not one.requires_grad
    assert all(grad is parameter.grad for grad, parameter in zip(gradients, trained.parameters(), strict=True))
    assert all(torch.equal(before[name], tensor) for name, tensor in trained.state_dict().items())


def test_images_of_the_target_are_left_out(trained):
    """They are read as the target anyway; with them or without, the same patch."""
    train = subset(200, "train")
    others = train.labels != 5
    whole = train_patch(trained, train.images, train.labels, size=7, target=5, steps=3, generator=drawn())
    part = train_patch(
        trained, train.images[others], train.labels[others], size=7, target=5, steps=3, generator=drawn()
    )
    assert torch.equal(whole, part)
    with pytest.raises(ValueError, match="class 5 already"):
        train_patch(trained, train.images[~others], train.labels[~others], size=7, target=5, generator=drawn())


@pytest.mark.parametrize("options", [{"size": 0}, {"size": 5, "steps": 0}, {"size": 5, "batch_size": 0}, {"size": 40}])
def test_bad_counts_and_sizes_are_refused(network, digits, options):
    with pytest.raises(ValueError, match=r"at least 1|fit"):
        train_patch(network, digits.images, digits.labels, generator=drawn(), **options)


@pytest.mark.parametrize("images", [torch.rand(3, 1, 28, 28) * 2, torch.rand(0, 1, 28, 28)])
def test_images_outside_the_domain_are_refused(network, images):
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        train_patch(network, images, torch.zeros(len(images), dtype=torch.long), size=5, generator=drawn())


def test_pasting_asks_the_model_nothing_and_draws_new_places(network, digits):
    patch = torch.ones(1, 7, 7)
    with torch.no_grad():
        one = patched(network, digits.images, digits.labels, patch=patch, generator=drawn(1))
    same = patched(network, digits.images, digits.labels, patch=patch, generator=drawn(1))
    other = patched(network, digits.images, digits.labels, patch=patch, generator=drawn(2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert (one != digits.images).flatten(1).sum(1).max() <= 81
