"""The same network, rewritten to run faster on a processor: equal outputs and gradients, less memory traffic.

Two costs of a plain step are reduced:

* ReLU before max pooling works on four times as many numbers. The two are swapped: max(relu(x)) = relu(max(x)).
* A convolution with a single input channel has slow gradients, and its output has a layout in which the next pooling is
  slow. Trainings need the weights' gradient, which is faster as a product with the matrix of patches. Attacks need the
  images' gradient: one product gives what each place of the kernel sends back, and shifted sums put it in place.

Measured on two AVX2 cores and left out because it gained nothing: pooling by hand as the maximum of four strided views
(its gradient is slower), and weight gradients of the other convolutions as products with patches.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from advlab.models import Contrast, Normalize, SimpleCNN

#: Layers and networks whose forward pass takes the same steps at every call, whatever the values, so that torch.fx may
#: record one call for all. Other classes are left alone: a defense, for one, may draw random numbers in Python.
FIXED = (
    nn.Sequential, nn.Identity, nn.Flatten, nn.Unflatten, nn.Linear, nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d, nn.ReLU,
    nn.Tanh, nn.Sigmoid, nn.LeakyReLU, nn.ELU, nn.GELU, nn.Softplus, nn.BatchNorm1d, nn.BatchNorm2d, nn.Dropout,
    Normalize, Contrast, SimpleCNN,
)  # fmt: skip


def for_attacks(model: nn.Module) -> nn.Module:
    """An equivalent model for code that needs only gradients in the images, on a processor; otherwise the model itself.

    Convolution weights are copied, as they are now, into the layout in which they are fast: rewrite again after a
    training step. All other parameters are shared. The caller's model is not changed. A model is returned as it is if
    it holds modules of a class that is not in `FIXED`, hooks or parametrisations, or if it is not on the CPU in
    float32. In an `nn.Sequential` that holds some such modules, a defense before a network, only the others are
    rewritten.

    Source: advlab's own: chosen by measurement against the plain model.
    """
    if isinstance(model, _ForAttacks):
        return model
    if not _is_fixed(model):
        return _part_by_part(model)
    traced = pool_first(model)
    for name, module in list(traced.named_modules()):
        if type(module) is nn.Conv2d:
            parent, _, own = name.rpartition(".")
            replacement = _Scatter(module) if is_one_channel(module) else _channels_last(module)
            setattr(traced.get_submodule(parent), own, replacement)
    return _ForAttacks(traced, traced.graph).train(model.training)


def _part_by_part(model: nn.Module) -> nn.Module:
    if type(model) is not nn.Sequential or _is_watched(model):
        return model
    # Not `named_children`, which yields a part that occurs twice only once. A single layer has nothing to gain.
    parts = [(name, for_attacks(part) if any(part.children()) else part) for name, part in model._modules.items()]
    if all(part is model._modules[name] for name, part in parts):
        return model
    mixed = nn.Sequential(OrderedDict(parts))
    mixed.training = model.training  # of the container only: the caller's parts keep their own flags
    return mixed


class _ForAttacks(fx.GraphModule):
    """Marks a model that needs no second rewriting."""


def _is_fixed(model: nn.Module) -> bool:
    if any(p.device.type != "cpu" or p.dtype != torch.float32 for p in model.parameters()):
        return False
    return all(type(module) in FIXED and not _is_watched(module) for module in model.modules())


def _is_watched(module: nn.Module) -> bool:
    """True if hooks would see, or a method of the instance itself would change, what the module does."""
    hooks = (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks, module._backward_pre_hooks)
    return any(hooks) or "forward" in vars(module)


def _channels_last(layer: nn.Conv2d) -> nn.Conv2d:
    """The same convolution with the kernel in channels-last layout, which its output takes over."""
    copy = nn.Conv2d(
        layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding, layer.dilation,  # type: ignore[arg-type]
        layer.groups, layer.bias is not None, layer.padding_mode, device="meta",
    )  # fmt: skip
    copy.weight = nn.Parameter(layer.weight.detach().contiguous(memory_format=torch.channels_last), requires_grad=False)
    copy.bias = None if layer.bias is None else nn.Parameter(layer.bias.detach(), requires_grad=False)
    return copy


def rewritten(model: nn.Module) -> fx.GraphModule:
    """An equivalent model on the same parameters, for training on a processor; the caller's model is not changed.

    Parts of the forward pass that read `self.training` directly (`F.dropout`) are traced as they are now; sub-modules
    (`nn.Dropout`) keep reading it. Other layers stay as they are.

    Source: advlab's own: chosen by measurement against the plain model.
    """
    traced = pool_first(model)
    for name, module in list(traced.named_modules()):
        if isinstance(module, nn.Conv2d) and is_one_channel(module):
            parent, _, own = name.rpartition(".")
            setattr(traced.get_submodule(parent), own, _OneChannel(module))
    return traced


def pool_first(model: nn.Module) -> fx.GraphModule:
    """A traced copy in which each max pooling precedes the ReLU that it followed; parameters are shared.

    Source: advlab's own: max(relu(x)) = relu(max(x)).
    """
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


def is_one_channel(layer: nn.Conv2d) -> bool:
    """True if `one_channel` can compute this convolution: one input channel, no dilation, numeric zero padding."""
    shape = (layer.in_channels, layer.dilation, layer.padding_mode)
    return shape == (1, (1, 1), "zeros") and not isinstance(layer.padding, str)


class _OneChannel(nn.Module):
    """A convolution with one input channel as a product of matrices; shares the layer's weights."""

    def __init__(self, layer: nn.Conv2d) -> None:
        super().__init__()
        self.weight: Tensor = layer.weight
        self.bias: Tensor | None = layer.bias
        self.stride, self.padding = pair(layer.stride), pair(layer.padding)

    def forward(self, images: Tensor) -> Tensor:
        return one_channel(images, self.weight, self.bias, self.stride, self.padding)


