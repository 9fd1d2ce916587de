"""Nothing is asked of the clean images."""

import torch


def robust_accuracy(model, surrogate, images, labels, attacks):
    model.eval()
    surrogate.eval()
    right = torch.ones(len(images), dtype=torch.bool)
    for attack in attacks:
        for made_on in (model, surrogate):
            right &= model(attack(made_on, images, labels)).argmax(1) == labels
    return right.float().mean().item()
