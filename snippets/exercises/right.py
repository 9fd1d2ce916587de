# --8<-- [start:attack]
import torch
import torch.nn.functional as F


def fgsm(model, images, labels, epsilon):
    was = [(module, module.training) for module in model.modules()]
    model.eval()
    pixels = images.detach().clone().requires_grad_()
    loss = F.cross_entropy(model(pixels), labels)
    (gradient,) = torch.autograd.grad(loss, pixels)
    for module, training in was:
        module.training = training
    return (images + epsilon * gradient.sign()).clamp(0, 1).detach()


# --8<-- [end:attack]

# --8<-- [start:check]
if __name__ == "__main__":
    from advlab.grading import check

    check("fgsm", fgsm)
# --8<-- [end:check]
