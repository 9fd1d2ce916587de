from torch import nn

from advlab.attacks import fgsm
from advlab.data import MEAN, STD, subset
from advlab.models import Normalize

network = nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 10))  # yours, which takes normalised images
model = nn.Sequential(Normalize(MEAN, STD), network)  # takes pixels

test = subset(100)
adversarial = fgsm(model, test.images, test.labels, epsilon=0.1)

change = (adversarial - test.images).abs().max()
print(f"largest change: {change:.3f} of a pixel")
print(f"range: {adversarial.min():.1f} to {adversarial.max():.1f}")
