# --8<-- [start:train]
import torch
import torch.nn.functional as F

from advlab.data import subset
from advlab.models import strided_cnn


def pgd(model, images, labels, epsilon, steps):
    """From a random point of the ball, uphill, and back into the ball."""
    attacked = images + epsilon * (2 * torch.rand_like(images) - 1)
    attacked = attacked.clamp(0, 1)
    for _ in range(steps):
        attacked.requires_grad_()
        loss = F.cross_entropy(model(attacked), labels)
        (gradient,) = torch.autograd.grad(loss, attacked)
        moved = attacked.detach() + 2 * epsilon / steps * gradient.sign()
        attacked = moved.clamp(images - epsilon, images + epsilon).clamp(0, 1)
    return attacked


def train(images, labels, epsilon, steps, epochs=3):
    torch.manual_seed(0)
    model = strided_cnn()
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)
    for _ in range(epochs):
        for batch in torch.randperm(len(images)).split(50):
            x, y = images[batch], labels[batch]
            if steps:
                x = pgd(model, x, y, epsilon, steps)
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model.eval()


# --8<-- [end:train]
# --8<-- [start:compare]
training, test = subset(6000, "train"), subset(200)
for steps in (0, 3):
    model = train(training.images, training.labels, 0.1, steps)
    attacked = pgd(model, test.images, test.labels, 0.1, 20)
    right = (model(attacked).argmax(1) == test.labels).float().mean().item()
    print(f"{steps} steps in training, nine in ten stand PGD: {right > 0.9}")
# --8<-- [end:compare]
