from functools import partial

from torch import Generator

from advlab import trained
from advlab.attacks import pgd, transfer
from advlab.data import subset
from advlab.evaluation import accuracy

secret, own, test = trained("standard"), trained("standard", seed=1), subset(200)

ours = partial(pgd, generator=Generator().manual_seed(0), steps=10)
attack = partial(transfer, epsilon=0.2, surrogate=own, attack=ours)
left = accuracy(secret, test.images, test.labels, attack)
clean = accuracy(secret, test.images, test.labels)
print(f"n = {left.n}, fewer right than before: {left.count < clean.count}")
