"""What breaks in a never-late campaign: one row each; a campaign is one row, or two of them at two moments.

Rule: a break follows from its random numbers alone, begins inside the last ten minutes and may be mended again.
Left out, because nothing on the board can ring in time then: a processor that hangs in the last 10 s (its watchdog takes 8).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bench.late_world import DUE_US, SECOND_US, World
from cloud.alarm import AlarmSetting
from cloud.device import Settings
from wire import codec, packet

Rng = np.random.Generator
MOVED_ZONES = ("Asia/Kolkata", "Asia/Dhaka", "UTC", "Pacific/Chatham")
"""From Asia/Kathmandu: the set time of every day is 15 minutes later, earlier, hours away."""
RADAR = ("miso-low", "miso-high", "irq-never", "irq-stuck", "brown-out", "reset-line-low", "oscillator-off",
         "memory-broken", "self-test-wrong", "bus-split=64", "frame-drop=20%", "fifo-shift")  # fmt: skip
CLOCK_CHIP = ("clock-stopped", "clock-absent", "bus-stuck")
FLASH = ("flash-stuck", "flash-slow=400x", "flash-stuck")
"""Without flash-worn: four weak cells of a sector are no break beside the few records of a night."""
YEAR_US = 31_557_600_000_000
ORDERS = (packet.ALARM_SET, packet.ALARM_CANCEL, packet.RING, packet.SNOOZE)


@dataclass(frozen=True)
class Break:
    """act(world, rng, at_us): puts it into the run. last_us: before the set time it begins no later."""

    act: Callable[[World, Rng, int], None]
    last_us: int = SECOND_US


def until(rng: Rng, at_us: int) -> int | None:
    """When it is mended; None: never."""
    if rng.random() < 0.4:
        return None
    return at_us + round(float(np.exp(rng.uniform(np.log(2.0), np.log(300.0)))) * 1e6)


def lasting(begin: Callable[[World, Rng], Any], end: Callable[[World], Any]) -> Callable[[World, Rng, int], None]:
    """A break that begins and may end."""

    def act(world: World, rng: Rng, at_us: int) -> None:
        mended_us = until(rng, at_us)
        world.rig.at(at_us, lambda: begin(world, rng))
        if mended_us is not None:
            world.rig.at(mended_us, lambda: end(world))

    return act


def played(*names: str, once: tuple[str, ...] = ()) -> Callable[[World, Rng, int], None]:
    """One of the faults that the simulator plays."""

    def act(world: World, rng: Rng, at_us: int) -> None:
        name, mended_us = str(rng.choice(names)), until(rng, at_us)
        length = "" if mended_us is None or name in once else f"+{(mended_us - at_us) / 1e6:.6f}"
        world.rig.faults.play([f"{name}@{at_us / 1e6:.6f}{length}"])

    return act


def again(world: World, rng: Rng, at_us: int, times: int, deed: Callable[[], None]) -> None:
    """The deed so often, up to 2 s between."""
    for _ in range(times):
        world.rig.at(at_us, deed)
        at_us += int(rng.integers(50_000, 2 * SECOND_US))


# --- host and line


def kill(world: World, rng: Rng, at_us: int) -> None:
    mended_us = until(rng, at_us)
    world.rig.at(at_us, world.rig.kill_host)
    if mended_us is not None:
        world.rig.at(mended_us, lambda: None if world.host.alive else world.rig.restart_host())


def hang(world: World, rng: Rng) -> None:
    seconds = float(np.exp(rng.uniform(np.log(2.0), np.log(600.0))))
    world.host.hung_until_us = world.utc_us + round(seconds * 1e6)


def step_clock(world: World, rng: Rng) -> None:
    """The host's clock: a fraction of a second up to a day, either way."""
    off_us = round(float(np.exp(rng.uniform(np.log(0.3), np.log(86_400.0)))) * 1e6)
    world.host.off_us = off_us if rng.random() < 0.5 else -off_us
    world.stepped = True


def right_clock(world: World) -> None:
    world.host.off_us = 0


