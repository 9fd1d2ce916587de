import torch

from advlab import trained
from advlab.data import subset

model = trained("standard")
digits = subset(1000)
with torch.no_grad():
    confidence, answer = model(digits.images).softmax(dim=1).max(dim=1)

wrong = answer != digits.labels
sure = confidence > 0.9
print(f"{int(wrong.sum())} of {len(digits)} wrong")
print(f"{int((wrong & sure).sum())} of them with confidence above 0.9")
