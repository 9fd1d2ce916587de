# --8<-- [start:build]
import torch

from advlab import trained
from advlab.attacks import pgd
from advlab.data import subset
from advlab.defenses import Vote

members = [trained("standard", seed) for seed in (0, 1, 2)]
defense = Vote(members)
# --8<-- [end:build]

# --8<-- [start:attack]
test = subset(100)


def right(images):
    with torch.no_grad():
        return (defense(images).argmax(1) == test.labels).float().mean().item()


def attacked(model):
    chance = torch.Generator().manual_seed(0)
    return pgd(model, test.images, test.labels, 0.2, generator=chance, steps=20)


print("clean, more than nine in ten:", right(test.images) > 0.9)
naive, adaptive = right(attacked(members[0])), right(attacked(defense.through()))
print("the attack on the mean leaves less than half of that on one member:", adaptive < naive / 2)
# --8<-- [end:attack]
