"""A network as the chain of its layers, for methods that bound the output of each layer."""

from __future__ import annotations

from typing import Any

from torch import fx, nn

from advlab.models import Contrast, Normalize

#: Layers whose bounds are known. Subclasses do not count: their `forward` may compute anything.
KNOWN = (
    Normalize, nn.Linear, nn.Conv2d, nn.BatchNorm1d, nn.BatchNorm2d, nn.AvgPool2d, nn.MaxPool2d, nn.ReLU, nn.Flatten,
    nn.Dropout, nn.Identity, Contrast,
)  # fmt: skip


def chain(model: nn.Module) -> tuple[list[nn.Module], nn.Linear]:
    """The layers that an image passes, in order, and the last layer by itself. torch.fx finds them in one call.

    A step whose result is not used, such as a check of the shape, is left out.

    Args:
        model: made of layers in `KNOWN`, each called on the result of the one before it.

    Returns:
        All layers but the last, then the last.

    Raises:
        ValueError: a step is not a layer of `KNOWN`, or takes more than the result of the step before it; a layer has
            hooks, works in place, pads with other values than zeros, or keeps no running statistics; the last layer is
            not `nn.Linear`.
    """
    found: list[nn.Module] = []
    before: fx.Node | None = None
    for node in _Tracer().trace(model).nodes:
        if node.op == "placeholder" and before is None:
            before = node
        elif node.op == "output" and node.args == (before,):
            break
        elif node.users or node.op == "output":
            layer = model.get_submodule(str(node.target)) if node.op == "call_module" else None
            if layer is None or type(layer) not in KNOWN or node.args != (before,) or node.kwargs:
                raise ValueError(
                    f"no bounds are known for step {node.name!r} ({_name(node, layer)}): the model must be a chain of "
                    f"{', '.join(kind.__name__ for kind in KNOWN)}, each a module called on the previous result"
                )
            _check(layer, str(node.target))
            found.append(layer)
            before = node
    last = found.pop() if found else nn.Identity()
    if not isinstance(last, nn.Linear):
        raise ValueError(f"the last layer must be nn.Linear and return the logits; it is {type(last).__name__}")
    return found, last


class _Tracer(fx.Tracer):
    """Traces into every module except the layers in `KNOWN` and torch's own."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether the module counts as one step."""
        return type(m) in KNOWN or super().is_leaf_module(m, module_qualified_name)


def _name(node: fx.Node, layer: nn.Module | None) -> str:
    target: Any = node.target
    return type(layer).__name__ if layer is not None else getattr(target, "__name__", str(target))


def _check(layer: nn.Module, name: str) -> None:
    if layer._forward_hooks or layer._forward_pre_hooks or "forward" in vars(layer):
        raise ValueError(f"layer {name!r} has hooks or a forward of its own, which may change what it computes")
    if getattr(layer, "inplace", False):
        raise ValueError(f"layer {name!r} works in place and would overwrite its own bounds: set inplace=False")
    if isinstance(layer, nn.Conv2d) and layer.padding_mode != "zeros":
        raise ValueError(f"layer {name!r} pads with {layer.padding_mode!r}; bounds are known for 'zeros' only")
    if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) and layer.running_mean is None:
        raise ValueError(
            f"layer {name!r} keeps no running statistics, so its output depends on the other images of the batch: "
            "set track_running_stats=True"
        )
