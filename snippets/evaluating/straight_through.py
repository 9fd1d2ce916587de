# --8<-- [start:wrapper]
import torch
from torch import nn


class StraightThrough(nn.Module):
    """Attack this, then judge the result on the defense itself."""

    def __init__(self, preprocess, model):
        super().__init__()
        self.preprocess, self.model = preprocess, model

    def forward(self, images):
        with torch.no_grad():
            difference = self.preprocess(images) - images
        return self.model(images + difference)  # the gradient passes as if nothing had been done


# --8<-- [end:wrapper]


# --8<-- [start:use]
def rounded(images):
    return (images * 7).round() / 7


pixel = torch.tensor([[0.3]], requires_grad=True)
through = StraightThrough(rounded, nn.Identity())(pixel)
print("the same value:", torch.allclose(through, rounded(pixel)))
print("gradient of rounding:", torch.autograd.grad(rounded(pixel).sum(), pixel)[0].item())
print("gradient straight through:", torch.autograd.grad(through.sum(), pixel)[0].item())
# --8<-- [end:use]
