import torch

import advlab
from advlab.attacks import fgsm, pgd
from advlab.data import subset

model, test = advlab.trained("standard"), subset(100)
chance = torch.Generator().manual_seed(0)

single = fgsm(model, test.images, test.labels, 0.2)
many = pgd(model, test.images, test.labels, 0.2, generator=chance, steps=20)

for name, images in {"FGSM": single, "PGD": many}.items():
    within = (images - test.images).abs().max() <= 0.2 + 1e-6
    print(name, "stays in the ball:", bool(within))
