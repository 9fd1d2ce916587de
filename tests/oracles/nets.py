"""The networks that the oracles attacked, built the same way by `record.py` and by the tests. Needs torch alone."""

import hashlib
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn


class Pixels(nn.Module):
    """advlab's Normalize, written again: the recording environment does without advlab."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(0.1307))
        self.register_buffer("std", torch.tensor(0.3081))

    def forward(self, images: Tensor) -> Tensor:
        return (images - self.mean) / self.std


def simple_cnn(seed: int = 0) -> nn.Sequential:
    """The layers of SimpleCNN, in its order and under its names, with weights drawn from a seed by hand.

    Drawn by `torch.Generator`, not by the layers' own initialisation, which a release of torch may change.
    """
    layers = {
        "normalize": Pixels(),
        "conv1": nn.Conv2d(1, 32, 3, padding=1),
        "relu1": nn.ReLU(),
        "pool1": nn.MaxPool2d(2),
        "conv2": nn.Conv2d(32, 64, 3, padding=1),
        "relu2": nn.ReLU(),
        "pool2": nn.MaxPool2d(2),
        "flatten": nn.Flatten(),
        "fc1": nn.Linear(3136, 128),
        "relu3": nn.ReLU(),
        "dropout": nn.Dropout(0.25),
        "fc2": nn.Linear(128, 10),
    }
    network = nn.Sequential()
    for name, layer in layers.items():
        network.add_module(name, layer)
    return _drawn(network, seed)


def small_cnn(seed: int = 1) -> nn.Sequential:
    """Another architecture: strides, no pooling, tanh."""
    network = nn.Sequential(
        Pixels(), nn.Conv2d(1, 8, 5, stride=2), nn.Tanh(), nn.Conv2d(8, 8, 3, stride=2), nn.Tanh(), nn.Flatten(),
        nn.Linear(200, 10),
    )  # fmt: skip
    return _drawn(network, seed)


def strided_cnn(seed: int = 2) -> nn.Sequential:
    """What `train_nets.py` trains: 18,378 parameters, of normalising, two strided convolutions and one linear layer."""
    network = nn.Sequential(
        Pixels(), nn.Conv2d(1, 16, 5, stride=2), nn.ReLU(), nn.Conv2d(16, 32, 5, stride=2), nn.ReLU(), nn.Flatten(),
        nn.Linear(512, 10),
    )  # fmt: skip
    return _drawn(network, seed)


def trained(kind: str) -> nn.Sequential:
    """`strided_cnn` trained on MNIST: "standard", or "robust" (on PGD's examples, L-infinity .3). See trained.json.

    The weights are stored as float16 and used as float32: the rounding is part of the network.
    """
    network = strided_cnn()
    stored = load_file(Path(__file__).parent / "trained.safetensors")
    network.load_state_dict({name: stored[f"{kind}/{name}"].float() for name in network.state_dict()})
    return network.eval()


def _drawn(network: nn.Sequential, seed: int) -> nn.Sequential:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            fan_in = parameter[0].numel() if parameter.ndim > 1 else parameter.numel()
            parameter.copy_((torch.rand(parameter.shape, generator=generator) * 2 - 1) * (3 / fan_in) ** 0.5)
    return network.eval()


NETS = {"simple_cnn": simple_cnn, "small_cnn": small_cnn}
EPSILONS = (0.1, 0.3)
DTYPES = {"float32": torch.float32, "float64": torch.float64}


def checksum(network: nn.Module) -> str:
    """Of all weights, bit by bit: tells whether a seed still draws what the oracles attacked."""
    digest = hashlib.sha256()
    for tensor in network.state_dict().values():
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()
