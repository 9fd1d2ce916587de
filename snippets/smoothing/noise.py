import torch

from advlab.data import subset

images, sigma = subset(20).images, 0.5

torch.manual_seed(0)
noisy = images + sigma * torch.randn_like(images)  # in training: anew for each batch
print("pixels below black and above white:", bool(noisy.min() < 0), bool(noisy.max() > 1))
