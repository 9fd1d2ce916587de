# --8<-- [start:chapter]
import matplotlib.pyplot as plt

from advlab import data
from advlab.engine.cache.profile import DRAFT, Profile
from advlab.engine.chapter import Drawing, claim, figure, measurement


@measurement
def black(profile: Profile) -> dict:
    """How much of the test images is entirely black."""
    images = data.subset(profile.test_images or 10_000).images
    return {"share": (images == 0).float().mean().item(), "images": len(images)}


@claim(black)
def mostly_black(result: dict) -> bool:
    """More pixels are black than not."""
    return result["share"] > 0.5


@figure(black)
def bar(result: dict) -> Drawing:
    picture, axes = plt.subplots()
    axes.barh(["black", "not black"], [result["share"], 1 - result["share"]])
    return Drawing(picture, alt=f"Two bars: {result['share']:.0%} of the pixels are black.", caption="Pixels of MNIST.")


# --8<-- [end:chapter]
# --8<-- [start:try]
result = black.function(DRAFT)  # the plain function, without the store
print(f"{result['share']:.2f} of {result['images']} images; the claim holds: {mostly_black(result)}")
# --8<-- [end:try]
