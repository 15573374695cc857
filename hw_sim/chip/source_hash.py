"""Which sources the compiled board was made from: compiled in by `build.py`, compared by `core.py`."""

from __future__ import annotations

import hashlib
from pathlib import Path


def source_hash(folder: Path) -> str:
    """SHA-256, hex, over names and bytes of the C files, the headers and `build.py` in the folder."""
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.c"), *folder.glob("*.h"), folder / "build.py"]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
