"""Real hypnograms, scored by people from polysomnography: what the simulated ones are fitted to and compared with.

Rule: stages are 0 wake, 1 light (N1 and N2), 2 deep (N3), 3 REM, one per 30-s epoch from lights-out to lights-on.
The recordings are not part of the project: docs/data.md says where they come from.
"""

from __future__ import annotations

import csv
import gzip
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Night = NDArray[np.int8]
CLINIC_FILE = Path("hmc_hypnograms") / "hypnograms.csv.gz"
HEALTHY_FILE = Path("sri_device_vs_psg") / "sample_data_sri.csv.xz"
_STAGE_OF = {"W": 0, "N1": 1, "N2": 1, "N3": 2, "R": 3, "0": 0, "1": 1, "2": 2, "3": 3}


class NightsError(ValueError):
    """Recordings that are missing or not as described; one line that names the file."""


def recordings_folder() -> Path:
    """STILLWAVE_DATA, or the folder beside the project."""
    return Path(os.environ.get("STILLWAVE_DATA", Path(__file__).parents[2] / "shared" / "data"))


def clinic_nights(folder: Path) -> list[Night]:
    """120 nights of patients of a sleep clinic, in the order of their numbers. Raises NightsError."""
    nights = _grouped(folder / CLINIC_FILE, gzip.decompress, "night", "stage")
    return [nights[key] for key in sorted(nights, key=int)]


def healthy_nights(folder: Path) -> list[Night]:
    """14 nights of healthy sleepers, the polysomnography's stages. Raises NightsError."""
    nights = _grouped(folder / HEALTHY_FILE, lzma.decompress, "subject", "reference")
    return [nights[key] for key in sorted(nights)]


def _grouped(path: Path, unpack: Callable[[bytes], bytes], key: str, column: str) -> dict[str, Night]:
    if not path.is_file():
        raise NightsError(f"{path}: expected the recording that docs/data.md describes (set STILLWAVE_DATA)")
    found: dict[str, list[int]] = {}
    for row in csv.DictReader(unpack(path.read_bytes()).decode("ascii").splitlines()):
        stage = _STAGE_OF.get(row[column])
        if stage is None:
            raise NightsError(f"{path}: column `{column}`: expected a stage, got {row[column]!r}")
        found.setdefault(row[key], []).append(stage)
    return {name: np.array(stages, np.int8) for name, stages in found.items()}
