from io import BytesIO

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from advlab.defenses import Jpeg


def pictures(n, channels, height, width, seed=0):
    return torch.rand(n, channels, height, width, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("quality", [10, 75, 100])
def test_grey_images_by_hand(tmp_path, quality):
    """By a file on the disk, image by image."""
    images = pictures(3, 1, 28, 20)
    found = Jpeg(quality)(images)
    for image, result in zip(images, found, strict=True):
        grey = Image.fromarray(np.rint(image[0].numpy() * 255).astype(np.uint8))
        grey.save(tmp_path / "image.jpeg", quality=quality)
        expected = np.array(Image.open(tmp_path / "image.jpeg"), dtype=np.float32) / 255
        np.testing.assert_array_equal(result[0].numpy(), expected)


def test_colours_by_hand():
    image = pictures(1, 3, 16, 24)
    file = BytesIO()
    picture = np.rint(image[0].numpy().transpose(1, 2, 0) * 255).astype(np.uint8)
    Image.fromarray(picture).save(file, "JPEG", quality=50)
    expected = np.array(Image.open(file), dtype=np.float32).transpose(2, 0, 1) / 255
    np.testing.assert_array_equal(Jpeg(50)(image)[0].numpy(), expected)


@given(st.integers(1, 100), st.integers(1, 3), st.integers(1, 30), st.integers(1, 30), st.integers(0, 10**6))
@settings(deadline=None, max_examples=30)
def test_any_image_keeps_shape_and_range_and_neighbours_do_not_matter(quality, n, height, width, seed):
    images = pictures(n, 1, height, width, seed)
    found = Jpeg(quality)(images)
    assert found.shape == images.shape
    assert found.dtype == images.dtype
    assert 0 <= found.min() <= found.max() <= 1
    torch.testing.assert_close(found * 255, (found * 255).round(), rtol=0, atol=1e-4)
    for k in range(n):
        assert torch.equal(Jpeg(quality)(images[k : k + 1])[0], found[k])


def test_higher_quality_stays_nearer(digits):
    changes = [float((Jpeg(quality)(digits.images) - digits.images).abs().mean()) for quality in (20, 60, 95)]
    assert changes[0] > changes[1] > changes[2] > 0


def test_the_caller_and_double_precision(digits):
    few = digits.images[:2].double()
    before = few.clone()
    assert Jpeg()(few).dtype == torch.double
    assert torch.equal(few, before)


@pytest.mark.parametrize("quality", [0, 101])
def test_a_quality_that_is_none(quality):
    with pytest.raises(ValueError, match=f"quality must lie in 1..100, got {quality}"):
        Jpeg(quality)


def test_two_channels_are_no_picture():
    with pytest.raises(ValueError, match="1 or 3 channels; got 2"):
        Jpeg()(pictures(1, 2, 8, 8))
