# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # From the data to the epsilon table
#
# In this notebook you look at MNIST, attack a trained network with FGSM one step at a time, and measure how many
# images survive. At the end you can attack a model of your own and say what the result means.
#
# It needs PyTorch and the package `advlab`. In a clone of the book's repository, `pip install . notebook` installs
# both and Jupyter. Then every cell runs as it stands, without a GPU and without a network.

# %%
from functools import partial

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from IPython.display import display

from advlab import data, trained
from advlab.attacks import fgsm, random_noise
from advlab.evaluation import accuracy, logits
from advlab.threat import epsilon_units


def show(figure, words):
    """A picture, and the same in words for whoever cannot see it."""
    display(figure, metadata={"image/png": {"alt": words}})
    plt.close(figure)


# %% [markdown]
# ## The data
#
# The whole test set is bundled with the package. `subset` takes some of it: always the same images, every class with
# its share.

# %%
digits = data.subset(1000)
print(tuple(digits.images.shape), digits.images.dtype)
print("pixels from", digits.images.min().item(), "to", digits.images.max().item())

# %% [markdown]
# A pixel is a number between zero, black, and one, white. Everything below is in this unit, epsilon too.

# %%
figure, axes = plt.subplots(2, 8, figsize=(7, 2.1), layout="constrained")
for axis, image, label in zip(axes.flat, digits.images, digits.labels, strict=False):
    axis.imshow(image[0].numpy(), cmap="gray", vmin=0, vmax=1)
    axis.set_title(label.item(), fontsize=9)
    axis.axis("off")
show(figure, "Handwritten digits with their labels: " + ", ".join(str(d) for d in digits.labels[:16].tolist()))

# %% [markdown]
# ## The model
#
# `trained` loads the small convolutional network of this book. If it was never trained on this machine, that happens
# now and takes a few minutes on a laptop.
#
# Look at the first layer: the normalisation is part of the model. So the model takes pixels as they are, and an
# attack outside of it works in pixels.

# %%
model = trained("standard")
print(model)

# %%
clean = accuracy(model, digits.images, digits.labels)
print(f"{clean.count} of {clean.n} right: {clean.value:.1%}")
print(f"95% interval: {clean.low:.1%} to {clean.high:.1%}")

# %% [markdown]
# The interval tells what a test on so few images cannot know. Another draw of test images would give another
# accuracy, most often one within it.
#
# ## One attack, step by step
#
# FGSM asks how the loss $L$ changes when the image $x$ does, and moves every pixel by $\varepsilon$ in the direction
# in which the loss rises:
#
# $$x' = \operatorname{clip}\left(x + \varepsilon \, \operatorname{sign}\left(\nabla_x L(x, y)\right), 0, 1\right)$$
#
# First the gradient. It is taken with respect to the image, while the weights stay as they are.

# %%
epsilon = 0.2
image, label = digits.images[:1], digits.labels[:1]

pixels = image.clone().requires_grad_()
loss = F.cross_entropy(model(pixels), label)
(gradient,) = torch.autograd.grad(loss, pixels)
print(f"loss {loss.item():.4f}; gradient from {gradient.min():.1e} to {gradient.max():.1e}")

# %% [markdown]
# Then its sign, the step, and the clip that keeps every pixel between black and white.

# %%
step = epsilon * gradient.sign()
attacked = (image + step).clamp(0, 1)
change = attacked - image
print(f"largest change of a pixel: {change.abs().max():.2f}")
print(f"share of pixels that changed: {(change != 0).float().mean():.0%}")

# %% [markdown]
# The library does the same in one call.

# %%
print("the same pixels:", torch.equal(attacked, fgsm(model, image, label, epsilon)))

# %% [markdown]
# What does the model say now? The numbers are its confidences: the largest class probability before and after.


# %%
def verdict(pictures):
    """For each image the model's answer and its confidence."""
    return [(p.argmax().item(), p.max().item()) for p in logits(model, pictures).softmax(dim=1)]


(before, sure_before), (after, sure_after) = verdict(torch.cat([image, attacked]))
figure, axes = plt.subplots(1, 3, figsize=(7, 2.7), layout="constrained")
panels = [
    (image, f"image: {before} ({sure_before:.0%})", {"cmap": "gray", "vmin": 0, "vmax": 1}),
    (change, "change", {"cmap": "PuOr", "vmin": -epsilon, "vmax": epsilon}),
    (attacked, f"attacked: {after} ({sure_after:.0%})", {"cmap": "gray", "vmin": 0, "vmax": 1}),
]
for axis, (picture, title, colours) in zip(axes, panels, strict=True):
    axis.imshow(picture[0, 0].numpy(), **colours)
    axis.set_title(title, fontsize=10)
    axis.axis("off")
