"""What the front door knows of its surroundings: configuration, cache and data folders.

Rule: it imports none of our packages and nothing heavy; a wrong key is one line naming its file or variable.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class InputError(Exception):
    """Wrong use or input: one line naming file, key or option and what was expected (exit code 2)."""


def cache_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The user's cache folder for Stillwave, not created."""
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stillwave"


def data_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Where real recordings are looked for; it may not exist."""
    return Path(environ.get("STILLWAVE_DATA") or ROOT.parent / "shared" / "data")


# Sources of compiled functions and whatever those import; the folders in hw_sim hold none. Parameters are compiled in.
JITTED = ("edge/*.py", "edge/blocks/*.py", "hw_sim/*.py", "native/include/sw_parameters.h")


def jit_sources(root: Path = ROOT) -> list[Path]:
    """Files that numba compiles, and those their compiled code depends on."""
    return sorted(path for pattern in JITTED for path in root.glob(pattern))


def jit_digest(root: Path = ROOT) -> str:
    """Digest of all that numba compiles in: its cache sees a change of one file, not of what that file uses."""
    digest = hashlib.sha256()
    for path in jit_sources(root):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def use_jit_cache() -> Path:
    """Point numba at a cache of exactly these sources; call before numba is imported, children inherit it."""
    folder = cache_dir() / f"numba-{jit_digest()}"
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    return folder


RUN_FILES = (
    "report.json",
    "truth.json",
    "hypnogram.png",
    "hypnogram.csv",
    "night.sqlite",
    "link.mcap",
    "process.json",
    "as_recorded.json",
)


def prepare_out(folder: Path, *, force: bool) -> Path:
    """Creates the folder of a run. One that holds a run is refused, or with force emptied of that run's files."""
    held = [name for name in RUN_FILES if (folder / name).exists()]
    if held and not force:
        raise InputError(f"--out {folder}: holds a run ({held[0]}); expected an empty folder, or --force")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in held:
            for path in folder.glob(f"{name}*"):  # the store's -wal and -shm go with it
                path.unlink()
        probe = folder / ".stillwave"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(f"--out {folder}: cannot be written: {error.strerror}") from None
    return folder
