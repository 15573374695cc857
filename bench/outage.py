"""An outage of the line in a night: does everything arrive, how often twice, how late, and how fast is the backlog gone.

Rule: the whole product runs in lock-step, the line loses bytes all night and is cut for a while; counted is what arrives at
the host's end of it and what the store holds in the end, against every number the device has given.
Use: python -m bench.outage WORK [--hours H] [--outage-min M] [--baud B]...
"""

from __future__ import annotations

import argparse
import json
import shutil
import sqlite3
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.tables import sources_digest, table
from cloud import report
from hw_sim.faults import Fault
from hw_sim.levers import Host
from hw_sim.line_faults import LineFaults
from hw_sim.lockstep import HostProcess
from hw_sim.night_run import run
from hw_sim.rig import Rig
from wire import codec, delivery

SECOND_US = 1_000_000
BAUDS = (115_200, 460_800, 921_600)
LOST_PPM = 100
"""Byte loss 1e-4, both ways."""
SETTLED_S = 5.0
LATENCY_S, COPIES, DRAIN = 2.0, 0.01, 1.3
"""What is wanted: live packets so quick, so many of a hundred twice, the backlog gone in so many times its line time."""
MEASURED_S = 0.25
"""Arrivals are known to a quantum."""
FINE_US = 180 * SECOND_US
BITS = 10


@dataclass(frozen=True)
class Arrival:
    """A data packet at the host's end, first time. utc_us: end of the quantum; made_us: device time."""

    utc_us: int
    made_us: int
    n_bytes: int
    live: bool


@dataclass
class Listener:
    """In front of the host: notes what arrives, changes nothing."""

    host: HostProcess
    decoder: codec.Decoder = field(default_factory=codec.Decoder)
    seen: dict[tuple[int, int], Arrival] = field(default_factory=dict)

    def exchange(self, utc_us: int, data: bytes) -> bytes:
        for one in self.decoder.feed(data):
            if one.seq:
                live = not delivery.is_resent(one)
                n_bytes = len(codec.encode(one))
                self.seen.setdefault((one.boot, one.seq), Arrival(utc_us, one.t_us, n_bytes, live))
        return self.host.exchange(utc_us, data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.host, name)


@dataclass(frozen=True)
class Outcome:
    """given: numbers of the device; the rest as its name says."""

    baud: int
    given: int
    stored: int
    copies: int
    latency_s: float
    latency_before_s: float
    backlog: int
    drain_s: float
    drain_99_s: float
    line_s: float

    def wrong(self) -> list[str]:
        """What is not as it should be, one line each."""
        name = f"{self.baud} baud"
        checks = (
            (self.stored == self.given, f"{self.given - self.stored} of {self.given} packets did not arrive"),
            (self.copies <= COPIES * self.given, f"{self.copies} of {self.given} packets came twice"),
            (self.latency_s < LATENCY_S, f"a live packet took {self.latency_s:.2f} s"),
            (
                self.drain_s <= DRAIN * self.line_s,
                f"backlog in {self.drain_s:.1f} s, the line needs {self.line_s:.1f} s",
            ),
        )
        return [f"{name}: {what}" for good, what in checks if not good]

    def row(self) -> list[str]:
        """For the table."""
        return [
            str(self.baud), str(self.given), str(self.given - self.stored), f"{100 * self.copies / self.given:.2f} %",
            f"{self.latency_before_s:.2f}", f"{self.latency_s:.2f}", str(self.backlog), f"{self.line_s:.1f}",
            f"{self.drain_99_s:.1f}", f"{self.drain_s:.1f}",
        ]  # fmt: skip


HEAD = ["baud", "packets", "lost", "came twice", "latency before, s", "latency after, s", "backlog", "its line time, s",
        "99 % gone after, s", "all gone after, s"]  # fmt: skip


