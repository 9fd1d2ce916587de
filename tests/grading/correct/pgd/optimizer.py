"""An optimizer of the images, up the loss, fed with signs."""

import torch
import torch.nn.functional as F


def pgd(model, images, labels, epsilon, step_size, steps, generator):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    low, high = (images - epsilon).clamp(min=0), (images + epsilon).clamp(max=1)
    x = torch.lerp(images - epsilon, images + epsilon, torch.rand(images.shape, generator=generator))
    x = torch.nn.Parameter(torch.minimum(torch.maximum(x, low), high))
    optimizer = torch.optim.SGD([x], lr=step_size, maximize=True)
    for _ in range(steps):
        loss = F.nll_loss(model(x).log_softmax(1), labels)
        (gradient,) = torch.autograd.grad(loss, [x])
        x.grad = gradient.sign()
        optimizer.step()
        with torch.no_grad():
            x.copy_(torch.minimum(torch.maximum(x, low), high))
    for module, mode in modes.items():
        module.training = mode
    return x.detach()
