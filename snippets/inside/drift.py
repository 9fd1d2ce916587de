# --8<-- [start:look]
import advlab
from advlab.activations import Activations
from advlab.data import subset
from advlab.evaluation import predict

model = advlab.trained("standard")
test = subset(100)

with Activations(model) as seen:
    predict(model, test.images)
for name, layer in seen.statistics().items():
    silent = 100 * layer.share_silent
    print(f"{name}: mean {layer.mean:.2f}, silent {silent:.0f}%")
# --8<-- [end:look]

# --8<-- [start:compare]
import torch

from advlab.activations import relative_drift
from advlab.attacks import fgsm, random_noise

attacked = fgsm(model, test.images, test.labels, epsilon=0.1)
coins = torch.Generator().manual_seed(0)
noisy = random_noise(model, test.images, test.labels, 0.1, generator=coins)

for name, changed in (("FGSM", attacked), ("noise", noisy)):
    drift = relative_drift(model, test.images, changed)
    print(name, *(f"{layer} {size:.2f}" for layer, size in drift.items()))
# --8<-- [end:compare]
