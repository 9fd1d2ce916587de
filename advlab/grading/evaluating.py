"""Grader of robust_accuracy: counting the worst case, on models and attacks whose verdicts are known in advance."""

import torch
from torch import Tensor, nn

from advlab.grading.verdict import COMMON, Exercise, Mistake, Solution

IMAGES, ATTACKS = 401, 3
CLASSES = 4
SEED = 7
#: Fractions of images: clean errors; what each attack breaks, run on the model and run on the surrogate.
CLEAN_ERRORS, OWN, SENT_OVER = 0.1, (0.20, 0.25, 0.10), (0.12, 0.06, 0.15)

HINTS = {
    **COMMON,
    "transfer_only": "You ran the attacks on the surrogate only. They fool the model where the two networks happen to "
    "agree. An attacker who knows the model itself does better, and that is the figure asked for.",
    "no_transfer": "You ran the attacks on the model only. Some images that survive them are broken by adversarial "
    "images of another network, and an attacker needs only one success.",
    "judges_the_surrogate": "The verdicts are the surrogate's. Whose answers should be counted?",
    "worst_attack": "You chose the strongest attack for all images together. An attacker chooses anew for each image.",
    "mean_of_attacks": "You averaged over attacks. The attacker does not toss a coin to choose one.",
    "last_attack": "Only one of the attacks counts in your figure: is a verdict overwritten by the next?",
    "flattering_denominator": "You divide by the images that were right before any attack. That answers another "
    "question; the exercise asks for the proportion of all images.",
    "forgets_clean_errors": "An image that is wrong without any attack counts as right in your figure if the attacks "
    "happen to repair it.",
    "attack_success": "That is what the attacks break. The exercise asks for what they leave.",
    "per_cent": "The number is right in per cent. The exercise asks for a proportion in [0, 1].",
    "train_mode": "The models came in train mode and were judged in it. In that mode they are other networks, which "
    "nobody will use.",
    "another_count": "The proportion differs from ours, and this grader does not recognise the mistake. Follow one "
    "image through all attacks, on paper.",
}


class Marked(nn.Module):
    """Model that reads its answer off the image: pixel 0 says whether it errs, 1 the class, 2 which image it is.

    Args:
        surrogate: whether it is the surrogate, which errs on pixel 3 instead.
    """

    def __init__(self, surrogate: bool) -> None:
        super().__init__()
        self.surrogate = surrogate
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, images: Tensor) -> Tensor:
        """Logits, one-hot; in training mode some answers change."""
        pixels = images.flatten(1)
        classes = (pixels[:, 1] * CLASSES).long()
        errs = pixels[:, 3 if self.surrogate else 0] > 0.5
        if self.training:
            errs = errs ^ (number(images) % 7 == 0)
        return self.scale * nn.functional.one_hot((classes + errs) % CLASSES, CLASSES).float()


def number(images: Tensor) -> Tensor:
    """Number of each image, read off its mark."""
    return (images.flatten(1)[:, 2] * IMAGES).round().long()


class Tabled:
    """Attack that breaks the images listed in its tables.

    Args:
        own: [images], whether it breaks an image when made on the model.
        sent_over: [images], whether it breaks an image when made on the surrogate.

    Source: advlab's own, made for the book's exercises.
    """

    def __init__(self, own: Tensor, sent_over: Tensor) -> None:
        self.own, self.sent_over = own, sent_over

    def __call__(self, model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """Images whose pixel 0 says whether the model errs, and pixel 3 whether the surrogate does.

        Args:
            model: the model or the surrogate, on which the images are made.
            images: [batch, 1, 2, 2], marked.
            labels: not used.

        Source: advlab's own, made for the book's exercises.
        """
        found, which = images.detach().clone(), number(images)
        on_surrogate = isinstance(model, Marked) and model.surrogate
        pixels = found.flatten(1)
        pixels[:, 0] = (self.sent_over if on_surrogate else self.own)[which].to(found.dtype)
        # Images made on the surrogate fool it most of the time, those made on the model seldom.
        pixels[:, 3] = ((which % 5 > 0) if on_surrogate else (which % 5 == 0)).to(found.dtype)
        return pixels.reshape(images.shape)


def tables() -> tuple[Tensor, Tensor, Tensor]:
    """Clean errors [images], and what each attack breaks [attacks, images]: run on the model, run on the surrogate."""
    chance = torch.Generator().manual_seed(SEED)
    clean = torch.rand(IMAGES, generator=chance) < CLEAN_ERRORS
    own = torch.stack([torch.rand(IMAGES, generator=chance) < share for share in OWN])
    sent_over = torch.stack([torch.rand(IMAGES, generator=chance) < share for share in SENT_OVER])
    return clean, own, sent_over


def shares() -> dict[str, float]:
    """The right proportion, under "", and that of each mistake, by its hint; words after a blank name variants."""
    clean, own, sent_over = tables()
    every = torch.cat([own, sent_over])
    left = ~clean & ~every.any(0)
    odd = torch.arange(IMAGES) % 7 == 0
    fooled = torch.arange(IMAGES) % 5
    surrogates = ~(fooled == 0) & ~(fooled > 0)  # none: some attack fools the surrogate on every image

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
            raise Mistake("returns", f"expected a proportion, one number; got a {type(found).__name__}")
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
        f"the worst case over {ATTACKS} attacks, each run on the model and on the surrogate, image by image",
        "images that are wrong without an attack stay wrong; the proportion is that of all images",
        "verdicts are the model's, in evaluation mode",
    ]


ROBUST_ACCURACY = Exercise(_grade, HINTS)
