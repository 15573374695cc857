"""Never late, ten thousand times: every break and every pair of breaks inside the last ten minutes before an alarm.

Rule: a campaign is its number, nothing else. What its night has in common with others runs once: the process that runs
it is forked into a campaign a second before something breaks.
Use: python -m bench.late_campaign WORK [--count N | --sample N] [--jobs N]   (resumable; prints the table)
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import traceback
from collections.abc import Generator, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench import planted
from bench.late_breaks import BREAKS
from bench.late_judge import Outcome, judge
from bench.late_world import BASES, DUE_US, LAST_US, SECOND_US, Base, World, store_hour
from bench.tables import sources_digest
from bench.tables import table as markdown
from wire import packet

SETS: tuple[tuple[str, ...], ...] = (*((one,) for one in BREAKS), *itertools.combinations(BREAKS, 2))
CAMPAIGNS = 10_080
"""Every break alone and every pair 48 times."""
OTHER_NIGHT = 4
"""A base whose cloud asks for an early ring: what was said there is replayed elsewhere."""


@dataclass(frozen=True)
class Campaign:
    """All follows from the number."""

    number: int

    @property
    def breaks(self) -> tuple[str, ...]:
        return SETS[self.number % len(SETS)]

    @property
    def base(self) -> int:
        return self.number // len(SETS) % BASES

    def rng(self, stream: int) -> np.random.Generator:
        """The same one each time."""
        return np.random.default_rng([self.number, stream, 0x1A7E])

    @property
    def moments_us(self) -> list[int]:
        """Virtual time of each break."""
        rng = self.rng(0)
        return [int(rng.integers(DUE_US - LAST_US + SECOND_US, DUE_US - BREAKS[one].last_us)) for one in self.breaks]

    @property
    def branch_s(self) -> int:
        """Whole second at which it leaves its night."""
        return min(self.moments_us) // SECOND_US - 1


def in_a_fork(campaign: Campaign, world: World, armed: bool) -> Outcome:
    """The rest of the night, in a process of its own."""
    moments_us = campaign.moments_us
    moot = any(t_us < min(moments_us) for t_us, _, _ in world.rises)
    for stream, (name, at_us) in enumerate(zip(campaign.breaks, moments_us, strict=True)):
        BREAKS[name].act(world, campaign.rng(1 + stream), at_us)
    return judge(world, campaign.number, list(campaign.breaks), moments_us, armed, moot)


def branch(campaign: Campaign, world: World, armed: bool) -> tuple[int, int]:
    """Forks. Returns the child's id and the end of a pipe where its outcome comes as JSON."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    code = 1
    try:
        os.close(reading)
        outcome = in_a_fork(campaign, world, armed)
        os.write(writing, json.dumps(asdict(outcome)).encode())
        code = 0
    except BaseException:
        sys.stderr.write(f"campaign {campaign.number}: {traceback.format_exc()}")
    finally:
        os._exit(code)


def collect(child: int, reading: int, campaign: Campaign) -> Outcome:
    """Waits for a child; one that died is an outcome too."""
    pieces = list(iter(lambda: os.read(reading, 65536), b""))
    os.close(reading)
    _, status = os.waitpid(child, 0)
    if status or not pieces:
        died = Outcome(campaign.number, list(campaign.breaks), [], True, False, 0.0, None)
        died.wrong.append(f"the run failed, status {status}")
        return died
    return Outcome(**json.loads(b"".join(pieces)))


def is_armed(world: World) -> bool:
    """The device has said that it read the alarm back from its flash."""
    said: list[Any] = [one.fields for one in world.rig.packets if one.type == packet.ALARM_STATE]
    due_utc_us = world.base.t0_utc_us + DUE_US
    return bool(said) and said[-1]["stored"] == 1 and said[-1]["set_for_utc_us"] == due_utc_us