def night(out: Path, baud: int, hours: float, outage_min: float, seed: int = 1) -> Outcome:
    """One night with the outage in its middle."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    cut_us = round((hours * 3600 - outage_min * 60) / 2) * SECOND_US
    back_us = cut_us + round(outage_min * 60) * SECOND_US
    heard: list[Listener] = []
    given: list[int] = []

    def levers(rig: Rig, host: HostProcess) -> None:
        heard.append(Listener(host))
        listening: Host = heard[0]
        rig.host = listening
        rig.line.faults = LineFaults(lost_ppm=LOST_PPM)
        rig.at(cut_us, lambda: rig.cut_line(True))
        rig.at(back_us, lambda: rig.cut_line(False))
        rig.fine_window(back_us - SECOND_US, back_us + FINE_US)
        end_us = round(hours * 3600) * SECOND_US
        rig.at(end_us - 60 * SECOND_US, lambda: given.append(newest(rig)))

    slow = [Fault("line-slow", baud)]
    result = run("single", out=out, seed=seed, hours=hours, levers=levers, play=slow)
    link = report.build(result.db, result.truth, result.run)["link"]
    return outcome(result.db, baud, heard[0], given[0], back_us + _zero(heard[0]), link)


def newest(rig: Rig) -> int:
    """The last number the device has given."""
    device: Any = rig.device
    return int(device.firmware.state.delivery.newest)


def _zero(heard: Listener) -> int:
    """UTC of device time 0: from the quickest packet, as the first quantum after it ends at most a second later."""
    return int(min((one.utc_us - one.made_us) // SECOND_US * SECOND_US for one in heard.seen.values()))


def outcome(db: Path, baud: int, heard: Listener, given: int, back_utc_us: int, link: dict[str, Any]) -> Outcome:
    """What the night came to. given: numbers that must be stored; those of the last minute may still be under way."""
    zero_us = _zero(heard)
    arrivals = list(heard.seen.values())
    with sqlite3.connect(db) as file:
        (stored,) = file.execute("SELECT count(*) FROM packets WHERE seq <= ?", (given,)).fetchone()
    late = [(one.utc_us - zero_us - one.made_us) / 1e6 for one in arrivals if one.live]
    when = np.array([one.utc_us for one in arrivals if one.live])
    latency = np.array(late)
    after, before = latency[when > back_utc_us + SETTLED_S * 1e6], latency[when < back_utc_us - 1]
    kept = [one for one in arrivals if one.utc_us > back_utc_us and zero_us + one.made_us <= back_utc_us]
    came = np.sort([one.utc_us for one in kept])
    first = int(came[0]) - SECOND_US // 4 if len(came) else 0
    return Outcome(
        baud=baud,
        given=given,
        stored=stored,
        copies=link["duplicates_dropped"],
        latency_s=float(after.max(initial=0.0)),
        latency_before_s=float(before.max(initial=0.0)),
        backlog=len(kept),
        drain_s=(int(came[-1]) - first) / 1e6 if len(came) else 0.0,
        drain_99_s=(float(np.quantile(came, 0.99)) - first) / 1e6 if len(came) else 0.0,
        line_s=sum(one.n_bytes for one in kept) * BITS / baud,
    )


def section(work: Path, short: bool) -> tuple[str, list[str]]:
    """The table of evidence, and what is wrong. Kept under the digest of the sources."""
    hours, outage_min = (0.5, 8.0) if short else (2.0, 30.0)
    found = []
    for baud in BAUDS:
        kept = work / f"outage-{hours:g}-{baud}.{sources_digest()}.json"
        if not kept.is_file():
            kept.write_text(json.dumps(vars(night(work / f"outage-{baud}", baud, hours, outage_min))))
        found.append(Outcome(**json.loads(kept.read_text())))
    return table(HEAD, [one.row() for one in found]), [line for one in found for line in one.wrong()]


def main() -> int:
    """Exit code 1 when something was lost, late or slow."""
    parser = argparse.ArgumentParser(prog="python -m bench.outage", description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--outage-min", type=float, default=30.0)
    parser.add_argument("--baud", type=int, action="append")
    options = parser.parse_args()
    bauds = options.baud or BAUDS
    found = [night(options.work / str(baud), baud, options.hours, options.outage_min) for baud in bauds]
    wrong = [line for one in found for line in one.wrong()]
    sys.stdout.write(table(HEAD, [one.row() for one in found]) + "\n" + "".join(f"{line}\n" for line in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
