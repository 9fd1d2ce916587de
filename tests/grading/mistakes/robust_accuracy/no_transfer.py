"""The attacks are made on the model alone."""


def robust_accuracy(model, surrogate, images, labels, attacks):
    model.eval()
    surrogate.eval()
    right = model(images).argmax(1) == labels
    for attack in attacks:
        right &= model(attack(model, images, labels)).argmax(1) == labels
    return right.float().mean().item()
