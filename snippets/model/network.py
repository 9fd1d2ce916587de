# --8<-- [start:network]
from collections import OrderedDict

import torch
from torch import Tensor, nn


class Normalize(nn.Module):
    def __init__(self, mean: float, std: float) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("std", torch.tensor(std))

    def forward(self, images: Tensor) -> Tensor:
        return (images - self.mean) / self.std


network = nn.Sequential(
    OrderedDict(
        normalize=Normalize(0.1307, 0.3081),
        conv1=nn.Conv2d(1, 32, kernel_size=3, padding=1),
        relu1=nn.ReLU(),
        pool1=nn.MaxPool2d(2),
        conv2=nn.Conv2d(32, 64, kernel_size=3, padding=1),
        relu2=nn.ReLU(),
        pool2=nn.MaxPool2d(2),
        flatten=nn.Flatten(),
        fc1=nn.Linear(64 * 7 * 7, 128),
        relu3=nn.ReLU(),
        dropout=nn.Dropout(0.25),
        fc2=nn.Linear(128, 10),
    )
)
print(sum(weights.numel() for weights in network.parameters()), "parameters")
# --8<-- [end:network]
# --8<-- [start:same]
from advlab import trained
from advlab.data import subset

model = trained("standard")
network.load_state_dict(model.state_dict())
images = subset(50).images
with torch.no_grad():
    print("same answers:", torch.equal(network.eval()(images), model(images)))
# --8<-- [end:same]
