import torch

from advlab import trained
from advlab.attacks import pgd
from advlab.data import subset
from advlab.evaluation import predict
from advlab.zoo import ADVERSARIAL

print(ADVERSARIAL.perturb.__name__, ADVERSARIAL.epsilon)

model, test = trained("adversarial"), subset(100)
chance = torch.Generator().manual_seed(0)
attacked = pgd(model, test.images, test.labels, 0.3, generator=chance)
right = (predict(model, attacked) == test.labels).float().mean().item()
print("more than four in five stand PGD:", right > 0.8)
