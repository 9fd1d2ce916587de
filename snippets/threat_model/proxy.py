from functools import partial

import torch

from advlab import trained
from advlab.attacks import pgd, transfer
from advlab.data import subset
from advlab.evaluation import predict
from advlab.threat import ThreatModel

threat = ThreatModel(norm="Linf", epsilon=0.1, goal="untargeted", knowledge="black box", access="proxy model")

secret, own, test = trained("standard"), trained("standard", seed=1), subset(100)
targets = (test.labels + 1) % 10 if threat.goal == "targeted" else None
chance = torch.Generator().manual_seed(0)
made = partial(pgd, norm=threat.norm, targets=targets, steps=10, generator=chance)
attacked = transfer(secret, test.images, test.labels, threat.epsilon, surrogate=own, attack=made)


def reached(images):
    answers = predict(secret, images)
    return int((answers != test.labels if targets is None else answers == targets).sum())


print(threat)
print(f"n = {len(test)}, goal reached more often than without: {reached(attacked) > reached(test.images)}")
