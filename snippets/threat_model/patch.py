import torch

from advlab import trained
from advlab.attacks import patched, train_patch
from advlab.data import subset
from advlab.evaluation import predict
from advlab.threat import ThreatModel

threat = ThreatModel(norm="L0", epsilon=261, goal="targeted", knowledge="white box", access="full model")

# Who has the weights trains the patch on the model itself; who has not, on a network of their own.
secret, own = trained("standard"), trained("standard", seed=1)
has_weights = threat.knowledge == "white box" or threat.access == "full model"
target = 3 if threat.goal == "targeted" else None
chance = torch.Generator().manual_seed(0)
train, test = subset(500, "train"), subset(100)
patch = train_patch(
    secret if has_weights else own, train.images, train.labels, size=15, target=target, steps=60, generator=chance
)
attacked = patched(secret, test.images, test.labels, patch=patch, generator=chance)
changed = (attacked != test.images).flatten(1).sum(1).max().item()


def reached(images):
    answers = predict(secret, images)
    return int((answers != test.labels if target is None else answers == target).sum())


print(threat)
print("within the budget:", changed <= threat.epsilon)
print(f"n = {len(test)}, goal reached more often than without: {reached(attacked) > reached(test.images)}")
