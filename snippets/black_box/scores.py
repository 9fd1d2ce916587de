# --8<-- [start:search]
import torch


def lead(scores, label):
    """By how much the true class leads the best of the others."""
    others = torch.cat([scores[:label], scores[label + 1 :]])
    return float(scores[label] - others.max())


@torch.no_grad()
def squares(model, image, label, epsilon, queries, generator, side=6):
    """Keeps every square of one random sign that narrows the lead."""
    best, least = image, lead(model(image)[0], label)
    for query in range(2, queries + 1):
        free = image.shape[-1] - side + 1
        row, column = torch.randint(free, (2,), generator=generator)
        sign = 2 * int(torch.randint(2, (), generator=generator)) - 1
        place = (..., slice(row, row + side), slice(column, column + side))
        trial = best.clone()
        trial[place] = (image[place] + sign * epsilon).clamp(0, 1)
        found = lead(model(trial)[0], label)
        if found < least:
            best, least = trial, found
        if least < 0:
            return best, query
    return best, None


# --8<-- [end:search]
# --8<-- [start:use]
from advlab import trained
from advlab.data import subset

model, test = trained("standard"), subset(10)
coins = torch.Generator().manual_seed(0)
spent = [
    squares(model, image[None], int(label), 0.3, 500, coins)[1]
    for image, label in zip(test.images, test.labels, strict=True)
]
broken = sum(queries is not None for queries in spent)
print(f"n = {len(spent)}, more than half broken: {broken > len(spent) / 2}")
# --8<-- [end:use]
