"""Checks of the model as it was handed over: its modes, its outputs, the unit that it expects."""

from advlab.audit.flag import ATHALYE, CARLINI, DISTILLATION, PINTOR, Flag, percent, stronger
from advlab.audit.probe import Probe
from advlab.evaluation import Proportion

#: Gain in clean accuracy from which on another unit than pixels is called the right one.
GAIN = 0.01


def training_mode(probe: Probe) -> Flag | None:
    """Flag dropout or batch statistics at work in the model as it was handed over."""
    if not probe.training:
        return None
    return Flag(
        "training mode left on", "setup",
        f"in the mode it came in, {percent(probe.training)} of the outputs differ from those in evaluation mode "
        f"({probe.left_training} modules in training mode)",
        "Dropout and batch statistics make answers depend on chance and on neighbours. The audit ran in evaluation "
        "mode, so it measured another model than the one handed over.",
        CARLINI, "call model.eval() in the factory, and wherever the model is used",
    )  # fmt: skip


def neighbours(probe: Probe) -> Flag | None:
    """Flag outputs for an image that depend on the other images of the batch."""
    if not probe.neighbours:
        return None
    return Flag(
        "answers depend on the batch", "setup",
        f"{percent(probe.neighbours)} of the outputs change when an image is given alone",
        "An attack then changes its neighbours' answers too, and no image has an answer of its own. Batch "
        "normalisation that uses the batch's own statistics does this.",
        CARLINI, "freeze the statistics: model.eval(), track_running_stats=True",
    )  # fmt: skip


def normalisation(right: dict[str, list[bool]]) -> Flag | None:
    """Flag a model that classifies images much better in another unit than pixels."""
    for unit, answers in right.items():
        if unit == "pixels":
            continue
        said = stronger(right["pixels"], answers)
        gain = (sum(answers) - sum(right["pixels"])) / len(answers)
        if said and gain > GAIN:
            return Flag(
                "normalisation outside the model", "setup",
                f"clean accuracy is {percent(sum(right['pixels']) / len(answers))} on pixels in [0, 1], and "
                f"{percent(sum(answers) / len(answers))} on the same images in the unit {unit!r}",
                "The model was trained in another unit. On pixels it is another function, and epsilon means nothing.",
                CARLINI, "put the normalisation inside: nn.Sequential(Normalize(mean, std), model)",
            )  # fmt: skip
    return None


def at_chance(clean: Proportion, classes: int) -> Flag | None:
    """Flag a model that is hardly better than guessing before any attack.

    Args:
        clean: accuracy without an attack.
        classes: the number of the model's classes.

    Returns:
        The flag; None where the accuracy is above chance, its interval included.

    Source: Carlini et al. 2019 (arXiv 1902.06705).
    """
    if clean.low > 1 / classes:
        return None
    return Flag(
        "clean accuracy at chance", "setup",
        f"{percent(clean.value)} without any attack; guessing among {classes} classes gives {percent(1 / classes)}",
        "There is no accuracy that an attack could take away. The usual cause: labels counted from another start, or "
        "images in another order or unit.",
        CARLINI, "check that images and labels belong together and are what the model was trained on",
    )  # fmt: skip


def outputs(probe: Probe) -> Flag | None:
    """Flag probabilities, or their logarithms, where logits are expected."""
    if probe.output == "logits":
        return None
    softmax = probe.output == "softmax"
    return Flag(
        f"{probe.output} outputs", "masked" if softmax else "note",
        "the outputs of every image are not negative and sum to 1" if softmax
        else "the outputs of every image are logarithms of numbers that sum to 1",
        "Where the model is sure, float32 rounds its probabilities to 0 and 1: losses on them are flat."
        if softmax else "Cross-entropy and margins are the same as for logits, so the results stand.",
        DISTILLATION, "return the logits, and apply softmax where probabilities are needed",
    )  # fmt: skip


def randomness(probe: Probe, samples: int) -> Flag | None:
    """Flag a model that gives two answers to one question.

    Args:
        probe: what was seen of the model.
        samples: the number of draws over which the audit averaged.

    Returns:
        The flag; None where the outputs are not random.

    Source: Athalye, Carlini, Wagner 2018 (arXiv 1802.00420); Pintor et al. 2022 (arXiv 2106.09947).
    """
    if not probe.random:
        return None
    return Flag(
        "random outputs", "masked",
        f"{percent(probe.random)} of the outputs change from one call to the next, {percent(probe.random_answers)} "
        "of the predicted classes",
        "One gradient of a random model points somewhere at random, and one draw says little about its answers. The "
        f"attacks here followed the mean of {samples} draws (EOT), and that mean counted as the answer.",
        f"{ATHALYE}; {PINTOR}", "audit the model without its randomness; for the random one, state the number of draws",
    )  # fmt: skip
