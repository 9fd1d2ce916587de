import torch.nn.functional as F
from torch import nn

from advlab.models import SimpleCNN


class Functional(nn.Module):
    """ReLU as a function call: the layers exist, the ReLUs do not."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(784, 128), nn.Linear(128, 10)

    def forward(self, images):
        return self.last(F.relu(self.first(images.flatten(1))))


def look(module, inputs, output):
    pass


for model in (Functional(), SimpleCNN()):
    relus = [module for module in model.modules() if isinstance(module, nn.ReLU)]
    hooks = [relu.register_forward_hook(look) for relu in relus]
    print(f"{type(model).__name__}: {len(hooks)} hooks attached")
