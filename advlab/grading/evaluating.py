"""Grader of robust_accuracy: counting the worst case, on models and attacks whose verdicts are known in advance."""

import torch
from torch import Tensor, nn

from advlab.grading.verdict import COMMON, Exercise, Mistake, Solution

IMAGES, ATTACKS = 401, 3
CLASSES = 4
SEED = 7
#: Shares: of clean errors; of what each attack breaks, made on the model and made on the surrogate.
CLEAN_ERRORS, OWN, SENT_OVER = 0.1, (0.20, 0.25, 0.10), (0.12, 0.06, 0.15)

HINTS = {
    **COMMON,
    "transfer_only": "You have made the attacks on the surrogate only. They fool the model where the two networks "
    "happen to agree. Who knows the model itself does better, and that figure is the one asked for.",
    "no_transfer": "You have made the attacks on the model only. On some images what another network sends over breaks "
    "what those did not, and an attacker needs one success.",
    "judges_the_surrogate": "The verdicts are the surrogate's. Whose answers are to be counted?",
    "worst_attack": "You have chosen the strongest attack for all images together. An attacker chooses anew for each "
    "image.",
    "mean_of_attacks": "You have averaged over attacks. The attacker does not toss a coin which one to use.",
    "last_attack": "Only one of the attacks counts in your figure: is a verdict overwritten by the next?",
    "flattering_denominator": "You divide by the images that were right before any attack. That answers another "
    "question; asked for was the share of all.",
    "forgets_clean_errors": "An image that is wrong without any attack counts as right in your figure if the attacks "
    "happen to repair it.",
    "attack_success": "That is what the attacks break. Asked for is what they leave.",
    "per_cent": "The number is right in per cent. Asked for is a share in [0, 1].",
    "train_mode": "The models came in train mode and were judged so. It is another network, which nobody will use.",
    "another_count": "The share is another one, and none that this grader knows by sight. Follow one image through all "
    "attacks, on paper.",
}


class Marked(nn.Module):
    """Reads its answer off the image: pixel 0 says whether it errs, pixel 1 the class, pixel 2 which image it is.

    Args:
        surrogate: errs on pixel 3 instead.
    """

    def __init__(self, surrogate: bool) -> None:
        super().__init__()
        self.surrogate = surrogate
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, images: Tensor) -> Tensor:
        """Logits, one-hot; in train mode some answers turn."""
        pixels = images.flatten(1)
        classes = (pixels[:, 1] * CLASSES).long()
        errs = pixels[:, 3 if self.surrogate else 0] > 0.5
        if self.training:
            errs = errs ^ (number(images) % 7 == 0)
        return self.scale * nn.functional.one_hot((classes + errs) % CLASSES, CLASSES).float()


def number(images: Tensor) -> Tensor:
    """Which images these are, by their mark."""
    return (images.flatten(1)[:, 2] * IMAGES).round().long()


