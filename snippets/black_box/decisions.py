import torch

from advlab import trained
from advlab.data import subset

model, images = trained("standard"), subset(20).images


@torch.no_grad()
def decision(image):  # all that this attacker ever gets
    return int(model(image).argmax())


noise = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
image = next(one for one in images.split(1) if decision(one) != decision(noise))
label, queries = decision(image), 2

near, far = 0.0, 1.0  # shares of noise: still right, already wrong
while far - near > 1e-3:
    middle, queries = (near + far) / 2, queries + 1
    if decision(image.lerp(noise, middle)) == label:
        near = middle
    else:
        far = middle

print(f"{queries} queries; the way left is {far - near:.4f} of the line")
print("wrong at its end:", decision(image.lerp(noise, far)) != label)
