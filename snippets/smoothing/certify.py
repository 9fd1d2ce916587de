# --8<-- [start:count]
import torch

from advlab import trained
from advlab.data import subset

model, image, sigma = trained("smoothed"), subset(20).images[3], 0.5

generator = torch.Generator().manual_seed(0)
with torch.no_grad():
    noise = torch.randn(1000, 1, 28, 28, generator=generator)
    votes = model(image + sigma * noise).argmax(dim=1)  # not clipped: pixels may leave the range
guess = int(votes[:100].mode().values)  # the first draws choose the class ...
agree, n = int((votes[100:] == guess).sum()), 900  # ... the others bound its probability
# --8<-- [end:count]

# --8<-- [start:radius]
from statistics import NormalDist

from statsmodels.stats.proportion import proportion_confint

alpha = 0.001  # one-sided: statsmodels puts half of its alpha at each end
low = float(proportion_confint(agree, n, alpha=2 * alpha, method="beta")[0])
radius = sigma * NormalDist().inv_cdf(low) if low > 0.5 else 0.0
print(f"{agree} of {n} draws are a {guess}; its probability is at least {low:.3f}")
print(f"proved within an L2 radius of {radius:.2f}")
# --8<-- [end:radius]
