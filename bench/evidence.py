"""Evidence: the measured figures of docs/evidence.md, one command line of the product per row.

Rule: nothing is measured here: rows are reports of `stillwave`, kept in the work folder under the digest of what
made them, so that a run that was broken off goes on where it stopped and a changed product starts anew.
Use: python -m bench.evidence WORK [--short]
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

from bench import (
    calibration,
    empty_rooms,
    fault_pairs,
    households,
    hypnograms,
    kill_nine,
    late_campaign,
    late_plants,
    link_evidence,
    mutants,
    never_late,
    noise_theory,
    staging,
)
from bench.tables import Report, figure, stillwave, table
from cloud.staging.seeds import TEST_SEEDS
from front.env import ROOT
from hw_sim.psg_nights import NightsError

DOC = ROOT / "docs" / "evidence.md"
SEEDS = range(1, 7)
SWEEP = (0.33, 1.0, 3.0)  # times the rates of hw_sim/physiology.py
SWEEP_SEEDS = (1, 2)
RECORDING = "bgt60tr13c_breathing"


NIGHT_HEAD = ["night", "rate error /min", "coverage", "displacement error mm", "of amplitude: p50, p90",
              "moving seconds streamed", "unsolicited bytes", "wall s"]  # fmt: skip


def night_row(label: str, report: Report) -> list[str]:
    """One night's figures against the simulator's truth."""
    breath, edge = report["respiration"], report["edge"]
    return [
        label,
        figure(breath["mae_per_min"]),
        figure(breath["coverage"], 3),
        figure(breath["displacement_rmse_mm"], 3),
        f"{figure(breath['displacement_relative_p50'])}, {figure(breath['displacement_relative_p90'])}",
        figure(report["presence"]["recall_moving"], 3),
        str(edge["bytes_unsolicited_while_silent"]),
        figure(report["wall_s"], 1),
    ]


def nights(work: Path, hours: str) -> str:
    """Nights of several seeds, and empty ones."""
    rows = []
    for scenario, seeds in (("single", SEEDS), ("arrival", (1, 2)), ("empty", (1, 2))):
        for seed in seeds:
            options = ("--seed", str(seed), "--hours", hours)
            report = stillwave(work, f"{scenario}-{seed}-{hours}", "night", scenario, *options)
            rows.append(night_row(f"{scenario}, seed {seed}", report))
    return table(NIGHT_HEAD, rows)


SWEEP_HEAD = ["movements", "rate error /min", "coverage", "moving seconds streamed", "kappa, four stages", "sleep/wake"]


def sweep(work: Path, hours: str) -> str:
    """How often sleepers move in each stage is an assumption: what other rates would do, with the same stage model."""
    frozen = (ROOT / "hw_sim" / "scenarios" / "single.toml").read_text()
    rows = []
    for scale in SWEEP:
        scenario = work / f"movements-{scale:g}.toml"
        scenario.write_text(f"{frozen}\n[person.night]\nmovement_scale = {scale}\n")
        for seed in SWEEP_SEEDS:
            options = ("--seed", str(seed), "--hours", hours)
            report = stillwave(work, f"movements-{scale:g}-{seed}-{hours}", "night", str(scenario), *options)
            breath, agreement = report["respiration"], report["agreement"]
            rows.append(
                [
                    f"× {scale:g}, seed {seed}",
                    figure(breath["mae_per_min"]),
                    figure(breath["coverage"], 3),
                    figure(report["presence"]["recall_moving"], 3),
                    figure(agreement["kappa4"]),
                    figure(agreement["kappa2"]),
                ]
            )
    return table(SWEEP_HEAD, rows)


def sleepers() -> str:
    """Simulated hypnograms beside real ones, or that these are not here."""
    try:
        return hypnograms.section()[0]
    except NightsError:
        return "The recordings are not on this machine."


def recording(work: Path) -> str:
    """The real chip's recording, or that it is not here."""
    folder = Path(os.environ.get("STILLWAVE_DATA", ROOT.parent / "shared" / "data")) / RECORDING
    if not folder.is_dir():
        return "The recording is not on this machine."
    arguments = ("process", str(folder / "radar.npy"), "--radar", str(folder / "config.json"))
    result = stillwave(work, "recording", *arguments)
    per_rx = ", ".join(figure(rate) for rate in result["per_rx_rate_per_min"])
    rows = [
        ["breaths per minute", figure(result["respiration_rate_per_min"])],
        ["each antenna alone", per_rx],
        ["distance", f"{figure(result['distance_m'], 3)} m"],
        ["peak to peak", f"{figure(result['displacement_p2p_mm'])} mm"],
        ["confidence at the end", figure(result["confidence"], 3)],
        ["FIFO bursts", f"{result['spi_bytes']} bytes"],
    ]
    return table(["figure", "value"], rows)


