"""Where computations run: device and numeric path, chosen by what the processor can, never by timing."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any, Literal

import torch


def device() -> torch.device:
    """The device of stored computations: `ADVLAB_DEVICE` ("cpu", "cuda", "cuda:1", "mps"), else the CPU.

    Raises ValueError when the device is not there.
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
    """The arithmetic of trainings: bfloat16 where the processor multiplies in it, else float32.

    AMX does, and AVX512-BF16: a step of SimpleCNN takes half as long there. Elsewhere it is emulated: ten times slower
    than float32 on an AVX2 machine.
    """
    can = torch.cpu.get_capabilities()
    return "bfloat16" if can.get("amx_bf16", False) or can.get("avx512_bf16", False) else "float32"


def ingredients() -> dict[str, Any]:
    """What of this machine can change a result: part of every key of the store.

    One thread always: a sum over two threads adds in another order. Parallelism comes from computations side by side.
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
    """This machine in words and numbers, for the page that says where the figures come from."""
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
    """Bytes of main memory, where the system tells."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None
