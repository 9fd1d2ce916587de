"""A user's file: copied into a folder of its own by the tests of the command line, where the command finds it."""

import numpy as np
import safetensors.torch
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

WEIGHT = torch.randn(3, 16, generator=torch.Generator().manual_seed(1))
IMAGES = torch.rand(60, 1, 4, 4, generator=torch.Generator().manual_seed(0))
LABELS = (IMAGES.flatten(1) @ WEIGHT.T).argmax(1)


class Linear(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(WEIGHT.clone())

    def forward(self, images):
        return images.flatten(1) @ self.weight.T


class Shared(nn.Module):
    """One trouble at a time."""

    def __init__(self, trouble):
        super().__init__()
        self.trouble, self.inner = trouble, Linear()

    def forward(self, images):
        logits = self.inner(images)
        if self.trouble == "nan":
            return logits * float("nan")
        if self.trouble == "shape":
            return logits[:, :, None]
        if self.trouble == "one output":
            return logits[:, :1]
        if self.trouble == "in place":
            images.mul_(2)
        if self.trouble == "raises":
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
        if self.trouble == "numpy":
            return logits.detach().numpy()
        return (logits * 20).round() / 20 if self.trouble == "rounds" else logits


def good():
    return Linear().eval()


def nan():
    return Shared("nan")


def shape():
    return Shared("shape")


def one_output():
    return Shared("one output")


def in_place():
    return Shared("in place")


def raises():
    return Shared("raises")


def gives_numpy():
    return Shared("numpy")


def rounds():
    return Shared("rounds").eval()


def fails():
    raise FileNotFoundError("weights.pt")


def text():
    return "a model"


def loader():
    return DataLoader(TensorDataset(IMAGES, LABELS), batch_size=16)


def odd_loader():
    return DataLoader(TensorDataset(IMAGES), batch_size=16)


def write(folder):
    np.savez(folder / "data.npz", images=IMAGES.numpy(), labels=LABELS.numpy())
    safetensors.torch.save_file({"images": IMAGES, "labels": LABELS}, folder / "data.safetensors")
    np.savez(folder / "bytes.npz", images=(IMAGES * 255).byte().numpy(), labels=LABELS.numpy())
    np.savez(folder / "normalised.npz", images=(IMAGES * 3 - 1).numpy(), labels=LABELS.numpy())
    np.savez(folder / "unlabelled.npz", images=IMAGES.numpy())
    np.savez(folder / "classes.npz", images=IMAGES.numpy(), labels=LABELS.numpy() + 5)
    np.savez(folder / "lengths.npz", images=IMAGES.numpy(), labels=LABELS[:-1].numpy())
    (folder / "broken.npz").write_bytes(b"no archive")
    (folder / "broken.safetensors").write_bytes(b"\xff" * 100)
