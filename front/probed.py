"""`stillwave process --probe NAME`: what the chain held at every frame, as numpy files.

Rule: names are checked before a folder is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from front.env import InputError
from front.output import Folder

if TYPE_CHECKING:
    from edge.probes import Watch


def watch(names: Sequence[str], core: str, folder: Folder) -> Watch | None:
    """The probes of these names, None when none is asked for. Raises InputError."""
    if not names:
        return None
    from edge import probes

    if folder.out is None:
        raise InputError("--probe: expected --out DIR, where the files go")
    if core != "c":
        raise InputError(f"--probe: expected --core c, got {core}")
    try:
        return probes.Watch([*names, probes.TIME])
    except probes.ProbeError as error:
        raise InputError(f"--probe: {error}") from None


def write(folder: Path, watched: Watch | None) -> None:
    """NAME.npy of each, [frame, ...], and vitals.t_us.npy, the frames' chip time."""
    import numpy as np

    for name, frames in ({} if watched is None else watched.arrays()).items():
        np.save(folder / f"{name}.npy", frames)
