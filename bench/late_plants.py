"""Twelve mistakes of the kind that makes an alarm late, each planted, each to be found by the never-late campaign.

Rule: a mistake is a change of a line or two that passes a compiler and a glance; found means: within 1,000 campaigns drawn
by chance from all of them. To save hours, those of the 1,000 run first in which that breaks which such a mistake needs: its
place among the 1,000 is the latest at which it is found.
Use: python -m bench.late_plants WORK [--only NAME] [--most N] [--jobs N]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.planted import Cores, planted
from bench.tables import table

MOST = 1000


@dataclass(frozen=True)
class Plant:
    """old is replaced by new in a file of native/src. what: in words; needs: what must break for it to show."""

    what: str
    needs: tuple[str, ...]
    file: str
    old: str
    new: str


STEP = """    if (now_us >= fw->alarm.deadline_us) {
        sw_alarm_clock_step(&fw->alarm, now_us);
    }
    /* whatever"""
PLANTS = {
    "later-by-clock": Plant(
        "a clock that is set moves the armed deadline, also later", ("host's clock stepped",), "alarm_guard.c",
        "if (deadline_us < last_us || deadline_us - last_us <= doubt_us) {", "if (doubt_us != UINT64_MAX) {",
    ),
    "ring-moves-deadline": Plant(
        "a ring asked for behind the deadline takes its place", ("wrong commands",), "alarm_guard.c",
        "    if (g->deadline_us == NEVER || ring_us >= g->deadline_us) {\n",
        "    if (g->deadline_us == NEVER || ring_us >= g->deadline_us) {\n        g->deadline_us = ring_us;\n",
    ),
    "waits-for-host": Plant(
        "without a clock it waits for a host for ever", ("clock lost",), "alarm_memory.c",
        "    uint64_t at_us = lost_at_us(a);\n", "    uint64_t at_us = NEVER;\n",
    ),
    "record-not-lowered": Plant(
        "the battery clock is set back, the record in flash stays", ("host's clock stepped",), "alarm_memory.c",
        "if ((lower && !another) || ((another || higher) && a->rtc_due_us == NEVER)) {",
        "if (lower == 2 || ((another || higher) && a->rtc_due_us == NEVER)) {",
    ),
    "not-in-standby": Plant(
        "the alarm's deadline is dropped in standby", ("line cut",), "firmware.c", STEP,
        STEP.replace("{\n", "{\n        if (fw->standby) fw->alarm.deadline_us = SW_NEVER; else\n", 1),
    ),
    "not-without-radar": Plant(
        "the alarm's deadline is dropped while the radar has failed", ("radar dead",), "firmware.c", STEP,
        STEP.replace("{\n", "{\n        if (fw->driver.failure) fw->alarm.deadline_us = SW_NEVER; else\n", 1),
    ),
    "store-failed-forgets": Plant(
        "what cannot be stored is given up", ("flash fails", "two schedules"), "alarm_guard.c",
        "[SW_ALARM_EVENT_STORE_FAILED] = GO(ARMED), /*", "[SW_ALARM_EVENT_STORE_FAILED] = GO(OFF), /*",
    ),
    "past-cancels": Plant(
        "a set time that has passed cancels the armed one", ("wrong commands",), "alarm_clock.c",
        "    if (set_for_utc_us <= sw_clock_utc(&a->clock, now_us) || set_for_utc_us > SW_CLOCK_NEWEST_US) {\n",
        "    if (set_for_utc_us <= sw_clock_utc(&a->clock, now_us) || set_for_utc_us > SW_CLOCK_NEWEST_US) {\n"
        "        act(a, now_us, SW_ALARM_EVENT_CANCEL);\n",
    ),
    "no-watchdog": Plant(
        "the watchdog is not started", ("processor hangs",), "parts.c",
        "(void)fw->hal.watchdog_start(fw->hal.watchdog, SW_PARTS_WATCHDOG_MS);", "",
    ),
    "not-restored": Plant(
        "a reboot while the line is quiet forgets the alarm in flash", ("rebooted",), "alarm_memory.c",
        "    if (kept->set_for_utc_us == 0u || a->guard.state != SW_ALARM_OFF) {\n        return;",
        "    if (kept->set_for_utc_us != 0u || a->guard.state != SW_ALARM_OFF) {\n        return;",
    ),
    "replay-taken": Plant(
        "orders of another session are taken", ("replayed to the device",), "trust.c",
        "        if (!is_genuine(&t->pending, packet)) {\n            t->forged++;\n            return SW_ADMITTED_NOT;",
        "        if (!is_genuine(&t->pending, packet)) {\n            t->forged++;\n            return SW_ADMITTED;",
    ),
    "rounded-up": Plant(
        "the deadline is rounded up to three seconds", ("two schedules",), "alarm_guard.c",
        "    g->deadline_us = deadline_us;\n    g->replaced_us = replaced_us;",
        "    g->deadline_us = (deadline_us / 3000000u + 1u) * 3000000u;\n    g->replaced_us = replaced_us;",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """after: campaigns, in their order, up to the one that found it; None: none did."""

    name: str
    after: int | None
    said: str
    seconds: float


def look_for(name: str, work: Path, most: int, jobs: int) -> Found:
    """Runs campaigns until one finds the mistake. Raises PlantError when it cannot be planted."""
    plant = PLANTS[name]
    core = Cores(work / "planted").build(name, planted(plant.file, plant.old, plant.new))
    began_s = time.monotonic()
    command = [sys.executable, "-m", "bench.late_campaign", str(work), "--sample", str(most), "--jobs", str(jobs),
               "--core", str(core), "--until-wrong", *(word for one in plant.needs for word in ("--first", one))]  # fmt: skip
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    said = json.loads(done.stdout)
    return Found(name, said["after"], said["said"], time.monotonic() - began_s)


def section(work: Path, names: list[str], most: int = MOST, jobs: int = 1) -> tuple[str, list[str]]:
    """The table, and the mistakes that were not found."""
    found = [look_for(name, work, most, jobs) for name in names]
    rows = [
        [PLANTS[one.name].what, "–" if one.after is None else str(one.after), one.said, f"{one.seconds:.0f}"]
        for one in found
    ]
    text = table(["mistake", "found after campaigns, at most", "by", "s"], rows)
    return text, [f"not found within {most}: {one.name}" for one in found if one.after is None]


def main() -> int:
    """Exit code 1 when a mistake was not found."""
    parser = argparse.ArgumentParser(prog="python -m bench.late_plants", description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--only", action="append", choices=sorted(PLANTS), help="this one")
    parser.add_argument("--most", type=int, default=MOST)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    text, missed = section(options.work, options.only or list(PLANTS), options.most, options.jobs)
    sys.stdout.write(text + "\n" + "".join(f"{one}\n" for one in missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
