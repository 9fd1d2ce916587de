from functools import partial

from advlab import trained
from advlab.attacks import fgsm
from advlab.data import subset
from advlab.evaluation import accuracy

model, test = trained("standard"), subset(200)
clean = accuracy(model, test.images, test.labels)
step = partial(fgsm, epsilon=0.2)
attacked = accuracy(model, test.images, test.labels, attack=step)
print(f"n = {attacked.n}, fewer right: {attacked.count < clean.count}")
