"""The lowest of the accuracies."""


def robust_accuracy(model, surrogate, images, labels, attacks):
    model.eval()
    surrogate.eval()
    clean = model(images).argmax(1) == labels
    found = []
    for attack in attacks:
        for made_on in (model, surrogate):
            right = model(attack(made_on, images, labels)).argmax(1) == labels
            found.append((clean & right).float().mean().item())
    return min(found)