def late_bytes(world: World, rng: Rng) -> None:
    """What the host says, or its answers about the time alone, come late."""
    world.host.only_time = bool(rng.random() < 0.6)
    world.host.late_us = round(float(np.exp(rng.uniform(np.log(2.0), np.log(60.0)))) * 1e6)


def in_time(world: World) -> None:
    world.host.late_us = 0


def move(world: World, rng: Rng, at_us: int) -> None:
    """The user travels, or summer begins."""
    zone, live = str(rng.choice(MOVED_ZONES)), rng.random() < 0.5
    world.rig.at(at_us, lambda: world.host.change(replace(world.host.settings, timezone=zone), live))


def second_schedule(world: World, rng: Rng, at_us: int) -> None:
    """Another set time, in a moment or minutes away, and perhaps the first one again."""
    off_us = int(rng.integers(20 * SECOND_US, 240 * SECOND_US)) * (1 if rng.random() < 0.6 else -1)
    soon_us = at_us + int(rng.integers(4 * SECOND_US, 40 * SECOND_US)) if rng.random() < 0.3 else 0
    first, live = world.host.settings, bool(rng.random() < 0.5)
    other = world.base.t0_utc_us + (soon_us or max(DUE_US + off_us, at_us + 15 * SECOND_US))
    wanted = Settings(AlarmSetting(other, int(rng.integers(0, 2)) * 300), "left", first.timezone)
    world.rig.at(at_us, lambda: world.host.change(wanted, live))
    if rng.random() < 0.3:
        back_us = at_us + int(rng.integers(SECOND_US, 60 * SECOND_US))
        world.rig.at(back_us, lambda: world.host.change(first, live))


# --- the device's own parts


def flash_cut(world: World, rng: Rng, at_us: int) -> None:
    """The power fails in the next operation of the flash; a setting of the user's sees to one."""
    world.rig.faults.play([f"flash-torn={rng.uniform(0, 100):.3f}%@{at_us / 1e6:.6f}"])
    world.rig.at(at_us, lambda: world.write_flash())


def flash_fails(world: World, rng: Rng, at_us: int) -> None:
    played(*FLASH)(world, rng, at_us)
    world.rig.at(at_us + 1, lambda: world.write_flash())


def reset(world: World, rng: Rng, at_us: int) -> None:
    """The processor alone starts anew, by its pin, a dip or its watchdog."""
    kind = str(rng.choice(["device-reset", "power-dip"]))
    world.rig.faults.play([f"{kind}@{at_us / 1e6:.6f}"])


def reboot(world: World, rng: Rng, at_us: int) -> None:
    """Once, or some times in a row: a loose plug."""
    for _ in range(1 if rng.random() < 0.7 else int(rng.integers(2, 6))):
        if at_us <= DUE_US - SECOND_US:
            world.rig.at(at_us, world.rig.reboot)
        at_us += int(rng.integers(20_000, 5 * SECOND_US))


def lose_clock(world: World, rng: Rng, at_us: int) -> None:
    def act() -> None:
        world.lost_clock = True
        world.rig.reboot(lose_clock=True)

    world.rig.at(at_us, act)


# --- strangers


def forge_time(world: World, rng: Rng, at_us: int) -> None:
    """TIME by who hears the line and has no key: with the nonce of the last PONG, or any."""

    def act() -> None:
        pongs: list[Any] = [one.fields for one in world.rig.packets[-50:] if one.type == packet.PONG]
        heard = [fields["device_nonce"] for fields in pongs]
        nonce = heard[-1] if heard and rng.random() < 0.7 else int(rng.integers(1, 2**63))
        off_us = int(rng.integers(-7200, 7200)) * SECOND_US
        world.stranger(packet.TIME, device_nonce=nonce, utc_us=world.utc_us + off_us)

    again(world, rng, at_us, 30, act)


def wrong_commands(world: World, rng: Rng, at_us: int) -> None:
    """Commands that cannot be meant, of the device's own host or of a stranger; a stranger's that could be; and noise."""

    def act() -> None:
        kind, fields = wrong_command(world, rng)
        if rng.random() < 0.5:
            world.own(kind, **fields)
        else:
            world.stranger(kind, **fields)
        if rng.random() < 0.3:
            world.stranger(*STRANGERS[int(rng.integers(len(STRANGERS)))], nonce=int(rng.integers(1, 2**63)))
        if rng.random() < 0.3:
            world.rig.send(rng.bytes(int(rng.integers(1, 300))))

    again(world, rng, at_us, 20, act)


