"""Detection by the Mahalanobis distance of hidden activations: Lee et al., 2018 (arXiv 1807.03888), section 2."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.defenses.detection import Detector
from advlab.defenses.hidden import fitted_on, hidden


class Mahalanobis(Detector):
    """Detector that scores how far an image's activations lie from those of every class, in units of their spread.

    In each layer one Gaussian per class is fitted, all with the same covariance. The score is the squared Mahalanobis
    distance to the nearest class mean, divided by the number of features (so that images like the fitted ones score
    about 1), averaged over the layers.

    Two steps of Lee et al. are left out because they learn from adversarial images: weights of the layers by logistic
    regression, and a small change of the input beforehand.

    Args:
        model: the guarded model; takes pixels in [0, 1], returns logits.
        images: [n, *shape], clean images to fit the Gaussians on, in [0, 1]: the model's training images.
        labels: [n], their true classes; every class must occur.
        layers: names as in `model.named_modules()`.
        shrinkage: the weight, in (0, 1], of a multiple of the identity of the same trace in the covariance. Without it,
            a feature that is constant on clean images would make the covariance singular.

    Raises:
        ValueError: shrinkage is outside (0, 1]; the numbers of images and labels differ; a class has no image; a layer
            returns the same features for all images of each class.
        NothingToHook: the model has no such layer.

    Source: Lee et al. 2018 (arXiv 1807.03888), section 2.
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
        """Logits [batch, classes], and scores [batch]."""
        logits, of_layers = hidden(self.model, images, self.layers)
        distances = [gaussian(features) for gaussian, features in zip(self.gaussians, of_layers, strict=True)]
        return logits, torch.stack(distances).mean(0)


class _TiedGaussians(nn.Module):
    """The Gaussians of one layer: class means, and the matrix that turns the common covariance into the identity."""

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
            raise ValueError("a layer gives all images of a class the same features: there is no spread to measure by")
        identity = torch.eye(len(covariance), dtype=torch.double, device=features.device)
        root = torch.linalg.cholesky((1 - shrinkage) * covariance + shrinkage * size * identity)
        whitening = torch.linalg.solve_triangular(root, identity, upper=False)
        self.register_buffer("means", means.to(features.dtype))
        self.register_buffer("whitening", whitening.to(features.dtype))

    def forward(self, features: Float[Tensor, "batch d"]) -> Float[Tensor, " batch"]:
        """Squared distance to the nearest mean, divided by the number of features, [batch]."""
        steps = (features[:, None] - self.means) @ self.whitening.T  # [batch, classes, d]
        return steps.square().mean(2).amin(1)
