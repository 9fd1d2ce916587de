import torch

from advlab import trained
from advlab.attacks import pgd
from advlab.data import subset
from advlab.evaluation import predict
from advlab.threat import ThreatModel

threat = ThreatModel(norm="Linf", epsilon=0.1, goal="untargeted", knowledge="white box", access="full model")

model, test = trained("standard"), subset(100)
targets = (test.labels + 1) % 10 if threat.goal == "targeted" else None
chance = torch.Generator().manual_seed(0)
attacked = pgd(
    model, test.images, test.labels, threat.epsilon, norm=threat.norm, targets=targets, steps=10, generator=chance
)


def reached(images):
    answers = predict(model, images)
    return int((answers != test.labels if targets is None else answers == targets).sum())


print(threat)
print(f"n = {len(test)}, goal reached more often than without: {reached(attacked) > reached(test.images)}")
