from advlab.models import SimpleCNN

normalize = SimpleCNN().normalize
for pixel in (0.0, 0.5, 1.0):
    print(f"pixel {pixel:.1f} becomes {normalize(pixel).item():6.3f}")

epsilon = 0.1  # in pixels
step = epsilon / normalize.std.item()
print(f"a step of {epsilon} becomes a step of {step:.3f}")
