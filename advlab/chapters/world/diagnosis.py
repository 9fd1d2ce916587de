"""How far thirty numbers of a needle biopsy must move until malignant reads as benign: exactly, for a line."""

from __future__ import annotations

from typing import Any

import torch
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

from advlab.attacks import fgsm, pgd, random_noise
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, predict

#: As scikit-learn numbers them.
MALIGNANT, BENIGN = 0, 1
#: Shares of the range that a feature has in the training rows; L-infinity.
EPSILONS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2)
#: The epsilon at which the changed rows are examined.
EPSILON = 0.1
STEPS = 40
SEED = 1995
#: How many features of one patient are shown.
SHOWN = 6
#: Quotients that geometry ties down, mean and worst: circumference over radius, area over its square.
QUOTIENTS = ((2, 0, 1), (3, 0, 2), (22, 20, 1), (23, 20, 2))

Result = dict[str, Any]


def data() -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Training rows and labels, test rows and labels, all scaled to [0, 1], and the low and high end of each feature.

    The ends are those of the training rows; a test row beyond them is cut off there.
    """
    rows, labels = load_breast_cancer(return_X_y=True)
    parts = train_test_split(rows, labels, test_size=0.4, stratify=labels, random_state=0)
    train, test, of_train, of_test = (torch.from_numpy(part) for part in parts)
    low, high = train.amin(0), train.amax(0)
    train, test = ((part - low) / (high - low) for part in (train, test))
    return train, of_train.long(), test.clamp(0, 1), of_test.long(), low, high


def line(train: Tensor, labels: Tensor) -> nn.Linear:
    """Logistic regression of scikit-learn, as a model of two logits."""
    fitted = LogisticRegression(max_iter=2000).fit(train.numpy(), labels.numpy())
    model = nn.Linear(train.shape[1], 2).double()
    with torch.no_grad():
        model.weight[MALIGNANT], model.bias[MALIGNANT] = 0, 0
        model.weight[BENIGN] = torch.from_numpy(fitted.coef_[0])
        model.bias[BENIGN] = float(fitted.intercept_[0])
    return model.eval()


def network(train: Tensor, labels: Tensor) -> nn.Module:
    """A small network, trained on all rows at once."""
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        model = nn.Sequential(nn.Linear(train.shape[1], 16), nn.Tanh(), nn.Linear(16, 2)).double()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(300):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(train), labels).backward()
        optimizer.step()
    return model.eval()


def smallest(model: nn.Linear, rows: Tensor) -> Tensor:
    """The exact smallest epsilon at which the line reads each row as benign, in [0, 1]: by halving, 50 times.

    Within a box the lead of benign grows with epsilon, each feature moving with the sign of its weight (Goodfellow et
    al. 2015, section 3).
    """
    weight = (model.weight[BENIGN] - model.weight[MALIGNANT]).detach()
    bias = (model.bias[BENIGN] - model.bias[MALIGNANT]).detach()
    low, high = torch.zeros(len(rows)).double(), torch.ones(len(rows)).double()
    for _ in range(50):
        middle = (low + high) / 2
        lead = (rows + middle[:, None] * weight.sign()).clamp(0, 1) @ weight + bias
        low, high = torch.where(lead > 0, low, middle), torch.where(lead > 0, middle, high)
    return high


def quotients(rows: Tensor) -> Tensor:
    """The quotients that geometry constrains, for each row of features in their own units: [n, 4]."""
    return torch.stack([rows[:, top] / rows[:, below] ** power for top, below, power in QUOTIENTS], 1)


def beyond(changed: Tensor, real: Tensor) -> Tensor:
    """Mask of the changed rows with a quotient outside the range of the real rows."""
    seen, found = quotients(real), quotients(changed)
    return ((found < seen.amin(0)) | (found > seen.amax(0))).any(1)


@measurement
def diagnosis(profile: Profile) -> Result:
    """How many malignant rows are still read as malignant, by epsilon; and what the changed rows look like."""
    del profile  # a small data set: the same in every profile
    train, of_train, test, of_test, low, high = data()
    ill = test[of_test == MALIGNANT]
    labels = torch.full((len(ill),), MALIGNANT)
    straight = line(train, of_train)
    readers: dict[str, nn.Module] = {"line": straight, "network": network(train, of_train)}
    found: Result = {"n": len(ill), "rows": len(test), "train rows": len(train), "epsilon": EPSILON, "readers": {}}
    for name, model in readers.items():
        attacked, noisy = {}, {}
        for epsilon in EPSILONS:
            coins = torch.Generator().manual_seed(SEED)
            strong = attack(model, ill, labels, epsilon)
            noise = random_noise(model, ill, labels, epsilon, generator=coins)
            attacked[f"{epsilon:g}"] = still(model, strong)
            noisy[f"{epsilon:g}"] = still(model, noise)
        found["readers"][name] = {
            "accuracy": Proportion(int((predict(model, test) == of_test).sum()), len(test)).to_json(),
            "attacked": attacked,
            "noise": noisy,
        }
    changed = attack(straight, ill, labels, EPSILON)
    real = torch.from_numpy(load_breast_cancer().data)
    odd = beyond(low + changed * (high - low), real)
    found["odd"] = Proportion(int(odd.sum()), len(odd)).to_json()
    found["odd before"] = int(beyond(low + ill * (high - low), real).sum())
    needed = smallest(straight, ill)
    caught = predict(straight, ill) == MALIGNANT
    found["smallest"] = {"median": float(needed[caught].median()), "largest": float(needed[caught].max())}
    found["patient"] = patient(straight, ill[caught], needed[caught], low, high)
    return found


def attack(model: nn.Module, rows: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Rows changed to be read as benign: by one step for a line, where it is exact, and by many for a network."""
    targets = torch.full_like(labels, BENIGN)
    if isinstance(model, nn.Linear):
        return fgsm(model, rows, labels, epsilon, targets=targets)
    coins = torch.Generator().manual_seed(SEED)
    return pgd(model, rows, labels, epsilon, generator=coins, steps=STEPS, targets=targets)


def still(model: nn.Module, rows: Tensor) -> dict[str, float | int]:
    """The share that is read as malignant."""
    return Proportion(int((predict(model, rows) == MALIGNANT).sum()), len(rows)).to_json()


def patient(model: nn.Linear, rows: Tensor, needed: Tensor, low: Tensor, high: Tensor) -> Result:
    """The row of the median: its features that decide most, before and after the smallest change that is enough."""
    place = int(needed.argsort()[(len(needed) - 1) // 2])
    weight = (model.weight[BENIGN] - model.weight[MALIGNANT]).detach()
    row, epsilon = rows[place], float(needed[place])
    after = (row + epsilon * weight.sign()).clamp(0, 1)
    gained = weight * (after - row)
    names = load_breast_cancer().feature_names
    own = [(low + part * (high - low)).tolist() for part in (row, after)]
    features = [
        {"feature": str(names[k]), "before": own[0][k], "after": own[1][k], "share": float(gained[k] / gained.sum())}
        for k in gained.argsort(descending=True).tolist()[:SHOWN]
    ]
    return {"epsilon": epsilon, "features": features, "of": len(names)}
