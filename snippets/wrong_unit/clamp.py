from advlab.data import MEAN, STD, subset
from advlab.models import Normalize

images = subset(1000).images  # pixels in [0, 1]
normalised = Normalize(MEAN, STD)(images)

epsilon, sign = 0.0, 1.0  # an attack of size nothing
attacked = (normalised + epsilon * sign).clamp(0, 1)  # limits of pixels

altered = (attacked != normalised).float().mean()
print(f"pixels altered at epsilon 0: {100 * altered:.1f}%")
back = attacked * STD + MEAN
print(f"black became {back.min():.3f}, white became {back.max():.3f}")
