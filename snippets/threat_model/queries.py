import torch

from advlab import trained
from advlab.attacks import square
from advlab.data import subset
from advlab.evaluation import predict
from advlab.threat import ThreatModel

threat = ThreatModel(norm="Linf", epsilon=0.1, goal="untargeted", knowledge="black box", access="inference API")

model, test = trained("standard"), subset(100)
chance = torch.Generator().manual_seed(0)
attacked = square(model, test.images, test.labels, threat.epsilon, norm=threat.norm, queries=300, generator=chance)


def reached(images):
    return int((predict(model, images) != test.labels).sum())


print(threat)
print(f"n = {len(test)}, goal reached more often than without: {reached(attacked) > reached(test.images)}")
