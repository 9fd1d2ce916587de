# --8<-- [start:stack]
import torch

from advlab import trained
from advlab.data import subset
from advlab.defenses import Consistency, Ensemble, Guarded, MedianFilter, Preprocessed, evading_pgd, judged, threshold

models = [trained("standard", seed) for seed in (0, 1, 2)]
ensemble = Ensemble(Preprocessed(MedianFilter(2), model) for model in models)
stack = Consistency(ensemble, [MedianFilter(3)])
# --8<-- [end:stack]

# --8<-- [start:attack]
test = subset(300)
images, labels = test.images[:50], test.labels[:50]
_, scores = judged(stack, test.images[50:])
limit = threshold(scores, false_positives=0.05)

chance = torch.Generator().manual_seed(0)
attacked = evading_pgd(Guarded(stack, limit), images, labels, 0.3, generator=chance, steps=40)
logits, scores = judged(stack, attacked)
left = ((logits.argmax(1) == labels) | (scores > limit)).float().mean().item()
print("less than one image in ten is right or flagged:", left < 0.1)
# --8<-- [end:attack]
