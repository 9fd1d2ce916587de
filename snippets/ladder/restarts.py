import torch

from advlab import trained
from advlab.attacks import pgd
from advlab.attacks.losses import margin
from advlab.data import subset
from advlab.evaluation import accuracy

model, test = trained("standard"), subset(50)


def attack(model, images, labels):
    chance = torch.Generator().manual_seed(0)
    options = {"steps": 20, "restarts": 3, "loss": margin}
    return pgd(model, images, labels, 0.2, generator=chance, **options)


clean = accuracy(model, test.images, test.labels)
attacked = accuracy(model, test.images, test.labels, attack)
print(f"n = {attacked.n}, fewer right: {attacked.count < clean.count}")
