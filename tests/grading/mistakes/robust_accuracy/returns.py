"""The verdicts, not their share."""


def robust_accuracy(model, surrogate, images, labels, attacks):
    model.eval()
    surrogate.eval()
    right = model(images).argmax(1) == labels
    for attack in attacks:
        for made_on in (model, surrogate):
            right &= model(attack(made_on, images, labels)).argmax(1) == labels
    return right