def night(
    base: int, wanted: Iterable[Campaign], hour: Any, other: tuple[list[bytes], list[bytes]], jobs: int
) -> Iterator[Outcome]:
    """The campaigns of one base, in the order of their branches."""
    world = World(Base(base), hour)
    world.another_night, world.another_device = other
    world.run((DUE_US - LAST_US) // SECOND_US)
    armed = is_armed(world)
    running: list[tuple[int, int, Campaign]] = []
    for campaign in sorted(wanted, key=lambda one: (one.branch_s, one.number)):
        world.run(campaign.branch_s - world.now_us // SECOND_US)
        if len(running) == jobs:
            yield collect(*running.pop(0))
        running.append((*branch(campaign, world, armed), campaign))
    yield from (collect(*one) for one in running)


def other_night(hour: Any) -> tuple[list[bytes], list[bytes]]:
    """What host and device say in a night in which the cloud asks for an early ring, piece by piece."""
    world, heard = World(Base(OTHER_NIGHT), hour), list[bytes]()
    answer = world.host.exchange

    def listen(utc_us: int, data: bytes) -> bytes:
        heard.extend([data] if data else [])
        return answer(utc_us, data)

    world.host.exchange = listen  # type: ignore[method-assign]
    world.run(DUE_US // SECOND_US)
    return world.said, heard


def run_all(wanted: list[Campaign], work: Path, jobs: int, keep: bool = True) -> Generator[Outcome]:
    """Outcomes, those of a run that was broken off first. keep: for the next run."""
    kept = work / f"late-campaign.{sources_digest()}.jsonl"
    lines = kept.read_text().splitlines() if keep and kept.is_file() else []
    known = {one.number: one for one in (Outcome(**json.loads(line)) for line in lines)}
    yield from (known[one.number] for one in wanted if one.number in known)
    missing = [one for one in wanted if one.number not in known]
    if not missing:
        return
    hour = store_hour(work / "hour.npy")
    other = other_night(hour)
    with kept.open("a") if keep else Path(os.devnull).open("a") as file:
        for base in sorted({one.base for one in missing}):
            for outcome in night(base, [one for one in missing if one.base == base], hour, other, jobs):
                file.write(json.dumps(asdict(outcome)) + "\n")
                file.flush()
                if outcome.wrong:
                    sys.stderr.write(f"{outcome}\n")
                yield outcome


HEAD = ["break", "campaigns", "fewest of a pair", "it had rung", "late", "silent", "clock lost: rang early", "misled"]


def rows(outcomes: list[Outcome]) -> list[list[str]]:
    """One row per break: alone and in pairs."""
    found = []
    for name in BREAKS:
        those = [one for one in outcomes if name in one.breaks]
        pairs = [sum(other in one.breaks and not one.moot for one in those) for other in BREAKS]
        counts = [
            len(those), min(pairs), sum(one.moot for one in those),
            *(sum(any(line.startswith(word) for line in one.wrong) for one in those) for word in ("late", "silent")),
            sum(one.timeless for one in those), sum(one.misled for one in those),
        ]  # fmt: skip
        found.append([name, *map(str, counts)])
    return found


def chosen(count: int | None, sample: int | None) -> list[Campaign]:
    """The first so many, or so many of all by chance; all."""
    if sample is not None:
        numbers = sorted(np.random.default_rng(0x1A7E).choice(CAMPAIGNS, sample, replace=False).tolist())
        return [Campaign(number) for number in numbers]
    return [Campaign(number) for number in range(CAMPAIGNS if count is None else count)]


def section(work: Path, wanted: list[Campaign], jobs: int = 1) -> tuple[str, list[str]]:
    """The table, and a line for each campaign in which something was wrong."""
    work.mkdir(parents=True, exist_ok=True)
    outcomes = list(run_all(wanted, work, jobs))
    wrong = [f"campaign {one.number}: {', '.join(one.breaks)}: {'; '.join(one.wrong)}" for one in outcomes if one.wrong]
    return markdown(HEAD, rows(outcomes)), wrong


def until_wrong(wanted: list[Campaign], work: Path, jobs: int) -> dict[str, Any]:
    """How many campaigns had run when the first found something, and what: for mistakes that are there to be found."""
    found, after = run_all(wanted, work, jobs, keep=False), 0
    for after, one in enumerate(found, 1):
        if one.fails:
            found.close()
            return {"after": after, "said": f"{', '.join(one.breaks)}: {one.wrong[0]}"}
    return {"after": None, "said": f"nothing in {after}"}


def main() -> int:
    """Exit code 1 when something was wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.late_campaign", description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--count", type=int, help="only the first so many")
    parser.add_argument("--sample", type=int, help="only so many, by chance")
    parser.add_argument("--number", type=int, action="append", help="this one")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--core", type=Path, help="of bench.planted, in place of the product's")
    parser.add_argument("--until-wrong", action="store_true", help="stop at the first; prints JSON")
    options = parser.parse_args()
    if options.core is not None:
        planted.use(options.core)
    wanted = [Campaign(one) for one in options.number or []] or chosen(options.count, options.sample)
    if options.until_wrong:
        sys.stdout.write(json.dumps(until_wrong(wanted, options.work, options.jobs)) + "\n")
        return 0
    text, wrong = section(options.work, wanted, options.jobs)
    sys.stdout.write(text + "\n" + "".join(f"{one}\n" for one in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
