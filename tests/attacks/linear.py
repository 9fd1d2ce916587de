"""Linear models, and how far their boundary is from an image: exactly, or by a solver that knows nothing of attacks."""

import numpy as np
import torch
from scipy.optimize import linprog, minimize
from torch import nn


def linear(pixels, classes=2, seed=0, scale=1.0):
    """A linear model with weights drawn from a seed, in float64."""
    generator = torch.Generator().manual_seed(seed)
    model = nn.Sequential(nn.Flatten(), nn.Linear(pixels, classes)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(scale * torch.randn(parameter.shape, generator=generator))
    return model.eval()


def pictures(n, pixels, low=0.0, high=1.0, seed=0):
    """Images [n, 1, pixels] in float64; with low < 0 or high > 1 some pixels are exactly black or white."""
    drawn = torch.rand(n, 1, pixels, generator=torch.Generator().manual_seed(seed)).double()
    return (low + (high - low) * drawn).clamp(0, 1)


def planes(model, image, label):
    """Normal and value at the image of each boundary between the label and another class."""
    weight = model[1].weight.detach()
    logits = model(image[None])[0].detach()
    others = [k for k in range(len(logits)) if k != label]
    return [((weight[k] - weight[label]).numpy(), float(logits[k] - logits[label])) for k in others]


def distance(model, image, label, norm):
    """To the nearest boundary, were there no box: |f| over the dual norm of w."""
    order = 1 if norm == "Linf" else 2
    return min(abs(f) / np.linalg.norm(w, order) for w, f in planes(model, image, label))


def distance_in_box(model, image, label, norm):
    """To the nearest boundary within [0, 1]: a linear or a quadratic program for each class, solved by scipy."""
    x = image.flatten().numpy()
    return min(smallest_change(x, w, f, norm)[0] for w, f in planes(model, image, label))


def smallest_change(x, w, f, norm):
    """The size of the smallest d with f + w·d = 0 and x + d in [0, 1], and d; infinity where there is none."""
    n = len(x)
    if norm == "Linf":  # minimise t with -t <= d <= t
        eye, one = np.eye(n), np.ones((n, 1))
        found = linprog(
            np.r_[np.zeros(n), 1],
            A_ub=np.block([[eye, -one], [-eye, -one]]),
            b_ub=np.zeros(2 * n),
            A_eq=np.r_[w, 0][None],
            b_eq=[-f],
            bounds=[*zip(-x, 1 - x, strict=True), (0, None)],
        )
        return (found.fun, found.x[:n]) if found.success else (np.inf, None)
    found = minimize(
        lambda d: d @ d / 2,
        np.zeros(n),
        jac=lambda d: d,
        bounds=list(zip(-x, 1 - x, strict=True)),
        constraints={"type": "eq", "fun": lambda d: f + w @ d, "jac": lambda d: w},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    return (np.linalg.norm(found.x), found.x) if found.success else (np.inf, None)
