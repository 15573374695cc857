"""Loads the compiled board once, and refuses one that was built from other sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hw_sim.chip.source_hash import source_hash

COMMAND = "python hw_sim/chip/build.py"


class StaleBuildError(ImportError):
    """The compiled board is missing or older than its sources; the message names the command to rebuild."""


def check_hash(built: str, folder: Path) -> None:
    """Raises StaleBuildError when the folder holds sources that are not the ones that were built."""
    if (folder / "chip.h").exists() and source_hash(folder) != built:
        raise StaleBuildError(f"hw_sim._board was built from other sources: run `{COMMAND}`")


def _load() -> tuple[Any, Any]:
    try:
        from hw_sim import _board  # type: ignore[attr-defined]
    except ImportError as error:
        raise StaleBuildError(f"hw_sim._board cannot be loaded ({error}): run `{COMMAND}`") from error
    built = _board.ffi.string(_board.lib.board_source_hash()).decode()
    check_hash(built, Path(__file__).resolve().parent)
    return _board.ffi, _board.lib


ffi, lib = _load()
NEVER_NS = int(lib.CHIP_NEVER_NS)
ANY_TIME_NS = int(lib.CHIP_ANY_TIME_NS)


def function_address(name: str) -> int:
    """Address of a C function of the board, for binding without a shared header."""
    return int(ffi.cast("uintptr_t", ffi.addressof(lib, name)))