class Tabled:
    """An attack that breaks what its tables say: one for images made on the model, one for those of the surrogate."""

    def __init__(self, own: Tensor, sent_over: Tensor) -> None:
        self.own, self.sent_over = own, sent_over

    def __call__(self, model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """Images whose pixel 0 says whether the model errs, and pixel 3 whether the surrogate does."""
        found, which = images.detach().clone(), number(images)
        on_surrogate = isinstance(model, Marked) and model.surrogate
        pixels = found.flatten(1)
        pixels[:, 0] = (self.sent_over if on_surrogate else self.own)[which].to(found.dtype)
        # What is made on the surrogate fools the surrogate most of the time, and the other way round seldom.
        pixels[:, 3] = ((which % 5 > 0) if on_surrogate else (which % 5 == 0)).to(found.dtype)
        return pixels.reshape(images.shape)


def tables() -> tuple[Tensor, Tensor, Tensor]:
    """Clean errors [images], and what each attack breaks, [attacks, images]: on the model, from the surrogate."""
    chance = torch.Generator().manual_seed(SEED)
    clean = torch.rand(IMAGES, generator=chance) < CLEAN_ERRORS
    own = torch.stack([torch.rand(IMAGES, generator=chance) < share for share in OWN])
    sent_over = torch.stack([torch.rand(IMAGES, generator=chance) < share for share in SENT_OVER])
    return clean, own, sent_over


def shares() -> dict[str, float]:
    """The right share, under "", and what each mistake would count, by its hint; what follows a blank tells apart."""
    clean, own, sent_over = tables()
    every = torch.cat([own, sent_over])
    left = ~clean & ~every.any(0)
    odd = torch.arange(IMAGES) % 7 == 0
    fooled = torch.arange(IMAGES) % 5
    surrogates = ~(fooled == 0) & ~(fooled > 0)  # nothing: some attack fools it on every image

    def share(which: Tensor) -> float:
        return float(which.double().mean())

    by_attack = [share(~clean & ~broken) for broken in every]
    return {
        "": share(left),
        "transfer_only": share(~clean & ~sent_over.any(0)),
        "transfer_only repaired": share(~sent_over.any(0)),
        "no_transfer": share(~clean & ~own.any(0)),
        "no_transfer repaired": share(~own.any(0)),
        "judges_the_surrogate": share(surrogates),
        "judges_the_surrogate own": share(fooled == 0),
        "judges_the_surrogate model": share(fooled > 0),
        "worst_attack": min(by_attack),
        "worst_attack repaired": min(share(~broken) for broken in every),
        "worst_attack own": min(by_attack[:ATTACKS]),
        "mean_of_attacks": sum(by_attack) / len(by_attack),
        "mean_of_attacks repaired": share(~every),
        "mean_of_attacks own": sum(by_attack[:ATTACKS]) / ATTACKS,
        "last_attack": by_attack[-1],
        "last_attack own": by_attack[ATTACKS - 1],
        "last_attack repaired": share(~every[-1]),
        "last_attack own, repaired": share(~own[-1]),
        "flattering_denominator": share(left) / share(~clean),
        "forgets_clean_errors": share(~every.any(0)),
        "attack_success": 1 - share(left),
        "attack_success of those right": 1 - share(left) / share(~clean),
        "per_cent": 100 * share(left),
        "train_mode": share(~(clean ^ odd) & ~(every ^ odd).any(0)),
        "train_mode repaired": share(~(every ^ odd).any(0)),
    }


def _grade(solution: Solution) -> list[str]:
    clean, own, sent_over = tables()
    images = torch.zeros(IMAGES, 1, 2, 2)
    labels = torch.arange(IMAGES) % CLASSES
    pixels = images.view(IMAGES, 4)
    pixels[:, 0] = clean.float()
    pixels[:, 1] = (labels + 0.5) / CLASSES
    pixels[:, 2] = torch.arange(IMAGES) / IMAGES
    model, surrogate = Marked(surrogate=False), Marked(surrogate=True)
    before = images.clone()
    attacks = [Tabled(*broken) for broken in zip(own, sent_over, strict=True)]
    for mode in (False, True):
        model.train(mode)
        surrogate.train(mode)
        found = solution(model, surrogate, images, labels, list(attacks))
        if isinstance(found, torch.Tensor) and found.numel() == 1:
            found = found.item()
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise Mistake("returns", f"a share, one number, was asked for; a {type(found).__name__} came back")
        if not torch.equal(images, before):
            raise Mistake("another_count", "your function has written into the caller's images")
        expected = shares()
        right = expected.pop("")
        if abs(found - right) < 1e-6:
            continue
        seen = f"{found:.4g}; the worst case for each image leaves {right:.4g}"
        if mode:
            raise Mistake("train_mode", seen)
        for hint, wrong in expected.items():
            if abs(found - wrong) < 1e-6:
                raise Mistake(hint.partition(" ")[0], seen)
        raise Mistake("another_count", seen)
    return [
        f"the worst case over {ATTACKS} attacks, each made on the model and on the surrogate, image by image",
        "images that are wrong without an attack stay wrong; the share is one of all",
        "verdicts are the model's, in evaluation mode",
    ]


ROBUST_ACCURACY = Exercise(_grade, HINTS)
