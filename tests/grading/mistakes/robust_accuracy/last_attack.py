"""A verdict is overwritten by the next."""


def robust_accuracy(model, surrogate, images, labels, attacks):
    model.eval()
    surrogate.eval()
    clean = model(images).argmax(1) == labels
    for attack in attacks:
        for made_on in (model, surrogate):
            right = clean & (model(attack(made_on, images, labels)).argmax(1) == labels)
    return right.float().mean().item()
