import torch
import torch.nn.functional as F

from advlab.data import subset
from advlab.models import SimpleCNN

torch.manual_seed(0)
digits = subset(1000, "train")
model = SimpleCNN()
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)

model.train()  # dropout on
for epoch in range(4):
    losses = []
    for batch in torch.randperm(len(digits)).split(50):
        logits = model(digits.images[batch])
        loss = F.cross_entropy(logits, digits.labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"epoch {epoch + 1}: loss {sum(losses) / len(losses):.1f}")
