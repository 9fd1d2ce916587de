"""What the page on practice measures: confidence and calibration under attack, and an audit of an undefended model."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from advlab import zoo
from advlab.attacks import fgsm, pgd
from advlab.audit import audit
from advlab.chapters.practice.drift import fresh_generator, over_windows
from advlab.chapters.shared.audits import EPSILON, audit_summary, robust_only, standard_only
from advlab.data import Dataset, indices, mnist
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, logits
from advlab.monitoring import calibration_error, confidences, fit_temperature, reliability

#: Numbers of images to attack, and of other, clean ones to fit a temperature and limits on; the rest is monitored.
IMAGES, HELD_OUT = 500, 4000
#: Steps of PGD, and of the PGD that has to make the model confident.
STEPS, SURE_STEPS = 10, 20
#: The share of clean images that an alert on low confidence may refer to a human.
ALERTED = 0.05
#: An answer given with more than this probability is called confident.
CONFIDENT = 0.9
#: The number of points on the line from an image to PGD's result among which an attacker picks a confidence.
POINTS = 13
#: The range and width of bins of confidence in nines: minus the base-ten logarithm of the distance to certainty.
NINES, WIDTH = 12, 0.5

Result = dict[str, Any]


def parts(profile: Profile) -> tuple[Dataset, Dataset, Dataset]:
    """Test images to attack; others, drawn with the page's seed, to fit on; all the rest, clean, to monitor."""
    whole = mnist("test")
    free = torch.ones(len(whole), dtype=torch.bool)
    attacked = indices(min(IMAGES, profile.slow_images))
    free[attacked] = False
    rest = free.nonzero()[:, 0]
    rest = rest[torch.randperm(len(rest), generator=fresh_generator())]
    cut = (attacked, rest[:HELD_OUT], rest[HELD_OUT:])
    fit_on, held, watched = (Dataset(whole.images[one], whole.labels[one]) for one in cut)
    return fit_on, held, watched


def plain(model: nn.Module, test: Dataset) -> dict[str, Tensor]:
    """Adversarial images by an attacker in a hurry (FGSM) and by a thorough one (PGD)."""
    return {
        "FGSM": fgsm(model, test.images, test.labels, EPSILON),
        "PGD": pgd(
            model,
            test.images,
            test.labels,
            EPSILON,
            generator=fresh_generator(),
            steps=STEPS,
        ),
    }


def fitted(model: nn.Module, test: Dataset, broken: Tensor, clean: Tensor) -> Tensor:
    """Adversarial images whose wrong answers are as confident as clean answers, since the attacker knows the monitors.

    PGD towards the likeliest wrong class makes the model sure of it. On the line from the image to that point, which
    lies in the ball as both its ends do, the attacker takes the wrong answer whose confidence is nearest to one drawn
    from the clean ones. Where nothing on the line is wrong, `broken`'s image stays.

    Args:
        broken: what PGD made of the images.
        clean: confidences of clean images.
    """
    others = logits(model, broken).scatter(1, test.labels[:, None], -torch.inf)
    far = pgd(
        model,
        test.images,
        test.labels,
        EPSILON,
        generator=fresh_generator(),
        steps=SURE_STEPS,
        targets=others.argmax(1),
    )
    aim = nines(clean[torch.randint(len(clean), (len(far),), generator=fresh_generator())])
    best, chosen = torch.full((len(far),), torch.inf, dtype=torch.float64), broken.clone()
    for share in torch.linspace(1, 0, POINTS)[:-1].tolist():
        there = torch.lerp(test.images, far, share)
        answered = logits(model, there)
        away = (nines(confidences(answered)) - aim).abs()
        better = (answered.argmax(1) != test.labels) & (away < best)
        best, chosen = torch.where(better, away, best), torch.where(better[:, None, None, None], there, chosen)
    return chosen


def nines(confidence: Tensor) -> Tensor:
    """Confidence in nines, a scale that separates 99% and 99.9%: 1 for 90%, 2 for 99%; at most `NINES`."""
    return -torch.log10((1 - confidence).clamp(min=10.0**-NINES))


