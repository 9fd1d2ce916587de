import torch

from advlab.data import subset
from advlab.defenses import certified_loss, ramped
from advlab.defenses.certifiable import small_certifiable_cnn

torch.manual_seed(0)
train, model, steps = subset(2000, "train"), small_certifiable_cnn().train(), 100
optimizer = torch.optim.Adam(model.parameters(), 1e-3)

for step in range(steps):
    epsilon = ramped(step / steps, 0.02, 0.6, 0.0, 0.1)  # the ball grows from nothing
    chosen = torch.randint(0, len(train), (100,))
    loss = certified_loss(model, train.images[chosen], train.labels[chosen], epsilon, kappa=0.0)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("better than a guess among ten:", loss.item() < 2.3)
