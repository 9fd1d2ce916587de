"""Small trained networks: stored ones, and honest ones of several architectures, trained in seconds."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from advlab import data
from advlab.audit import audit
from tests.audit import mymodel
from tests.oracles import nets


@pytest.fixture(scope="session")
def few():
    """Images enough for an audit in seconds, and as many again for its surrogate."""
    chosen = data.subset(400)
    return chosen.images, chosen.labels


@pytest.fixture(scope="session")
def many():
    """What it takes to notice that a network does a little better in another unit."""
    chosen = data.subset(2000)
    return chosen.images, chosen.labels


@pytest.fixture(scope="session")
def standard():
    return nets.trained("standard")


@pytest.fixture(scope="session")
def robust():
    return nets.trained("robust")


def architectures():
    pixels = nets.Pixels
    return {
        "linear": nn.Sequential(nn.Flatten(), nn.Linear(784, 10)),
        "MLP": nn.Sequential(pixels(), nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10)),
        "tanh": nn.Sequential(
            pixels(), nn.Conv2d(1, 8, 5, stride=3), nn.Tanh(), nn.Flatten(), nn.Linear(512, 32), nn.Tanh(),
            nn.Linear(32, 10),
        ),
        "batch norm": nn.Sequential(
            pixels(), nn.Conv2d(1, 8, 5, stride=2), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(288, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 10),
        ),
    }  # fmt: skip


@pytest.fixture(scope="session")
def honest():
    """Undefended networks: nothing about them should raise an alarm."""
    chosen = data.subset(4000, "train")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        models = architectures()
        for model in models.values():
            optimizer = torch.optim.Adam(model.parameters(), 3e-3)
            for _ in range(4):
                for batch in torch.randperm(len(chosen)).split(64):
                    loss = F.cross_entropy(model(chosen.images[batch]), chosen.labels[batch])
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
    return {name: model.eval() for name, model in models.items()}


@pytest.fixture(scope="session")
def audited_model():
    """A model that hides its gradient, as it was before it was audited, and the mode of each of its modules."""
    model = mymodel.rounds()
    model.inner.train()  # a mode of its own, to be left as it is
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    return model, before, [module.training for module in model.modules()]


@pytest.fixture(scope="session")
def audited(audited_model):
    return audit(audited_model[0], 0.3, data=(mymodel.IMAGES, mymodel.LABELS), images=20, quick=True, seed=3)
