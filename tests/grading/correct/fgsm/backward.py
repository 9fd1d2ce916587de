"""backward(), with what it fills emptied; the flags of the modules are put back."""

import torch
import torch.nn.functional as F


def fgsm(model, images, labels, epsilon):
    flags = [(module, module.training) for module in model.modules()]
    model.eval()
    attacked = images.detach().clone()
    attacked.requires_grad = True
    loss = F.cross_entropy(model(attacked), labels, reduction="sum")
    loss.backward()
    model.zero_grad()
    with torch.no_grad():
        result = torch.clamp(attacked + epsilon * torch.sign(attacked.grad), min=0, max=1)
    for module, flag in flags:
        module.train(flag) if not list(module.children()) else setattr(module, "training", flag)
    return result
