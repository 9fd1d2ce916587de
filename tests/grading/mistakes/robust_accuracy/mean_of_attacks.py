"""The mean of the accuracies."""


def robust_accuracy(model, surrogate, images, labels, attacks):
    model.eval()
    surrogate.eval()
    found = []
    for attack in attacks:
        for made_on in (model, surrogate):
            right = model(attack(made_on, images, labels)).argmax(1) == labels
            found.append(right.float().mean().item())
    return sum(found) / len(found)
