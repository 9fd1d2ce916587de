import torch

from advlab.models import Contrast

layer = Contrast(0.32, 0.68)  # from these grey levels to 0 and 1; beyond them nearly flat
for name, pixel in (("black", 0.0), ("grey", 0.5), ("white", 1.0)):
    ball = torch.tensor([pixel - 0.3, pixel + 0.3]).clamp(0, 1)
    lower, upper = layer(ball).tolist()
    print(f"{name}: {upper - lower:.3f} wide")
