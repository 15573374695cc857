"""`stillwave doctor`: what is installed, built and found.

Rule: it changes nothing, and only what every command needs makes it fail.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import shutil
import sys
from dataclasses import asdict, dataclass
from typing import Any

from front.env import ROOT, cache_dir, data_dir

EXTRAS = {
    "sim": ("numba",),
    "report": ("matplotlib",),
    "hil": ("numba", "pytest"),
    "pi": ("spidev", "gpiod", "smbus2"),
    "test": ("pytest", "hypothesis", "scipy", "h5py"),
}


@dataclass(frozen=True)
class Check:
    """One row: name, found or not, what was found or how to get it, and whether everything needs it."""

    name: str
    ok: bool
    detail: str
    needed: bool = False


def checks() -> list[Check]:
    """All rows."""
    rows = [Check("python", sys.version_info >= (3, 11), f"{platform.python_version()} on {platform.machine()}", True)]
    rows += [_core(), _board()]
    for extra, modules in EXTRAS.items():
        missing = [name for name in modules if importlib.util.find_spec(name) is None]
        how = f"{', '.join(missing)} missing: {install(extra)}"
        rows.append(Check(f"extra {extra}", not missing, how if missing else ", ".join(modules)))
    for tool, use in (
        ("gcc", "builds the core"),
        ("arm-none-eabi-gcc", "builds the ARM images"),
        ("qemu-system-arm", "runs them"),
        ("gdb-multiarch", "looks into them"),
        ("aarch64-linux-gnu-gcc", "builds the firmware for aarch64"),
        ("qemu-aarch64", "runs it"),
    ):
        where = shutil.which(tool)
        rows.append(Check(tool, where is not None, where or f"not installed; {use}"))
    data = data_dir()
    how = "" if data.is_dir() else "is not there; STILLWAVE_DATA says where recordings are"
    rows.append(Check("recordings", data.is_dir(), f"{data} {how}".strip()))
    cache = cache_dir()
    parent = next(p for p in [cache, *cache.parents] if p.exists())
    rows.append(Check("cache", os.access(parent, os.W_OK), str(cache)))
    return rows


def install(extra: str) -> str:
    """The command that installs an extra."""
    checkout = (ROOT / "pyproject.toml").exists()
    return f"pip install -e '.[{extra}]'" if checkout else f"pip install 'stillwave[{extra}]'"


def _core() -> Check:
    from edge.core import CoreError, load

    try:
        load()
    except CoreError as error:
        return Check("firmware", False, str(error), True)
    return Check("firmware", True, "edge._core is built from these sources", True)


def _board() -> Check:
    try:
        importlib.import_module("hw_sim.chip.core")
    except ImportError as error:
        return Check("emulated board", False, str(error), True)
    return Check("emulated board", True, "hw_sim._board is built from these sources", True)


def as_text(rows: list[Check]) -> list[str]:
    """A line per check."""
    return [f"{'ok     ' if r.ok else 'MISSING' if r.needed else '-      '} {r.name:<23}{r.detail}" for r in rows]


def as_json(rows: list[Check]) -> dict[str, Any]:
    """{"ok", "checks": [{"name", "ok", "detail", "needed"}]}"""
    return {"ok": all(row.ok or not row.needed for row in rows), "checks": [asdict(row) for row in rows]}
