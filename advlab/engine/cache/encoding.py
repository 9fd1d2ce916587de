"""The encoding in which all results are written and hashed: JSON without spaces, with sorted keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

Json = Any
#: The contents of a store entry's files, by file name.
Files = Mapping[str, bytes]


def to_bytes(value: Json) -> bytes:
    """Encode a value as JSON bytes.

    Raises:
        ValueError: the value holds NaN or infinity, which JSON does not have.
        TypeError: the value holds an object that JSON cannot express.
    """
    return json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":")).encode()


def digest(value: Json) -> str:
    """Return the SHA-256 of a value's JSON bytes, in hexadecimal.

    Raises:
        ValueError, TypeError: as for `to_bytes`.
    """
    return hashlib.sha256(to_bytes(value)).hexdigest()
