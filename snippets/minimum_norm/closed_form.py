# --8<-- [start:setup]
import torch
from torch import nn

model = nn.Sequential(nn.Flatten(), nn.Linear(2, 2))
with torch.no_grad():
    model[1].weight.copy_(torch.tensor([[0.0, 0.0], [2.0, 1.0]]))
    model[1].bias.copy_(torch.tensor([0.0, -1.8]))
image, label = torch.tensor([[[0.4, 0.45]]]), torch.tensor([0])
# --8<-- [end:setup]

# --8<-- [start:step]
point = image.clone().requires_grad_()
logits = model(point)
f = logits[0, 1] - logits[0, 0]  # how far the other class is ahead: below 0
(w,) = torch.autograd.grad(f, point)
step = f.detach().abs() / w.norm() ** 2 * w
print("the step:", [round(pixel, 3) for pixel in step.flatten().tolist()])
print(f"its length: {step.norm():.3f}, by the formula: {f.abs() / w.norm():.3f}")
# --8<-- [end:step]

# --8<-- [start:library]
from advlab.attacks import deepfool

fooled = deepfool(model, image, label, overshoot=0.02)
print("the library's step is this one, and a fiftieth more:", torch.allclose(fooled - image, 1.02 * step))
# --8<-- [end:library]
