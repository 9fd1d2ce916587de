"""The device and arithmetic of computations, chosen by the processor's capabilities and never by timing."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any, Literal

import torch


def device() -> torch.device:
    """Return the device of stored computations: `ADVLAB_DEVICE` ("cpu", "cuda", "cuda:1", "mps"), by default the CPU.

    Raises:
        ValueError: the device cannot be used on this machine.
    """
    name = os.environ.get("ADVLAB_DEVICE") or "cpu"
    try:
        chosen = torch.device(name)
        torch.empty(1, device=chosen)
    except (RuntimeError, AssertionError) as problem:
        raise ValueError(
            f"device {name!r} cannot be used here ({str(problem).splitlines()[0]}); "
            "unset ADVLAB_DEVICE or pass --device cpu"
        ) from problem
    return chosen


def path() -> Literal["float32", "bfloat16"]:
    """Return the arithmetic of trainings: bfloat16 if the processor has instructions for it, else float32.

    Processors with AMX or AVX512-BF16 have them, and a training step of SimpleCNN takes half as long there. Others
    emulate bfloat16; on an AVX2 machine that is ten times slower than float32.
    """
    can = torch.cpu.get_capabilities()
    return "bfloat16" if can.get("amx_bf16", False) or can.get("avx512_bf16", False) else "float32"


def ingredients() -> dict[str, Any]:
    """Return the properties of this machine that can change a result; they are part of every key of the store.

    Each computation has one thread, because a sum over two threads adds in a different order. The build runs several
    computations in parallel instead.

    Raises:
        ValueError: `ADVLAB_DEVICE` names a device that cannot be used.
    """
    chosen = device()
    return {
        "device": torch.cuda.get_device_name(chosen) if chosen.type == "cuda" else chosen.type,
        "path": path(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": 1,
        "python": platform.python_version(),
    }


def describe() -> dict[str, Any]:
    """Describe this machine for the page that says where the results come from.

    Raises:
        ValueError: `ADVLAB_DEVICE` names a device that cannot be used.
    """
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "memory": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        **ingredients(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory() -> int | None:
    """Return the size of main memory in bytes, or None if the system does not report it."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None