show(
    figure,
    f"A digit {label.item()} that the model takes for {before}; the change, up or down in each pixel that moved; "
    f"the attacked image, taken for {after}.",
)

# %% [markdown]
# One image proves little. Here are the first of each class that the model had right.

# %%
right = logits(model, digits.images).argmax(dim=1) == digits.labels
first = torch.stack([((digits.labels == digit) & right).nonzero()[0, 0] for digit in range(10)])
images, labels = digits.images[first], digits.labels[first]
attacked = fgsm(model, images, labels, epsilon)

figure, axes = plt.subplots(2, 10, figsize=(7, 2), layout="constrained")
for column, (one, other) in enumerate(zip(verdict(images), verdict(attacked), strict=True)):
    for axis, picture, (answer, _) in zip(axes[:, column], (images, attacked), (one, other), strict=True):
        axis.imshow(picture[column, 0].numpy(), cmap="gray", vmin=0, vmax=1)
        axis.set_title(answer, fontsize=9)
        axis.axis("off")
answers = ", ".join(str(answer) for answer, _ in verdict(attacked))
show(figure, f"One digit of each class, above as it is, below attacked. The model answers below: {answers}.")

# %% [markdown]
# ## The epsilon table
#
# Now all the images, at several sizes of epsilon. Beside each accuracy stands its confidence interval, and epsilon
# also in grey levels and in units of the normalised image: the same number in another unit is another attack.

# %%
sizes = (0.0, 0.05, 0.1, 0.2, 0.3)
under_fgsm = [accuracy(model, digits.images, digits.labels, partial(fgsm, epsilon=size)) for size in sizes]

print("epsilon    n/255  normalised   right under FGSM")
for size, found in zip(sizes, under_fgsm, strict=True):
    units = epsilon_units(size)
    print(
        f"{size:7.2f} {units.of_255:8.2f} {units.normalised:11.3f}   "
        f"{found.value:6.1%}  ({found.low:.1%} to {found.high:.1%})"
    )

# %% [markdown]
# ## The control: noise
#
# Would any change of that size do? Toss a coin for every pixel instead of asking the gradient.

# %%
coins = torch.Generator().manual_seed(0)
under_noise = [
    accuracy(model, digits.images, digits.labels, partial(random_noise, epsilon=size, generator=coins))
    for size in sizes
]
print("epsilon     FGSM   noise of the same size")
for size, found, control in zip(sizes, under_fgsm, under_noise, strict=True):
    print(f"{size:7.2f}  {found.value:7.1%}   {control.value:7.1%}  ({control.low:.1%} to {control.high:.1%})")

# %%
figure, axis = plt.subplots(figsize=(7, 3.4), layout="constrained")
for name, found, style in (("random noise", under_noise, "^--"), ("FGSM", under_fgsm, "s-")):
    values = [one.value for one in found]
    reach = [[one.value - one.low for one in found], [one.high - one.value for one in found]]
    axis.errorbar(sizes, values, yerr=reach, fmt=style, capsize=3)
    axis.annotate(name, (sizes[-1], values[-1]), xytext=(8, 0), textcoords="offset points", va="center")
axis.set(xlabel="epsilon, in pixel units", ylabel="right", xlim=(-0.01, 0.38), ylim=(0, 1.02))
axis.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
axis.grid(alpha=0.3)
show(
    figure,
    f"Accuracy against epsilon. Under FGSM it goes from {under_fgsm[0].value:.0%} to {under_fgsm[-1].value:.0%}, "
    f"under random noise of the same size from {under_noise[0].value:.0%} to {under_noise[-1].value:.0%}.",
)

# %% [markdown]
# What you have measured is an upper bound. FGSM is one step; an attack of many steps (Madry et al., 2018) can break
# images that it left whole. It says nothing about attackers who cannot compute gradients, or who may change the image
# in another way.
#
# ## To go on
#
# - **Aim.** `fgsm` takes `targets`, classes that the model shall answer. Pick one class for all images and count how
#   many end there. Is it as easy to reach as any wrong class?
# - **Confidence.** Collect the confidence of the wrong answers at your largest epsilon. Would an alarm at low
#   confidence have caught them?
# - **Another model.** Train again with another `seed`, the second argument of `trained`. Do images made against one
#   model fool the other? This is called transfer.
# - **Your own model.** Put its normalisation inside, and give `fgsm` pixels between zero and one. If you do not, it
#   says so.
#
# The page *FGSM* of the book derives the formula and measures the same table on the whole test set; *The wrong unit*
# shows what happens when the clip and the normalisation are in the wrong order.

# %% [markdown]
# ## Check your own
#
# Write FGSM yourself, from the formula alone. The call below runs a function beside the library's on a small network
# and says that it passed, or names its first mistake. As it stands it gets the library's own: put yours in its place.

# %%
from advlab.grading import check

passed = check("fgsm", fgsm)
