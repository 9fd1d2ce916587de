from advlab import trained
from advlab.attacks import deepfool
from advlab.data import subset
from advlab.evaluation import distances

model, test = trained("standard"), subset(20)
fooled = deepfool(model, test.images, test.labels)
sizes = distances(model, test.images, test.labels, fooled, "L2")
for epsilon in (0.0, 100.0):
    print(
        f"right at every point within L2 {epsilon:g}, as far as known: {int((sizes > epsilon).sum())} of {len(sizes)}"
    )
