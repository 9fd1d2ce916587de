from functools import partial

from advlab import trained
from advlab.attacks import fgsm
from advlab.data import subset
from advlab.evaluation import accuracy

model = trained("standard")  # takes pixels in [0, 1]: epsilon is in pixels
digits = subset(200)  # of the test images, the same ones everywhere

for epsilon in (0.0, 0.1, 0.2):
    attack = partial(fgsm, epsilon=epsilon)
    found = accuracy(model, digits.images, digits.labels, attack)
    print(f"epsilon {epsilon}: {found.count} of {found.n} right")
