# --8<-- [start:attack]
import torch
import torch.nn.functional as F


def fgsm(model, images, labels, epsilon):
    model.eval()
    pixels = images.detach().clone().requires_grad_()
    loss = F.cross_entropy(model(pixels), labels)
    (gradient,) = torch.autograd.grad(loss, pixels)
    return (images - epsilon * gradient.sign()).clamp(0, 1).detach()


# --8<-- [end:attack]

# --8<-- [start:check]
if __name__ == "__main__":  # here, and not when the file is imported
    from advlab.grading import check

    print("exit status", 0 if check("fgsm", fgsm) else 1)
# --8<-- [end:check]
