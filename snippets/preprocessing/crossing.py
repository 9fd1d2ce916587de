# --8<-- [start:crossing]
import torch

pixels = torch.tensor([0.0, 0.15, 0.25, 0.45, 0.6, 0.75, 1.0])
epsilon = 0.3
lowest, highest = (pixels - epsilon).clamp(0, 1), (pixels + epsilon).clamp(0, 1)
can_cross = lowest.round() != highest.round()
print(can_cross.tolist())
# --8<-- [end:crossing]
