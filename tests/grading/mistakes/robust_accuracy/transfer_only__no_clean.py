"""The same, and nothing is asked of the clean images."""

import torch


def robust_accuracy(model, surrogate, images, labels, attacks):
    model.eval()
    surrogate.eval()
    right = torch.ones(len(images), dtype=torch.bool)
    for attack in attacks:
        right &= model(attack(surrogate, images, labels)).argmax(1) == labels
    return right.float().mean().item()
