import torch

from advlab import trained
from advlab.attacks import patched, train_patch
from advlab.data import subset
from advlab.evaluation import predict

model, train, test = trained("standard"), subset(500, "train"), subset(100)
coins = torch.Generator().manual_seed(0)
options = {"size": 19, "target": 3, "steps": 40, "generator": coins}
patch = train_patch(model, train.images, train.labels, **options)

others = test.labels != 3
images, labels = test.images[others], test.labels[others]
shares = {}
for name, picture in (("patch", patch), ("grey", torch.full_like(patch, 0.5))):
    places = torch.Generator().manual_seed(1)  # the same places for both
    pasted = patched(model, images, labels, patch=picture, generator=places)
    shares[name] = float((predict(model, pasted) == 3).float().mean())
more = shares["patch"] > shares["grey"] + 0.1
print("read as a three more often than with a grey spot:", more)
