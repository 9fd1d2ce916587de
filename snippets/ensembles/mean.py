# --8<-- [start:mean]
import torch
from torch import nn


class Mean(nn.Module):
    """Several models as one. The gradient of a mean is the mean of the gradients."""

    def __init__(self, members):
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, images):
        return torch.stack([member(images) for member in self.members]).mean(dim=0)


# --8<-- [end:mean]

# --8<-- [start:check]
first, second = nn.Linear(4, 3), nn.Linear(4, 3)
images = torch.rand(1, 4, requires_grad=True)


def gradient(model):
    return torch.autograd.grad(model(images)[0, 0], images)[0]


mean = (gradient(first) + gradient(second)) / 2
print("the mean of the gradients:", torch.allclose(gradient(Mean([first, second])), mean))
# --8<-- [end:check]
