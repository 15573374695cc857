"""Loads the compiled firmware; the only file that does.

Rule: a missing or stale core is one line with the command that rebuilds it, never a strange result.
"""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

REBUILD = "python native/build.py"


class CoreError(RuntimeError):
    """The compiled core is missing or older than its sources."""


def load(root: Path | None = None) -> tuple[Any, Any]:
    """(ffi, lib) of edge._core, checked against the sources when they are present.

    root: project root that may hold native/; default the one this file lies in.
    """
    try:
        from edge import _core  # type: ignore[attr-defined]
    except ImportError as error:
        raise CoreError(f"edge._core is missing ({error}); build it with: {REBUILD}") from None
    check_hash(_core.ffi.string(_core.lib.SW_SOURCE_HASH).decode(), root or Path(__file__).resolve().parent.parent)
    return _core.ffi, _core.lib


def check_hash(compiled: str, root: Path) -> None:
    """Raises CoreError when the sources under root are not the ones that were compiled."""
    script = root / "native" / "source_hash.py"
    if not script.exists():
        return
    present = runpy.run_path(str(script))["source_hash"](root)
    if present != compiled:
        raise CoreError(f"edge._core is stale (built from {compiled}, sources are {present}); build it with: {REBUILD}")
