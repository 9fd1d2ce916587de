# --8<-- [start:record]
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def recorded(model, kind=nn.ReLU):
    """Keeps what each module of this kind puts out while the block runs."""
    kept, handles = {}, []

    def keep(name):
        def hook(module, inputs, output):
            kept[name] = output.detach().clone()

        return hook

    for name, module in model.named_modules():
        if isinstance(module, kind):
            handles.append(module.register_forward_hook(keep(name)))
    if not handles:
        raise LookupError(f"no {kind.__name__} module to hook")
    try:
        yield kept
    finally:  # also when the block raises
        for handle in handles:
            handle.remove()


# --8<-- [end:record]
# --8<-- [start:use]
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
with recorded(model) as kept:
    model(torch.zeros(3, 4))
print({name: tuple(output.shape) for name, output in kept.items()})
print("hooks left:", len(model[1]._forward_hooks))
# --8<-- [end:use]
