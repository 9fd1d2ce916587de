"""Detection by kernel density in the last hidden layer: Feinman et al., 2017 (arXiv 1703.00410), section 5.1."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.defenses.detection import Detector
from advlab.defenses.hidden import fitted_on, hidden


class KernelDensity(Detector):
    """Detector that scores how few training images of the predicted class lie near an image in the last hidden layer.

    The score is minus the logarithm of the mean, over the images of that class, of exp(-d^2 / (2 bandwidth^2)), where d
    is the Euclidean distance of activations: minus the log-density, up to a constant.

    It is differentiable in the images while the predicted class stays the same, and jumps where that changes.

    Args:
        model: the guarded model; takes pixels in [0, 1], returns logits.
        images: [n, *shape], clean images to compare with, in [0, 1]: the model's training images, or enough of them.
        labels: [n], their true classes; every class must occur.
        layer: the last hidden layer; a name as in `model.named_modules()`.
        bandwidth: in units of the layer's activations, above 0. Feinman et al. took 1.2 for their network on MNIST.

    Raises:
        ValueError: the bandwidth is not finite or not above 0; the numbers of images and labels differ; a class has no
            image.
        NothingToHook: the model has no such layer.

    Source: Feinman et al. 2017 (arXiv 1703.00410), section 5.1.
    """

    known: Tensor
    classes: Tensor

    def __init__(
        self,
        model: nn.Module,
        images: Float[Tensor, "n *shape"],
        labels: Int[Tensor, " n"],
        layer: str,
        *,
        bandwidth: float,
    ) -> None:
        super().__init__(model)
        if not (bandwidth > 0 and math.isfinite(bandwidth)):
            raise ValueError(f"bandwidth must be a finite number above 0, got {bandwidth}")
        self.layer = layer
        self.bandwidth = bandwidth
        _, (known,) = fitted_on(model, images, labels, [layer])
        self.register_buffer("known", known)
        self.register_buffer("classes", labels.to(known.device))

    def forward(
        self, images: Float[Tensor, "batch *shape"]
    ) -> tuple[Float[Tensor, "batch classes"], Float[Tensor, " batch"]]:
        """Logits [batch, classes], and scores [batch] under the class of the largest logit."""
        logits, (features,) = hidden(self.model, images, [self.layer])
        # No matrix product: it would compute small distances as differences of large numbers.
        distances = torch.cdist(features, self.known, compute_mode="donot_use_mm_for_euclid_dist")
        exponents = -distances.square() / (2 * self.bandwidth**2)
        own = logits.argmax(1)[:, None] == self.classes
        densities = exponents.masked_fill(~own, -torch.inf).logsumexp(1) - own.sum(1).log()
        return logits, -densities