def reliability(work: Path, short: bool) -> str:
    """The alarm with everything broken around it, and the cloud killed through a night."""
    alarm, wrong = never_late.section(work, short)
    killed, changed = kill_nine.section(work, short)
    broken, late = late_campaign.section(work, late_campaign.chosen(None, 200 if short else None))
    planted, missed = late_plants.section(work, list(late_plants.PLANTS)[: 2 if short else None])
    mutated, alive = mutants.section(work, list(mutants.TESTS), 20 if short else None)
    lines = [f"* {one}" for one in [*wrong, *changed, *late, *missed, *alive]]
    return "\n\n".join([alarm, killed, broken, planted, mutated, "\n".join(lines) or "Nothing was late or changed."])


def pairs(work: Path, short: bool) -> str:
    """Pairs of faults in ten-minute scenes."""
    done, wrong = fault_pairs.section(work / "pairs", range(1, 21 if short else 501))
    return "\n\n".join(
        [done, "\n".join(f"* {one}" for one in wrong) or "Nothing crashed, hung or showed a wrong value."]
    )


def rooms(work: Path, short: bool) -> str:
    """A day in rooms without anybody, and sleepers beside them."""
    hours = (1.0, 1.0, 1) if short else (empty_rooms.DAY_H, empty_rooms.NIGHT_H, len(empty_rooms.SEEDS))
    return empty_rooms.section(work / "rooms", *hours)


def main(work: Path, short: bool) -> None:
    """Write docs/evidence.md."""
    work.mkdir(parents=True, exist_ok=True)
    hours = "1" if short else "8"
    seeds = TEST_SEEDS[:2] if short else TEST_SEEDS
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout
    made = f"Made by `make evidence` at commit {commit.strip()}, {platform.machine()}, {os.cpu_count()} cores."
    text = DOC.read_text().split("<!-- measured -->")[0] + "\n\n".join(
        [
            f"<!-- measured -->\n\n{made}",
            f"## Nights of {hours} hours, simulated\n\n{nights(work, hours)}",
            f"## Stages and sleep, simulated\n\n{staging.section(work, hours, seeds)}",
            f"## Who is measured, {hours} hours each, simulated\n\n{households.section(work, hours)}",
            f"## Other movement rates, {hours} hours each, simulated\n\n{sweep(work, hours)}",
            f"## Hypnograms beside real ones\n\n{sleepers()}",
            f"## Never late\n\n{reliability(work, short)}",
            f"## The link\n\n{link_evidence.section(work, short)}",
            f"## Empty rooms, simulated\n\n{rooms(work, short)}",
            f"## Pairs of faults, simulated\n\n{pairs(work, short)}",
            f"## Radio against theory\n\n{noise_theory.section()}",
            "## Directions with mismatched antennas\n\n" + "\n".join(calibration.markdown(range(1, 9))),
            f"## One real recording\n\n{recording(work)}",
        ]
    )
    DOC.write_text(text + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), "--short" in sys.argv)
