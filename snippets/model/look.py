from advlab.data import mnist

train, test = mnist("train"), mnist("test")
images = train.images

print("images", tuple(images.shape), "and", tuple(test.images.shape))
print("pixels from", images.min().item(), "to", images.max().item())
print(f"mean {images.mean().item():.4f}, deviation {images.std().item():.4f}")
print(f"exactly black: {(images == 0).float().mean().item():.3f}")
print("the first labels:", train.labels[:8].tolist())
