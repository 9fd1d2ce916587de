"""Lets torchvision be imported beside a torch that its compiled operators were not built for.

PyPI's Linux wheels of torchvision are built for CUDA. Beside a CPU build of torch their compiled library silently does
not load, and `import torchvision` fails with "operator torchvision::nms does not exist", because it registers a shape
rule for operators that nobody defined. Declaring their schemas before the import is all that is needed. Data sets and
transforms use neither operator; calling one still fails, as it should. Where torchvision loads, nothing is done.

Import from here instead of from torchvision: `from advlab.data.torchvision_cpu import datasets, transforms`.
"""

import importlib

import torch

try:
    importlib.import_module("torchvision")
except RuntimeError as error:
    if "torchvision::" not in str(error):
        raise
    # The definitions live as long as this object, so it is a global: it has to outlive the import.
    _library = torch.library.Library("torchvision", "DEF")
    for _name in ("nms", "qnms"):
        _library.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

from torchvision import datasets, transforms

__all__ = ["datasets", "transforms"]
