import torch

gradient = torch.tensor([0.5, -2.0, 0.25])
epsilon = 0.1
step = epsilon * gradient.sign()
print("the step:", [round(pixel, 3) for pixel in step.tolist()])
print(f"its gain: {float(gradient @ step):.3f}")
print(f"epsilon times the L1 norm: {epsilon * float(gradient.abs().sum()):.3f}")
