"""The extremes of some random images of the ball."""

import torch


def interval_bounds(model, images, epsilon):
    generator = torch.Generator().manual_seed(0)
    tries = []
    for _ in range(50):
        noise = torch.rand(images.shape, generator=generator) * 2 - 1
        tries.append(model((images + epsilon * noise).clamp(0, 1)))
    return torch.stack(tries).amin(0), torch.stack(tries).amax(0)
