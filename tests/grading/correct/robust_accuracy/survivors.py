"""Only what is left is attacked again."""


def robust_accuracy(model, surrogate, images, labels, attacks):
    flags = model.training, surrogate.training
    model.eval()
    surrogate.eval()
    left = (model(images).argmax(1) == labels).nonzero().flatten()
    for attack in attacks:
        for made_on in (model, surrogate):
            attacked = attack(made_on, images[left], labels[left])
            left = left[model(attacked).argmax(1) == labels[left]]
    model.train(flags[0])
    surrogate.train(flags[1])
    return len(left) / len(images)