def histogram(confidence: Tensor) -> list[float]:
    """The share of answers in each bin of nines; zeros if there is no answer."""
    if len(confidence) == 0:
        return [0.0] * int(NINES / WIDTH)
    counts = torch.histc(nines(confidence), bins=int(NINES / WIDTH), min=0, max=NINES)
    return [float(one) / len(confidence) for one in counts]


def examined(model: nn.Module, profile: Profile, monitored: bool) -> Result:
    """Confidence, an alert on low confidence and calibration, on clean images and under attack.

    Args:
        monitored: whether to measure monitors of windows, too, and the attacker who knows of them.
    """
    test, held, watched = parts(profile)
    quiet = logits(model, held.images)
    temperature = fit_temperature(quiet, held.labels)
    # At most the required share of the clean images that the limit is set on lies below it.
    limit = float(confidences(quiet).sort().values[int(ALERTED * len(held))])
    answers = {"clean": (logits(model, watched.images), watched.labels)}
    attacked = plain(model, test)
    if monitored:
        attacked["PGD, fitted"] = fitted(model, test, attacked["PGD"], confidences(quiet))
    for name, images in attacked.items():
        answers[name] = (logits(model, images), test.labels)
    windows = over_windows(confidences(quiet), answers) if monitored else None
    return {
        "n": len(test),
        "epsilon": EPSILON,
        "steps": STEPS,
        "held out": len(held),
        "watched": len(watched),
        "temperature": temperature,
        "limit": limit,
        "under": {name: answered(*one, temperature, limit) for name, one in answers.items()},
        "windows": windows,
    }


def answered(given: Tensor, labels: Tensor, temperature: float, limit: float) -> Result:
    """Confidence of the answers, their calibration, and how many an alert would catch."""
    right, sure, cooled = given.argmax(1) == labels, confidences(given), confidences(given, temperature)
    wrong = sure[~right]
    missed = Proportion(int((wrong >= limit).sum()), len(wrong)).to_json() if len(wrong) else None
    return {
        "accuracy": share(right),
        "mean confidence": float(sure.mean()),
        "alerts": share(sure < limit),
        "errors": len(wrong),
        "errors that are confident": share(wrong > CONFIDENT) if len(wrong) else None,
        "errors without an alert": missed,
        "right, by nines": histogram(sure[right]),
        "wrong, by nines": histogram(wrong),
        "before": calibrated(sure, right),
        "after": calibrated(cooled, right),
    }


def calibrated(confidence: Tensor, right: Tensor) -> Result:
    """The calibration error and the dots of the reliability diagram."""
    dots = [[one.n, one.confidence, one.accuracy] for one in reliability(confidence, right) if one.n]
    return {"error": calibration_error(confidence, right), "bins": dots}


def share(of: Tensor) -> dict[str, float | int]:
    """The share of true verdicts, with its interval."""
    return Proportion(int(of.sum()), len(of)).to_json()


@measurement(trainings=standard_only)
def standard(profile: Profile) -> Result:
    """Confidence, calibration and monitors of the standard model: clean, under FGSM, PGD, PGD fitted to monitors."""
    return examined(zoo.trained(zoo.for_profile(zoo.STANDARD, profile)), profile, monitored=True)


@measurement(trainings=robust_only)
def robust(profile: Profile) -> Result:
    """Confidence and calibration of the model trained on PGD's images: clean, under FGSM and PGD."""
    return examined(zoo.trained(zoo.for_profile(zoo.ROBUST, profile)), profile, monitored=False)


@measurement(trainings=standard_only)
def audited(profile: Profile) -> Result:
    """A quick audit of the undefended standard model, L-infinity .2, seed 0."""
    return audit_summary(
        audit(
            zoo.trained(zoo.for_profile(zoo.STANDARD, profile)),
            EPSILON,
            quick=True,
            name="standard",
        )
    )
