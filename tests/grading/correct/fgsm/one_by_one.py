"""One image at a time, and the log-probabilities by hand."""

import torch


def fgsm(model, images, labels, epsilon):
    was = model.training
    model.train(False)
    found = []
    for image, label in zip(images, labels, strict=True):
        x = image.detach().unsqueeze(0).clone().requires_grad_(True)
        surprise = -torch.log_softmax(model(x), dim=1)[0, label]
        gradient = torch.autograd.grad(surprise, x)[0]
        found.append((x.detach() + epsilon * gradient.sign()).clip(0, 1))
    model.train(was)
    return torch.cat(found)
