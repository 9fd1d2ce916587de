"""The worst case of the library."""

from functools import partial

from advlab.evaluation import worst_case


def sent_over(attack, surrogate, model, images, labels):
    surrogate.eval()
    return attack(surrogate, images, labels)


def robust_accuracy(model, surrogate, images, labels, attacks):
    every = {f"{number} on the model": attack for number, attack in enumerate(attacks)}
    every |= {f"{number} sent over": partial(sent_over, attack, surrogate) for number, attack in enumerate(attacks)}
    return worst_case(model, images, labels, every).robust_accuracy.value
