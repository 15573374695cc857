"""One number for the C sources of the core: the compiled module carries it, the checkout recomputes it.

Rule: the same text gives the same hash everywhere; names are relative and sorted.
"""

from __future__ import annotations

import hashlib
from pathlib import Path


def source_hash(root: Path) -> str:
    """Hash of native/src, native/include and wire's headers under the project root: 16 hex digits."""
    native = root / "native"
    files = sorted([*native.glob("src/*.[ch]"), *native.glob("include/*.h"), *(root / "wire").glob("*.h")])
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()[:16]
