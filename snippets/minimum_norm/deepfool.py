# --8<-- [start:function]
import torch


def deepfool_l2(model, image, label, steps=50, overshoot=0.02):
    """One image [1, ...] in [0, 1], in L2: DeepFool, algorithm 2 of the paper."""
    fooled, total = image, torch.zeros_like(image)
    for _ in range(steps + 1):
        if model(fooled)[0].argmax() != label:
            return fooled
        point = (image + total).clamp(0, 1).requires_grad_()
        logits = model(point)[0]
        nearest = None
        for other in (k for k in range(len(logits)) if k != label):
            f = logits[other] - logits[label]
            (w,) = torch.autograd.grad(f, point, retain_graph=True)
            distance = f.abs() / w.norm()
            if nearest is None or distance < nearest[0]:
                nearest = (distance, w)
        distance, w = nearest
        total = total + distance.detach() * w / w.norm()
        fooled = (image + (1 + overshoot) * total).clamp(0, 1)
    return image


# --8<-- [end:function]


# --8<-- [start:compare]
from advlab import trained
from advlab.attacks import deepfool
from advlab.data import subset

model, test = trained("standard"), subset(10)
ours = deepfool(model, test.images, test.labels)
for number in range(3):
    image, label = test.images[number : number + 1], int(test.labels[number])
    alone = deepfool_l2(model, image, label)
    print(f"a {label}: the same to a thousandth:", torch.allclose(alone, ours[number], atol=1e-3))
# --8<-- [end:compare]
