# --8<-- [start:fit]
from advlab import trained
from advlab.data import subset
from advlab.defenses import KernelDensity, judged, threshold

model, training, test = trained("standard"), subset(1000, "train"), subset(300)
detector = KernelDensity(model, training.images, training.labels, "relu3", bandwidth=1.2)

# The limit: clean images that neither model nor detector was fitted on, and nothing else.
_, scores = judged(detector, test.images[100:])
limit = threshold(scores, false_positives=0.05)
# --8<-- [end:fit]

# --8<-- [start:static]
from advlab.attacks import fgsm
from advlab.defenses import accuracy_after_rejection

images, labels = test.images[:100], test.labels[:100]


def left(attacked):
    logits, scores = judged(detector, attacked)
    return accuracy_after_rejection(logits.argmax(1) == labels, scores > limit).value


attacked = fgsm(model, images, labels, 0.3)
print("right, or flagged, after FGSM on the model: more than a quarter:", left(attacked) > 0.25)
# --8<-- [end:static]

# --8<-- [start:joint]
import torch

from advlab.defenses import Guarded, evading_pgd

guarded = Guarded(detector, limit, spread=float(scores.std()))
chance = torch.Generator().manual_seed(0)
attacked = evading_pgd(guarded, images, labels, 0.3, generator=chance, steps=30)
print("after the attack on both: less than one in twenty:", left(attacked) < 0.05)
# --8<-- [end:joint]
