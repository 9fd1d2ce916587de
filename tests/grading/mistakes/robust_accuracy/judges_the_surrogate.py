"""The surrogate judges what was made on it."""


def robust_accuracy(model, surrogate, images, labels, attacks):
    model.eval()
    surrogate.eval()
    right = surrogate(images).argmax(1) == labels
    for attack in attacks:
        right &= surrogate(attack(surrogate, images, labels)).argmax(1) == labels
    return right.float().mean().item()
