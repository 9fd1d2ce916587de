"""Lets a training reuse its memory, where glibc would return big blocks to the system and request them again.

Every step of a training allocates and frees the same tensors of several megabytes. glibc maps each one anew, so the
kernel hands out and zeroes the same pages over and over: a third of the total time on one machine. Raising two
thresholds keeps freed blocks in the process (mallopt(3)); results do not change. PyTorch's performance guide recommends
another allocator for the same reason; this needs no installation. Other systems are left alone.
"""

import ctypes
import platform

_M_TRIM_THRESHOLD = -1  # memory is returned only if this much is free at the heap's end
_M_MMAP_THRESHOLD = -3  # blocks of this size and above are mapped separately
_LIMIT = 2**30  # bytes


def keep_freed_blocks() -> bool:
    """Keeps freed memory in the process from now on. Returns True if it took effect: on Linux with glibc.

    Source: advlab's own: mallopt(3) of glibc.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(_M_MMAP_THRESHOLD, _LIMIT) and mallopt(_M_TRIM_THRESHOLD, _LIMIT))
