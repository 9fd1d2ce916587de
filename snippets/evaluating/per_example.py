import torch

# --8<-- [start:count]
# One row an attack, one column an image: is the answer still right?
right = torch.tensor(
    [
        [True, True, False, False],
        [True, False, True, False],
        [False, True, True, False],
    ]
)
print("each attack alone:", right.float().mean(dim=1).tolist())
print("the strongest attack:", right.float().mean(dim=1).min().item())
print("worst case of each image:", right.all(dim=0).float().mean().item())
# --8<-- [end:count]
