"""The same network, rewritten to train faster on a processor: equal outputs and gradients, fewer steps through memory.

Two things are done about where the time of a plain step goes:

* ReLU before max pooling works on four times the numbers. The two are swapped: max(relu(x)) = relu(max(x)).
* A convolution of a single channel is slow in its weight gradient, and leaves its output in a layout that the next
  pooling is slow in. As a product with the matrix of patches it is faster, and its output has the channels last.

Measured on two AVX2 cores, and not done because it gained nothing: pooling by hand as the maximum of four strided views
(its gradient is slower), and weight gradients of the other convolutions as products with patches.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, fx, nn


def rewritten(model: nn.Module) -> fx.GraphModule:
    """The same function on the same parameters, for training on a processor; the caller's model is not changed.

    What the forward pass asks of `self.training` directly (`F.dropout`) is traced as it stands now; sub-modules
    (`nn.Dropout`) keep asking. Layers of other kinds and strides stay as they are.
    """
    traced = pool_first(model)
    for name, module in list(traced.named_modules()):
        if isinstance(module, nn.Conv2d) and _is_plain(module) and module.in_channels == 1:
            parent, _, own = name.rpartition(".")
            setattr(traced.get_submodule(parent), own, _OneChannel(module))
    return traced


def pool_first(model: nn.Module) -> fx.GraphModule:
    """A traced copy in which each max pooling stands before the ReLU it followed; parameters are shared."""
    traced = fx.symbolic_trace(model)
    for pool in traced.graph.nodes:
        if not _calls(pool, nn.MaxPool2d, traced):
            continue
        relu = pool.args[0]
        if _calls(relu, nn.ReLU, traced) and len(relu.users) == 1:
            source = relu.args[0]
            pool.replace_all_uses_with(relu)
            pool.args, relu.args = (source,), (pool,)
            pool.append(relu)
    traced.graph.lint()
    traced.recompile()
    return traced


def _calls(node: fx.node.Argument, kind: type[nn.Module], traced: fx.GraphModule) -> bool:
    return (
        isinstance(node, fx.Node)
        and node.op == "call_module"
        and isinstance(traced.get_submodule(str(node.target)), kind)
    )


def _is_plain(layer: nn.Conv2d) -> bool:
    """Stride 1, no dilation, zeros around: what `_OneChannel` computes."""
    shape = (layer.stride, layer.dilation, layer.groups, layer.padding_mode)
    return shape == ((1, 1), (1, 1), 1, "zeros") and not isinstance(layer.padding, str)


class _OneChannel(nn.Module):
    """A convolution of one channel as a product of matrices; shares the layer's weights."""

    def __init__(self, layer: nn.Conv2d) -> None:
        super().__init__()
        self.weight: Tensor = layer.weight
        self.bias: Tensor | None = layer.bias
        self.rows, self.columns = (int(side) for side in layer.padding)

    def forward(self, images: Tensor) -> Tensor:
        padded = F.pad(images, (self.columns, self.columns, self.rows, self.rows)).squeeze(1)
        windows = padded.unfold(1, self.weight.shape[2], 1).unfold(2, self.weight.shape[3], 1)
        count, height, width = windows.shape[:3]
        patches = windows.reshape(count * height * width, -1)  # a row for each place in the output
        product = F.linear(patches, self.weight.flatten(1), self.bias)
        return product.view(count, height, width, -1).permute(0, 3, 1, 2)