STRANGERS = ((packet.ALARM_CANCEL,), (packet.RING,), (packet.STANDBY,))


def wrong_command(world: World, rng: Rng) -> tuple[int, dict[str, int]]:
    """One that nobody can mean."""
    nonce, now = int(rng.integers(1, 2**63)), world.utc_us
    far_us = int(rng.integers(1, 86_400)) * SECOND_US + DUE_US
    return [
        (packet.ALARM_SET, {"nonce": nonce, "set_for_utc_us": int(rng.integers(0, now))}),
        (packet.ALARM_SET, {"nonce": nonce, "set_for_utc_us": now + 1000 * YEAR_US, "sunrise_s": 65535}),
        (packet.RING, {"nonce": nonce, "utc_us": now + far_us}),
        (packet.RING, {"nonce": nonce, "utc_us": int(rng.integers(1, now))}),
        (packet.SETTINGS_SET, {"nonce": nonce, "side": int(rng.integers(3, 255))}),
        (packet.ACK, {"boot": int(rng.integers(0, 2**32)), "seq": int(rng.integers(0, 2**32))}),
        (packet.ALARM_CANCEL, {}),
    ][int(rng.integers(7))]


@functools.cache
def orders_in(said: bytes) -> int:
    """How many packets make a device ring, or ring no more."""
    return sum(one.type in ORDERS for one in codec.Decoder().feed(said))


def replay_to_device(world: World, rng: Rng, at_us: int) -> None:
    """What a host said in another night, or in this one, once more; every other time with an order to ring or not to."""
    another = bool(rng.random() < 0.5)

    def act() -> None:
        pieces = world.another_night if another else list(world.said)
        first = int(rng.integers(0, max(1, len(pieces) - 40)))
        if rng.random() < 0.5 and (orders := [n for n, one in enumerate(pieces) if orders_in(one)]):
            first = max(0, int(rng.choice(orders)) - int(rng.integers(0, 40)))
        said = b"".join(pieces[first : first + 40])
        world.replayed += orders_in(said)
        world.rig.send(said)

    again(world, rng, at_us, 12, act)


def replay_to_cloud(world: World, rng: Rng, at_us: int) -> None:
    """What a device said in another night comes to the cloud."""

    def act() -> None:
        first = int(rng.integers(0, max(1, len(world.another_device) - 60)))
        said = b"".join(world.another_device[first : first + 60])
        world.replayed += said.count(b"\0")
        world.host.inject += said

    again(world, rng, at_us, 12, act)


BREAKS: Mapping[str, Break] = {
    "line cut": Break(lasting(lambda w, _: w.rig.cut_line(True), lambda w: w.rig.cut_line(False))),
    "line garbled": Break(played("line-garbled=1%", "line-loses=2%", "line-inserts=5%", "line-cut-to-host",
                                 "line-cut-to-device")),
    "cloud killed": Break(kill),
    "cloud hung": Break(lasting(hang, lambda _: None)),
    "rebooted": Break(reboot),
    "processor reset": Break(reset),
    "processor hangs": Break(played("device-hangs", once=("device-hangs",)), 10 * SECOND_US),
    "radar dead": Break(played(*RADAR, once=("brown-out", "fifo-shift"))),
    "host's clock stepped": Break(lasting(step_clock, right_clock)),
    "clock lost": Break(lose_clock),
    "clock chip dead": Break(played(*CLOCK_CHIP)),
    "time zone changed": Break(move),
    "power cut in the flash": Break(flash_cut),
    "flash fails": Break(flash_fails),
    "forged time": Break(forge_time),
    "late time": Break(lasting(late_bytes, in_time)),
    "wrong commands": Break(wrong_commands),
    "two schedules": Break(second_schedule),
    "replayed to the device": Break(replay_to_device),
    "replayed to the cloud": Break(replay_to_cloud),
}  # fmt: skip
