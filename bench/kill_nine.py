"""kill -9: the cloud process dies at random moments of a night, starts again, and the morning is the same.

Rule: two nights of one seed, one of them undisturbed; nothing of the product is imported to be spared the truth.
Use: python -m bench.kill_nine WORK [--hours H] [--kills N] [--seed N]
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.tables import sources_digest, table
from cloud import report
from hw_sim.evening import start_utc_us
from hw_sim.lockstep import HostProcess
from hw_sim.night_run import run
from hw_sim.rig import Rig

SECOND_US = 1_000_000
DEAD_US = (SECOND_US, 10 * SECOND_US)
"""From the kill to the new process."""
SPARE_US = 2 * SECOND_US
KILL_WITHIN_S = 0.03
ALARM_BEFORE_END_S = 240.0
SUNRISE_S = 300


@dataclass(frozen=True)
class Kill:
    """at_us: the kill; back_us: the new process. within_s: so long into the next exchange instead, wall time."""

    at_us: int
    back_us: int
    within_s: float | None


def moments(n: int, seconds: float, seed: int, dead_us: tuple[int, int] = DEAD_US) -> list[Kill]:
    """Random, one in each of n equal parts of the night; every second one falls into an exchange.

    dead_us: from the kill to the new process, at least and at most. Raises ValueError when there is no room for them.
    """
    rng = np.random.default_rng([n, seed])
    part_us = int(seconds * 1e6) // n
    room_us = dead_us[1] + SPARE_US
    if part_us <= room_us:
        raise ValueError(f"{n} kills in {seconds:g} s: expected more than {room_us / 1e6:g} s for each")
    found = []
    for number in range(n):
        at_us = number * part_us + int(rng.integers(0, part_us - room_us))
        back_us = at_us + int(rng.integers(*dead_us))
        within_s = float(rng.uniform(0, KILL_WITHIN_S))
        found.append(Kill(at_us, back_us, within_s if number % 2 else None))
    return found


def pull(rig: Rig, host: HostProcess, kill: Kill) -> None:
    """Puts one kill and the restart into the run."""
    within_s = kill.within_s
    rig.at(kill.at_us, rig.kill_host if within_s is None else lambda: host.kill_within(within_s))
    rig.at(kill.back_us, rig.restart_host)


def night(out: Path, seed: int, hours: float, kills: list[Kill]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Report and truth of a night with an alarm near its end."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)

    def levers(rig: Rig, host: HostProcess) -> None:
        for kill in kills:
            pull(rig, host, kill)

    alarm_utc_us = start_utc_us(None, "UTC") + round((hours * 3600 - ALARM_BEFORE_END_S) * 1e6)
    result = run(
        "single", out=out, seed=seed, hours=hours, alarm_utc_us=alarm_utc_us, sunrise_s=SUNRISE_S, levers=levers
    )
    return report.build(result.db, result.truth, result.run), result.truth


def comparable(report: dict[str, Any]) -> dict[str, Any]:
    """Every key that a kill must not change."""
    edge = {key: value for key, value in report["edge"].items() if not key.startswith("bytes_")}
    return {key: value for key, value in report.items() if key not in ("link", "wall_s")} | {"edge": edge}


def heard(truth: dict[str, Any]) -> dict[str, Any]:
    """The truth without the light: each of its steps begins when the device's clock was set, as the kill may shift."""
    return truth | {"pins": {"buzzer": truth["pins"].get("buzzer")}}


def differences(calm: Any, disturbed: Any, name: str = "") -> list[str]:
    """Dotted names of what is not equal."""
    if isinstance(calm, dict) and isinstance(disturbed, dict):
        keys = sorted(calm.keys() | disturbed.keys())
        return [one for key in keys for one in differences(calm.get(key), disturbed.get(key), f"{name}.{key}")]
    return [] if calm == disturbed else [f"{name[1:]}: {calm!r} undisturbed, {disturbed!r} with kills"]


def complaints(
    work: Path, seed: int, hours: float, n: int, dead_us: tuple[int, int] = DEAD_US
) -> tuple[list[list[str]], list[str]]:
    """A row for the table, and what is wrong."""
    calm, calm_truth = night(work / "calm", seed, hours, [])
    disturbed, truth = night(work / "killed", seed, hours, moments(n, hours * 3600, seed, dead_us))
    wrong = differences(comparable(calm), comparable(disturbed)) + differences(
        heard(calm_truth), heard(truth), ".truth"
    )
    link, calm_link = disturbed["link"], calm["link"]
    if link["data_digest"] != calm_link["data_digest"]:
        wrong.append("link.data_digest is another")
    if link["packets_lost"] != 0:
        wrong.append(f"link.packets_lost: {link['packets_lost']}")
    row = [
        f"{hours:g} h, seed {seed}", str(n), str(link["packets_sent"]), str(link["packets_lost"]),
        str(link["duplicates_dropped"]), "yes" if link["data_digest"] == calm_link["data_digest"] else "no",
        str(len(wrong)),
    ]  # fmt: skip
    return [row], wrong


HEAD = ["night", "kills", "packets sent", "lost", "came twice", "same data", "keys that differ"]


def section(work: Path, short: bool) -> tuple[str, list[str]]:
    """The table of evidence, and what is wrong: twenty kills of a night. Kept under the digest of the sources."""
    hours, seeds = (0.5, (1,)) if short else (8.0, (1, 2))
    kept = work / f"kill-nine-{hours:g}.{sources_digest()}.json"
    if not kept.is_file():
        found = [complaints(work / f"kill-nine-{seed}", seed, hours, 20) for seed in seeds]
        kept.write_text(json.dumps([[row for rows, _ in found for row in rows], [one for _, w in found for one in w]]))
    rows, wrong = json.loads(kept.read_text())
    return table(HEAD, rows), wrong


def main() -> int:
    """Exit code 1 when a kill changed something."""
    parser = argparse.ArgumentParser(prog="python -m bench.kill_nine", description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rows, wrong = complaints(options.work, options.seed, options.hours, options.kills)
    sys.stdout.write(table(HEAD, rows) + "\n" + "".join(f"{one}\n" for one in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
