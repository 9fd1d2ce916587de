# --8<-- [start:wrapper]
import math

import torch
from torch import nn


class Smoothed(nn.Module):
    """Log of the mean probability over draws of noise: attack this, and judge on fresh draws."""

    def __init__(self, model, sigma, samples, generator):
        super().__init__()
        self.model, self.sigma, self.samples, self.generator = model, sigma, samples, generator

    def forward(self, images):
        copies = images.repeat_interleave(self.samples, dim=0)
        noise = torch.randn(copies.shape, generator=self.generator)
        logs = self.model(copies + self.sigma * noise).log_softmax(dim=1)
        return logs.unflatten(0, (len(images), self.samples)).logsumexp(dim=1) - math.log(self.samples)


# --8<-- [end:wrapper]


# --8<-- [start:use]
from advlab import trained
from advlab.attacks import pgd
from advlab.data import subset
from advlab.defenses.smoothing import predict

model, test, sigma = trained("smoothed"), subset(20), 0.5
through = Smoothed(model, sigma, 16, torch.Generator().manual_seed(0))
for radius in (1.0, 3.0):
    start = torch.Generator().manual_seed(1)
    attacked = pgd(through, test.images, test.labels, radius, generator=start, norm="L2", steps=10)
    answers = predict(model, attacked, sigma=sigma, generator=torch.Generator().manual_seed(2), n=200)
    print(f"radius {radius:g}: {int((answers == test.labels).sum())} of {len(test)} still right")
# --8<-- [end:use]
