"""The serial line: packets, handshake, ports, recordings."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wire.arrays import Line


def open(path: str | PathLike[str]) -> Line:
    """A recording as numpy arrays: `wire.open("link.mcap")["VITALS"]["confidence"]`. Raises NoRecordingError."""
    from wire.arrays import Line

    return Line(Path(path))
