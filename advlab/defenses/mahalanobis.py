"""A detector by the Mahalanobis distance of hidden activations: Lee et al., 2018 (arXiv 1807.03888), section 2."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.defenses.detection import Detector
from advlab.defenses.hidden import fitted_on, hidden


class Mahalanobis(Detector):
    """How far an image's activations lie from those of every class, in units of their spread.

    In each layer one Gaussian for each class is fitted, all with the same covariance. The score is the squared
    Mahalanobis distance to the nearest class's mean, divided by the number of features (so that images like those
    fitted on score about 1), averaged over the layers.

    Two steps of Lee et al. are left out, because they learn from adversarial images: weights of the layers by logistic
    regression, and a small change of the input before.

    Args:
        model: the one that is guarded.
        images: clean ones to fit the Gaussians on, in [0, 1]; those that the model was trained on.
        labels: their classes; each has to occur.
        layers: names as in `model.named_modules()`.
        shrinkage: how much of the covariance is replaced by a multiple of the identity of the same trace, in (0, 1].
            Without it, a feature that is constant on clean images would make the covariance singular.

    Raises:
        ValueError: shrinkage outside (0, 1], images and labels that do not match, a class without an image, or a layer
            that puts out the same for all images.
        NothingToHook: the model has no such layer.
    """

    def __init__(
        self,
        model: nn.Module,
        images: Float[Tensor, "n *shape"],
        labels: Int[Tensor, " n"],
        layers: Sequence[str],
        *,
        shrinkage: float = 1e-3,
    ) -> None:
        super().__init__(model)
        if not 0 < shrinkage <= 1:
            raise ValueError(f"shrinkage must lie in (0, 1], got {shrinkage}")
        self.layers = list(layers)
        classes, fitted = fitted_on(model, images, labels, layers)
        self.gaussians = nn.ModuleList(_TiedGaussians(of_layer, labels, classes, shrinkage) for of_layer in fitted)

    def forward(
        self, images: Float[Tensor, "batch *shape"]
    ) -> tuple[Float[Tensor, "batch classes"], Float[Tensor, " batch"]]:
        """Logits, and the mean over layers of the squared distances."""
        logits, of_layers = hidden(self.model, images, self.layers)
        distances = [gaussian(features) for gaussian, features in zip(self.gaussians, of_layers, strict=True)]
        return logits, torch.stack(distances).mean(0)


class _TiedGaussians(nn.Module):
    """The Gaussians of one layer: means, and the matrix that turns the common covariance into the identity."""

    means: Tensor
    whitening: Tensor

    def __init__(self, features: Tensor, labels: Tensor, classes: int, shrinkage: float) -> None:
        super().__init__()
        exact, labels = features.double(), labels.to(features.device)
        means = torch.stack([exact[labels == label].mean(0) for label in range(classes)])
        centred = exact - means[labels]
        covariance = centred.T @ centred / len(centred)
        size = covariance.diagonal().mean()
        if not size > 0:
            raise ValueError("a layer puts out the same for all images of a class: there is no spread to measure in")
        identity = torch.eye(len(covariance), dtype=torch.double, device=features.device)
        root = torch.linalg.cholesky((1 - shrinkage) * covariance + shrinkage * size * identity)
        whitening = torch.linalg.solve_triangular(root, identity, upper=False)
        self.register_buffer("means", means.to(features.dtype))
        self.register_buffer("whitening", whitening.to(features.dtype))

    def forward(self, features: Float[Tensor, "batch d"]) -> Float[Tensor, " batch"]:
        """The squared distance to the nearest mean, divided by the number of features."""
        steps = (features[:, None] - self.means) @ self.whitening.T  # [batch, classes, d]
        return steps.square().mean(2).amin(1)
