"""What the benchmark of training compares: so many seconds for so many images, the model's work included.

Run as a program, one pipeline to a process: `python pipelines.py article|advlab IMAGES THREADS`. advlab's
training keeps freed memory in its process (advlab.training.memory): that must not reach the article's.
"""

import sys
import time
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Subset

from advlab import data, training
from advlab.data.torchvision_cpu import datasets, transforms


class ArticleCNN(nn.Module):
    """The article's network as it describes it: functions for ReLU, normalisation left to the loader."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 64, 3, padding=1)
        self.pool, self.dropout = nn.MaxPool2d(2, 2), nn.Dropout(0.25)
        self.fc1, self.fc2 = nn.Linear(64 * 7 * 7, 128), nn.Linear(128, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(F.relu(self.conv2(self.pool(F.relu(self.conv1(x))))))
        return self.fc2(self.dropout(F.relu(self.fc1(x.flatten(1)))))


def article(images: int) -> float:
    """DataLoader of PIL images with ToTensor and Normalize, batches of 64, Adam in float32."""
    data.mnist("train")  # unpacks
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((data.MEAN,), (data.STD,))])
    whole = datasets.MNIST(data.folder("mnist"), train=True, transform=transform)
    loader = DataLoader(Subset(whole, range(images)), batch_size=64, shuffle=True)
    model = ArticleCNN().train()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    start = time.perf_counter()
    for batch, labels in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(batch), labels).backward()
        optimizer.step()
    return time.perf_counter() - start


def advlab(images: int) -> float:
    """The build's recipe; what its history reports for an epoch, a test of 100 images included."""
    recipe = replace(training.Recipe(), epochs=1, train_images=images, test_images=100)
    return training.train(recipe, seed=0).history[0]["seconds"]


if __name__ == "__main__":
    pipeline, images, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(threads)
    run = {"article": article, "advlab": advlab}[pipeline]
    run(640)  # warm: allocators, kernels
    print(run(images))
