"""`stillwave train`: simulated nights in, a stage model out.

Rule: nights are made by the product's own command, one folder each, and only when their folder does not hold them yet;
what a model may not be trained on is refused before anything is made.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from front.env import ROOT, InputError

Say = Callable[[str], None]


@dataclass(frozen=True)
class Wanted:
    """Which nights are to be made."""

    scenario: str
    first_seed: int
    nights: int
    hours: float


class NightFailed(Exception):
    """A night could not be made; one line that says which."""


FEWEST = 5  # one for each group of the cross-validation


def check_wanted(wanted: Wanted) -> None:
    """What is wrong is said before hours are spent. Raises InputError, SeedError, SceneError, ModuleNotFoundError."""
    from cloud.staging.seeds import check_training
    from front.check import installed
    from hw_sim.scenario import load_scenario

    if wanted.nights < FEWEST:
        raise InputError(f"--nights {wanted.nights}: expected at least {FEWEST}")
    check_training(range(wanted.first_seed, wanted.first_seed + wanted.nights))
    load_scenario(wanted.scenario)
    installed("numba", "matplotlib")


def new_model(folder: Path, force: bool) -> Path:
    """The model file that will be written. Raises InputError when there is one."""
    model = folder / "model.json"
    if model.exists() and not force:
        raise InputError(f"--out {folder}: holds model.json; expected a folder without, or --force")
    return model


def make_nights(out: Path, wanted: Wanted, say: Say) -> list[Path]:
    """Their folders; broken off, it goes on with the night it was at. Raises NightFailed."""
    folders = []
    for seed in range(wanted.first_seed, wanted.first_seed + wanted.nights):
        folder = out / "nights" / f"{wanted.scenario}-{seed}"
        folders.append(folder)
        if (folder / "report.json").is_file():
            continue
        say(f"night of seed {seed}")
        command = [sys.executable, str(ROOT / "stillwave.py"), "night", wanted.scenario, "--seed", str(seed)]
        command += ["--hours", f"{wanted.hours:g}", "--out", str(folder), "--force", "--json"]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
            raise NightFailed(f"night of seed {seed}: {last[0]}")
    return folders


def train(folders: Iterable[Path], model: Path, seed: int, say: Say) -> dict[str, Any]:
    """Writes the model file; returns its card. Raises InputError, SeedError, TrainError, StoreError."""
    for library in ("OPENBLAS", "OMP", "MKL"):  # sums in one order, whatever the machine has to spare
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    import msgspec

    from cloud.staging.nights import load
    from cloud.staging.train import train as fit

    folders = list(folders)
    card = _card([_report(folder) for folder in folders], folders)
    nights = []
    for folder in folders:
        nights.append(load(folder / "night.sqlite", json.loads((folder / "truth.json").read_text("utf-8"))))
    stored = fit(nights, seed, card, say)
    model.write_bytes(msgspec.json.format(msgspec.json.encode(stored), indent=0) + b"\n")
    return dict(stored.card)


def _report(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    except (OSError, ValueError):
        raise InputError(f"{folder}: expected the folder of a simulated night, with report.json") from None
    return found


def _card(reports: list[dict[str, Any]], folders: list[Path]) -> dict[str, int | str]:
    """What a model is trained on. Test seeds and nights of several kinds of device are refused."""
    from cloud.staging.seeds import check_training

    for report, folder in zip(reports, folders, strict=True):
        if report.get("source") != "simulated" or not isinstance(report.get("seed"), int):
            raise InputError(f"{folder}: expected a simulated night with its seed in report.json")
        check_training(range(report["seed"], report["seed"] + 1))
    digests = sorted({str(report["parameters_digest"]) for report in reports})
    if len(digests) != 1:
        raise InputError(f"nights of different parameters: {', '.join(digests) or 'no nights'}; expected one digest")
    seeds = sorted(report["seed"] for report in reports)
    return {
        "trained_on": "simulated nights: " + ", ".join(sorted({str(report["scenario"]) for report in reports})),
        "first_seed": seeds[0],
        "last_seed": seeds[-1],
        "seeds": _ranges(seeds),
        "parameters_digest": digests[0],
    }


def _ranges(seeds: list[int]) -> str:
    """[1, 2, 3, 7] -> "1 to 3, 7"; rising."""
    runs: list[list[int]] = []
    for seed in seeds:
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
