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
from bench.late_judge import REPLAYED, Outcome, judge
from bench.late_world import BASES, DUE_US, LAST_US, SECOND_US, Base, World, store_hour
from bench.tables import sources_digest
from bench.tables import table as markdown
from wire import packet

SETS: tuple[tuple[str, ...], ...] = (*((one,) for one in BREAKS), *itertools.combinations(BREAKS, 2))
CAMPAIGNS = 10_080
"""Every break alone and every pair 48 times."""
OTHER_NIGHT = 32
"""A night whose cloud asks for an early ring: what was said there is replayed elsewhere. None of the bases: a night of the same
number draws the same nonces, so its sessions would be the same."""


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
    """What host and device say in a night in which the cloud asks for an early ring and the user cancels, piece by piece."""
    world, heard = World(Base(OTHER_NIGHT), hour), list[bytes]()
    answer = world.host.exchange

    def listen(utc_us: int, data: bytes) -> bytes:
        heard.extend([data] if data else [])
        return answer(utc_us, data)

    world.host.exchange = listen  # type: ignore[method-assign]
    world.run(DUE_US // SECOND_US)
    for kind in (packet.ALARM_CANCEL, packet.SNOOZE, packet.RING):
        world.own(kind, nonce=kind)
    world.run(2)
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


HEAD = ["break", "campaigns", "alone", "fewest with another", "with", "it had rung", "late", "silent", "replays",
        "rung by them", "clock lost: rang early", "misled"]  # fmt: skip
LEAST = 30
"""So often every break and every pair must have come before it rang."""


def rows(outcomes: list[Outcome]) -> list[list[str]]:
    """One row per break: alone and in pairs. What counts is a campaign in which nothing had rung before the last break."""
    found = []
    for name in BREAKS:
        those = [one for one in outcomes if name in one.breaks]
        met = [set(one.breaks) for one in those if one.met and not one.moot]
        pairs = {other: met.count({name, other}) for other in BREAKS if other != name}
        fewest = min(pairs, key=lambda other: pairs[other])
        counts = [
            len(those), met.count({name}), pairs[fewest], fewest, len(those) - len(met),
            *(said(those, word) for word in ("late", "silent")), sum(one.replayed for one in those), said(those, REPLAYED),
            sum(one.timeless for one in those), sum(one.misled for one in those),
        ]  # fmt: skip
        found.append([name, *map(str, counts)])
    return found


def said(outcomes: list[Outcome], word: str) -> int:
    """In how many something was wrong that begins so."""
    return sum(any(line.startswith(word) for line in one.wrong) for one in outcomes)


def total(outcomes: list[Outcome]) -> str:
    """What the table comes to."""
    counts = [int(row[column]) for row in rows(outcomes) for column in (2, 3)]
    words = (
        *(f"{said(outcomes, word)} {word}" for word in ("late", "silent")),
        f"{said(outcomes, REPLAYED)} rung {REPLAYED}",
    )
    replayed, timeless = (sum(getattr(one, name) for one in outcomes) for name in ("replayed", "timeless"))
    return (
        f"{len(outcomes)} campaigns: {', '.join(words)}. Every break alone and every pair came at least {min(counts)} "
        f"times in the last ten minutes, before anything rang. Replays brought {replayed} orders and packets. Rang early "
        f"because every source of time was lost: {timeless}."
    )


def too_few(outcomes: list[Outcome]) -> list[str]:
    """Breaks that did not come often enough in a whole campaign; nothing is asked of a part of one."""
    if len(outcomes) < CAMPAIGNS:
        return []
    found = rows(outcomes)
    lines = [f"only {row[2]} times alone: {row[0]}" for row in found if int(row[2]) < LEAST]
    return lines + [f"only {row[3]} times: {row[0]}, {row[4]}" for row in found if int(row[3]) < LEAST]


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
    return f"{markdown(HEAD, rows(outcomes))}\n\n{total(outcomes)}", wrong + too_few(outcomes)


def until_wrong(wanted: list[Campaign], first: list[Campaign], work: Path, jobs: int) -> dict[str, Any]:
    """Which of them, in the order in which they would run, finds something, and what: for mistakes that are there to be found.

    first: of them, those that are likely to; the others run when none of these does.
    """
    order = sorted(wanted, key=lambda one: (one.base, one.branch_s, one.number))
    for some in (first, [one for one in wanted if one not in first]):
        found = run_all(some, work, jobs, keep=False)
        for one in found:
            if one.failures:
                found.close()
                after = order.index(Campaign(one.number)) + 1
                return {"after": after, "said": f"{', '.join(one.breaks)}: {one.failures[0]}"}
    return {"after": None, "said": f"nothing in {len(wanted)}"}


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
    parser.add_argument("--first", action="append", choices=sorted(BREAKS), help="those with all of these breaks first")
    options = parser.parse_args()
    if options.core is not None:
        planted.use(options.core)
    wanted = [Campaign(one) for one in options.number or []] or chosen(options.count, options.sample)
    if options.until_wrong:
        first = [one for one in wanted if set(options.first or BREAKS) <= set(one.breaks)]
        sys.stdout.write(json.dumps(until_wrong(wanted, first, options.work, options.jobs)) + "\n")
        return 0
    text, wrong = section(options.work, wanted, options.jobs)
    sys.stdout.write(text + "\n" + "".join(f"{one}\n" for one in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
