"""The one form in which results are written and hashed: JSON without spaces, keys in order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

Json = Any
#: Contents of an entry of the store by file name.
Files = Mapping[str, bytes]


def to_bytes(value: Json) -> bytes:
    """A value as JSON bytes. Raises ValueError for NaN or infinity, which JSON does not know."""
    return json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":")).encode()


def digest(value: Json) -> str:
    """SHA-256 of a value's JSON bytes."""
    return hashlib.sha256(to_bytes(value)).hexdigest()