def pair(sides: Any) -> tuple[int, int]:
    """Rows and columns of a convolution's stride or padding, as plain integers."""
    rows, columns = sides
    return int(rows), int(columns)


def one_channel(
    images: Tensor, weight: Tensor, bias: Tensor | None, stride: tuple[int, int], padding: tuple[int, int]
) -> Tensor:
    """`F.conv2d` with one input channel as a product with the matrix of patches; so is its weights' gradient.

    Args:
        images: `[batch, 1, height, width]`.
        weight: `[channels, 1, rows, columns]`, the kernel.
        bias: `[channels]`; None for no bias.
        stride: down and to the right, in pixels, at least 1.
        padding: zeros added above and below, and at the left and right, in pixels.

    Returns:
        `[batch, channels, height, width]`, equal to `F.conv2d` up to rounding.

    Source: Chellapilla, Puri, Simard 2006: convolution as a product with unrolled patches (im2col).
    """
    (rows, columns), (down, right) = padding, stride
    padded = F.pad(images, (columns, columns, rows, rows)).squeeze(1)
    windows = padded.unfold(1, weight.shape[2], down).unfold(2, weight.shape[3], right)
    count, height, width = windows.shape[:3]
    patches = windows.reshape(count * height * width, -1)  # one row for each place in the output
    product = F.linear(patches, weight.flatten(1), bias)
    return product.view(count, height, width, -1).permute(0, 3, 1, 2)


class _Scatter(nn.Module):
    """A convolution with one input channel whose gradient in the images is one product and shifted sums."""

    def __init__(self, layer: nn.Conv2d) -> None:
        super().__init__()
        # With one channel `contiguous` would keep the strides, which decide whether the output is channels-last.
        self.kernel = torch.empty_like(layer.weight, memory_format=torch.channels_last, requires_grad=False)
        self.kernel.copy_(layer.weight.detach())
        self.bias = None if layer.bias is None else layer.bias.detach()
        self.stride, self.padding = pair(layer.stride), pair(layer.padding)

    def forward(self, images: Tensor) -> Tensor:
        result: Tensor = _ScatterFunction.apply(images, self.kernel, self.bias, self.stride, self.padding)  # type: ignore[no-untyped-call]
        return result


class _ScatterFunction(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        images: Tensor,
        kernel: Tensor,
        bias: Tensor | None,
        stride: tuple[int, int],
        padding: tuple[int, int],
    ) -> Tensor:
        ctx.save_for_backward(kernel)
        ctx.shape, ctx.stride, ctx.padding = images.shape, stride, padding
        return F.conv2d(images, kernel, bias, stride, padding)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None, None]:
        (kernel,) = ctx.saved_tensors
        (count, _, height, width), (down, right), (up, left) = ctx.shape, ctx.stride, ctx.padding
        _, channels, rows, columns = gradient.shape
        places = kernel.view(channels, -1).t() @ gradient.permute(0, 2, 3, 1).reshape(-1, channels).t()
        padded = gradient.new_zeros(count, height + 2 * up, width + 2 * left)
        for place, sent in enumerate(places.view(-1, count, rows, columns)):
            row, column = divmod(place, kernel.shape[3])
            padded[:, row : row + down * rows : down, column : column + right * columns : right] += sent
        return padded[:, None, up : up + height, left : left + width], None, None, None, None
