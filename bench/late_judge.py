"""What a never-late campaign must not find.

Rule: judged at the buzzer's pin against true UTC, by what the user set and the device said to have taken; never by what
the device believes.

Late: the buzzer is silent one second after the set time, though it may have sounded before. The set time is that of the
last alarm that the device has said to have taken. One that was set while the device's clock was wrong is meant by that clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.late_world import DUE_US, SECOND_US, WATCHED_US, World
from wire import packet, table

LATE_US = SECOND_US
EARLY_US = 2 * SECOND_US
"""So much early needs a reason: a second is the battery clock's after a reboot."""
WRONG_US = 2 * SECOND_US
"""A clock that is off by more is wrong: an answer's instant is known to a second."""
EARLY_STEPPED_US = EARLY_US + WRONG_US
"""The same for an alarm that a host has set whose clock is off by so little that it does not count as wrong."""
REPLAYED = "by replayed data"
DEAD_CHIP = "clock chip dead"
"""A break: whoever is reset beside it has lost the clock."""
CLOCK_LOST, STEPPED, ASKED, WAS_OFF, SET_TIME = (
    table.text_of(table.Reason, table.Reason[name])
    for name in ("CLOCK_LOST", "CLOCK_STEPPED", "HOST_REQUEST", "WAS_OFF", "SET_TIME")
)


@dataclass(frozen=True)
class Outcome:
    """One campaign. Times in s from its set time on, negative before.

    sounds_s: when the buzzer sounded from the set time on, None: it did not; rises: (s, by, reason); meant: which of them an
    alarm was set for; asked_s: when the host first asked for an early ring.
    """

    number: int
    breaks: list[str]
    moments_s: list[float]
    armed: bool
    moot: bool
    due_s: float
    sounds_s: float | None
    rises: list[tuple[float, str, str]] = field(default_factory=list)
    asked_s: float | None = None
    lost_clock: bool = False
    stepped: bool = False
    held: bool = False
    replayed: int = 0
    replays_taken: int = 0
    meant: list[bool] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def failures(self) -> list[str]:
        """It was late or silent, or a replay had its way: the worst of what is wrong."""
        return [line for line in self.wrong if line.startswith(("late", "silent", REPLAYED))]

    @property
    def met(self) -> bool:
        """All that breaks broke before it rang."""
        return all(at_s + self.due_s > max(self.moments_s) for at_s, _, _ in self.rises)

    @property
    def timeless(self) -> bool:
        """It rang early because every source of time was lost."""
        return any(reason == CLOCK_LOST for _, _, reason in self.rises)

    @property
    def misled(self) -> bool:
        """The clock was lost, and the one host that could tell the time told a wrong one."""
        return self.lost_clock and self.stepped


def due_us(world: World, of: int = -1) -> int:
    """Virtual time at which the buzzer must sound. of: which alarm of those that the device has taken."""
    if not world.sets:
        return DUE_US
    taken_us, set_for_utc_us, device_utc_us = world.sets[of]
    due = set_for_utc_us - world.base.t0_utc_us
    off_us = device_utc_us - (world.base.t0_utc_us + taken_us)
    return due if not device_utc_us or abs(off_us) <= WRONG_US else due - off_us


def is_meant(world: World, t_us: int, kept: bool) -> bool:
    """An alarm that was taken then was set for this instant, or one that it replaces; kept: it was in flash by then."""
    taken = [of for of, one in enumerate(world.sets) if one[0] <= t_us]
    return any(abs(t_us - due_us(world, of)) <= EARLY_US for of in (taken[-1:] if kept else taken[-2:]))


def sounds_us(world: World, from_us: int) -> int | None:
    """The first instant from then on at which the buzzer sounds."""
    level = 0
    for t_us, pin, value in world.rig.pins:
        if pin != "buzzer":
            continue
        if t_us >= from_us and (level or value):
            return max(from_us, t_us) if not level else from_us
        level = value
    return from_us if level and world.now_us >= from_us else None


def follow(world: World) -> int:
    """To the end: a second after it sounded at its set time, or until it is late. Returns the set time."""
    while True:
        due = due_us(world)
        if due > DUE_US + WATCHED_US * 11:  # set anew for another hour
            world.run(5)
            return due
        if world.now_us > due + WATCHED_US or (world.now_us > due + LATE_US and sounds_us(world, due) is not None):
            return due
        world.run(1)


def judge(world: World, number: int, breaks: list[str], moments_us: list[int], armed: bool, moot: bool) -> Outcome:
    """Runs a world to its end and says what is wrong."""
    due = follow(world)
    sounds = sounds_us(world, due)
    asked = [(at - world.base.t0_utc_us - due) / 1e6 for at, one in world.host.asked if one.type == packet.RING]
    meant = [is_meant(world, t_us, kept) for (t_us, _, _), kept in zip(world.rises, world.kept, strict=True)]
    outcome = Outcome(
        number, breaks, [(one - DUE_US) / 1e6 for one in moments_us], armed, moot, (due - DUE_US) / 1e6,
        None if sounds is None else (sounds - due) / 1e6,
        [((t_us - due) / 1e6, by, reason) for t_us, by, reason in world.rises],
        min(asked, default=None), world.lost_clock or (DEAD_CHIP in breaks and len(world.boots) > 1), world.stepped,
        world.held, world.replayed, world.replays_taken, meant,
    )  # fmt: skip
    outcome.wrong.extend(complaints(outcome))
    return outcome


def complaints(one: Outcome) -> list[str]:
    """Empty when all is well."""
    found = [] if one.armed else ["not armed"]
    if one.due_s * 1e6 > 11 * WATCHED_US:
        return found if one.held else [*found, "silent: the alarm that was set anew is gone"]
    if not one.misled:
        if one.sounds_s is None:
            found.append("silent")
        elif one.sounds_s > LATE_US / 1e6:
            found.append(f"late by {one.sounds_s:.3f} s")
    for i, (at_s, by, reason) in enumerate(one.rises):
        meant = i < len(one.meant) and one.meant[i]
        asked = one.asked_s is not None and one.asked_s <= at_s
        if reason == ASKED and one.replayed and not asked:
            found.append(f"{REPLAYED} it rang {-at_s:.3f} s early")
        elif at_s < -EARLY_US / 1e6 and not (asked if reason == ASKED else explained(one, at_s, reason, meant)):
            found.append(f"rang early for no reason: {-at_s:.3f} s, by {by}, {reason}")
    if one.replays_taken:
        found.append(f"{REPLAYED} the cloud was misled: {one.replays_taken} packets")
    return found


def explained(one: Outcome, at_s: float, reason: str, meant: bool) -> bool:
    """An early ring that is meant, though no host has asked for it."""
    if one.misled:
        return True
    if reason == CLOCK_LOST:
        return one.lost_clock
    if reason == SET_TIME:
        return meant or (one.due_s > 0.0 and one.stepped and at_s >= -EARLY_STEPPED_US / 1e6)
    return reason in (STEPPED, WAS_OFF) and (one.stepped or "forged time" in one.breaks)
