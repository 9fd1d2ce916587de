# --8<-- [start:setup]
import torch
import torch.nn.functional as F

from advlab import trained
from advlab.data import subset

model = trained("standard")  # takes pixels in [0, 1], returns logits
test = subset(100)
images, labels, epsilon = test.images, test.labels, 0.2
# --8<-- [end:setup]

# --8<-- [start:eval]
model.eval()
# --8<-- [end:eval]

# --8<-- [start:leaf]
images = images.clone().requires_grad_()
# --8<-- [end:leaf]

# --8<-- [start:forward]
outputs = model(images)
# --8<-- [end:forward]

# --8<-- [start:loss]
loss = F.cross_entropy(outputs, labels, reduction="sum")
# --8<-- [end:loss]

# --8<-- [start:gradient]
(gradient,) = torch.autograd.grad(loss, images)
# --8<-- [end:gradient]

# --8<-- [start:step]
moved = images + epsilon * gradient.sign()
# --8<-- [end:step]

# --8<-- [start:clip]
adversarial = moved.clamp(0, 1).detach()
# --8<-- [end:clip]

# --8<-- [start:check]
change = (adversarial - test.images).abs().max().item()
before = (outputs.argmax(1) == labels).sum().item()
after = (model(adversarial).argmax(1) == labels).sum().item()
print(f"largest change {change:.3f}")
print("inside [0, 1]:", bool(adversarial.min() >= 0 and adversarial.max() <= 1))
print("fewer right than before:", after < before)
# --8<-- [end:check]
