from textwrap import fill

from torch import nn

from advlab.activations import Activations, NothingToHook

model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))

try:
    Activations(model)
except NothingToHook as error:
    print(fill(str(error), width=80))
