from textwrap import fill

from advlab.attacks import fgsm
from advlab.data import MEAN, STD, subset
from advlab.models import Normalize, SimpleCNN

test = subset(10)
normalised = Normalize(MEAN, STD)(test.images)

try:
    fgsm(SimpleCNN(), normalised, test.labels, epsilon=0.1)
except ValueError as error:
    print(fill(str(error), width=80))
