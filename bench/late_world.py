"""The world of a never-late campaign: a board fed from one stored hour, and a cloud that can be killed, hung and restarted.

Rule: everything from the radar's FIFO up is the product. All of it lives in one process without threads, so that a world
can be forked at any virtual instant: what is the same in many campaigns runs once.

Not as in a night: the cloud is called, not started (its process dies for real in bench/never_late.py and
bench/kill_nine.py); its store is in memory; frames after the stored hour begin again at its start.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cloud.alarm import AlarmSetting
from cloud.app import seeded
from cloud.daily_alarm import Daily
from cloud.device import Settings
from cloud.ingest import PER_DEVICE
from cloud.night_process import Cloud
from cloud.store import Store
from hw_sim.board import CHIP_CLOCK_NS, Faults, Samples
from hw_sim.radar_view import RadarView
from hw_sim.rig import Rig
from wire import codec, handshake, packet, table, trust
from wire.packet import Packet

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
DUE_US = 12 * MINUTE_US
"""The set time, virtual."""
LAST_US = 10 * MINUTE_US
"""Everything breaks within this before the set time."""
WATCHED_US = 90 * SECOND_US
"""After the set time, for a ring that is late."""
HOUR_S = 3600
BLOCK_FRAMES = 200
BASES = 24
"""Nights that campaigns branch off from."""


def store_hour(path: Path, seconds: int = HOUR_S) -> NDArray[np.uint16]:
    """The frames of an hour beside one sleeper, uint16[frame, chirp * sample * rx], made once and kept; a memory map.

    seconds: of a shorter one, for tests.
    """
    from bench.run import radar
    from hw_sim.scene import Scene

    if not path.is_file():
        view, part = radar().view, path.with_suffix(".part")
        scene, period_us = Scene.load("single", seed=1, duration_s=float(HOUR_S)), radar().view.frame_period_ns / 1e3
        frames = np.lib.format.open_memmap(
            part, "w+", np.uint16, (round(seconds * 1e6 / period_us), view.frame_size)
        )  # fmt: skip
        for first in range(0, len(frames), BLOCK_FRAMES):
            scene.frames(first * period_us, period_us, BLOCK_FRAMES, view, frames[first : first + BLOCK_FRAMES])
        frames.flush()
        part.rename(path)
    return np.load(path, mmap_mode="r")  # type: ignore[no-any-return]


class StoredHour:
    """A sample source: the frame nearest to an instant, wherever frames start anew. offset_us: of the hour, at time 0."""

    any_time = True

    def __init__(self, frames: NDArray[np.uint16], offset_us: int) -> None:
        self._frames, self._offset_us = frames, offset_us

    def block(self, first_clock: int, view: RadarView) -> Samples:
        """Raises ValueError when the radar is programmed for other frames than the stored ones."""
        if view.frame_size != self._frames.shape[1]:
            raise ValueError(f"stored hour: {self._frames.shape[1]} samples a frame, the radar wants {view.frame_size}")
        period_us = view.frame_period_ns / 1e3
        first = round((first_clock * CHIP_CLOCK_NS / 1e3 + self._offset_us) / period_us) % len(self._frames)
        return self._frames[first : first + BLOCK_FRAMES]


class MemoryStore(Store):
    """A night's store without a file. db: of an earlier process, whose commits are all that is left of it."""

    def __init__(self, db: sqlite3.Connection | None = None) -> None:
        self.path = Path("in memory")
        self._run: int | None = None
        self._meta: dict[str, str] = {}
        self._db = db or sqlite3.connect(":memory:", isolation_level=None)
        self._prepare(durable=False)

    def after_a_kill(self) -> MemoryStore:
        """What the next process finds."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        return MemoryStore(self._db)


@dataclass
class CloudHost:
    """The cloud at the other end of the line. off_us: by how much its clock is wrong, + fast.

    hung_until_us: until then, UTC, it handles nothing; what came meanwhile waits for it, as in the kernel's buffer.
    late_us: its bytes take so long to the device, or only_time its TIME alone. inject: stranger's bytes that reach it.
    asked: set times and early rings that it has asked for, (UTC us, packet), in order.
    """

    seed: int
    settings: Settings
    store: MemoryStore = field(default_factory=MemoryStore)
    off_us: int = 0
    late_us: int = 0
    only_time: bool = False
    hung_until_us: int = 0
    alive: bool = True
    inject: bytes = b""
    starts: int = 0
    asked: list[tuple[int, Packet]] = field(default_factory=list)
    said: list[bytes] = field(default_factory=list)
    _waiting: bytes = b""
    _on_its_way: list[tuple[int, bytes]] = field(default_factory=list)
    _own: codec.Decoder = field(default_factory=codec.Decoder)

    def __post_init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self.starts += 1
        self.cloud = Cloud(
            self.store, seeded(self.seed, str(self.starts)), "simulated", self.settings, keyring=trust.EMULATED
        )

    def kill(self) -> None:
        """SIGKILL, between two quanta: what was not committed is gone."""
        self.alive, self._waiting, self._on_its_way = False, b"", []

    def restart(self) -> None:
        """A new process on the same store, with the settings of now."""
        self.alive, self.store = True, self.store.after_a_kill()
        self._start()

    def change(self, settings: Settings, live: bool) -> None:
        """The user has changed a setting. live: the process takes it up; else it is started anew."""
        self.settings = settings
        if self.alive and live:
            self.cloud._state.settings = settings
        elif self.alive:
            self.kill()
            self.restart()

    def say(self, plain: bytes) -> None:
        """Packets that the cloud itself would never say, said by it: sealed where it has a session."""
        if self.alive:
            state = self.cloud._state
            state.link, sealed = handshake.seal(state.link, plain)
            self._on_its_way.append((0, sealed))
            self.said.append(sealed)

    def exchange(self, utc_us: int, data: bytes) -> bytes:
        """See hw_sim.levers.Host."""
        self._waiting += data + self.inject
        self.inject = b""
        if self.alive and utc_us >= self.hung_until_us:
            self.cloud.receive(self._waiting)
            self._waiting = b""
            said = self.cloud.tick(utc_us + self.off_us)
            self.said += [said] if said else []
            for block in said.split(b"\0")[:-1]:
                self._send(utc_us, block + b"\0")
        arrived = [data for at_us, data in self._on_its_way if at_us <= utc_us]
        self._on_its_way = [(at_us, data) for at_us, data in self._on_its_way if at_us > utc_us]
        return b"".join(arrived)

    def _send(self, utc_us: int, block: bytes) -> None:
        """One packet, on its way to the device."""
        late_us = self.late_us
        for one in self._own.feed(block):
            self.asked += [(utc_us, one)] if one.type in (packet.ALARM_SET, packet.RING) else []
            late_us = 0 if self.only_time and one.type != packet.TIME else late_us
        self._on_its_way.append((utc_us + late_us, block))


@dataclass(frozen=True)
class Base:
    """A night to branch off from; all follows from its number."""

    number: int

    @property
    def rng(self) -> np.random.Generator:
        """The same one each time."""
        return np.random.default_rng([self.number, 0xBA5E])

    @property
    def standby(self) -> bool:
        """The user has switched the sensor off: radar asleep, only the device rings."""
        return self.number % 4 == 3

    @property
    def daily(self) -> bool:
        """The alarm is one of every day, by local time."""
        return self.number % 3 == 1

    @property
    def t0_utc_us(self) -> int:
        """True UTC at virtual time 0: not at a whole second; the set time of a daily alarm is a whole minute."""
        if self.daily:
            return 1_768_516_200_000_000
        return 1_768_516_200_000_000 + int(self.rng.integers(0, SECOND_US))

    @property
    def clock_ppb(self) -> int:
        """Error of the clock chip, within what its maker allows over temperature."""
        return int(self.rng.integers(-3000, 3001))

    def settings(self) -> Settings:
        """Of the cloud."""
        sunrise_s = 600 if self.number % 2 else 0
        due_utc_us = self.t0_utc_us + DUE_US
        if self.daily:
            return Settings(None, "left", "Asia/Kathmandu", Daily(local_time(due_utc_us, 20_700), sunrise_s))
        return Settings(AlarmSetting(due_utc_us, sunrise_s), "left", "UTC")


def filled(kind: int, fields: Mapping[str, int]) -> bytes:
    """A packet on the line; fields that are not named are 0."""
    names = (field.name for field in table.LAYOUTS[kind].fields)
    return codec.encode(packet.make(kind, {name: fields.get(name, 0) for name in names}))


def local_time(utc_us: int, east_s: int) -> str:
    """HH:MM."""
    minutes = (utc_us // SECOND_US + east_s) // 60 % 1440
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


class World:
    """One night, from its evening on.

    another_night, another_device: pieces that host and device said in another one. said: what this host has said.
    lost_clock, stepped: has befallen the device's clock, the host's. sets: (virtual us, set time UTC us, UTC us by the
    device's clock) of every alarm that the device has said to have taken. rises: (virtual us, by, reason) of the buzzer;
    kept: whether the alarm was in flash then.
    replayed: orders to ring or not that a replay brought to the device, packets that one brought to the cloud. boots: of
    this device.
    """

    def __init__(self, base: Base, hour: NDArray[np.uint16]) -> None:
        self.base, self.host = base, CloudHost(base.number, base.settings())
        self.another_night: list[bytes] = []
        self.another_device: list[bytes] = []
        self.lost_clock = self.stepped = False
        self.replayed = 0
        self.boots: set[int] = set()
        self.sets: list[tuple[int, int, int]] = []
        self.rises: list[tuple[int, str, str]] = []
        self.kept: list[bool] = []
        self._packets = 0
        offset_us = int(base.rng.integers(0, (HOUR_S - 900))) * SECOND_US
        self.rig = Rig(
            source=StoredHour(hour, offset_us), seed=base.number, t0_utc_us=base.t0_utc_us,
            faults=Faults(clock_ppb=base.clock_ppb), paired=True,
        )  # fmt: skip
        self._start_again, self.rig._start_again = self.rig._start_again, self._again  # type: ignore[method-assign]
        self.rig.set_standby(base.standby)
        self.rig.attach(self.host)

    def _again(self) -> None:
        """The device begins a new life: what the old one knew is looked at first."""
        self.look()
        self._start_again()

    @property
    def now_us(self) -> int:
        return self.rig.board.now_us

    @property
    def utc_us(self) -> int:
        """True UTC."""
        return self.base.t0_utc_us + self.now_us

    @property
    def said(self) -> list[bytes]:
        return self.host.said

    def run(self, seconds: float) -> None:
        """Whole seconds, each looked at."""
        for _ in range(round(seconds)):
            self.rig.run(1.0)
            self.look()

    def look(self) -> None:
        """Notes what the device has said of its alarm and why it rings, before a reboot forgets it."""
        device: Any = self.rig.device
        self.boots.add(device.firmware.state.boot)
        new, self._packets = self.rig.packets[self._packets :], len(self.rig.packets)
        for one in new:
            if one.type == packet.ALARM_STATE:
                fields: Any = one.fields
                self._set(fields["state"], fields["set_for_utc_us"], fields["utc_us"])
        times = [t_us for t_us, pin, level in self.rig.pins if pin == "buzzer" and level]
        for t_us in times[len(self.rises) :]:
            guard = self.guard
            words = table.text_of(table.AlarmMaker, guard.rung_by), table.text_of(table.Reason, guard.rung_reason)
            self.rises.append((t_us, *words))
            self.kept.append(self.held)

    def _set(self, state: int, set_for_utc_us: int, utc_us: int) -> None:
        if state != table.AlarmState["OFF"] and (not self.sets or self.sets[-1][1] != set_for_utc_us):
            self.sets.append((self.now_us, set_for_utc_us, utc_us))

    @property
    def guard(self) -> Any:
        """The device's own view of its alarm, to read; it is never the judge's."""
        device: Any = self.rig.device
        return device.firmware.state.alarm.guard

    @property
    def held(self) -> bool:
        """The last alarm that it was given is in its flash."""
        return bool(self.guard.state) and not self.guard.unstored

    @property
    def replays_taken(self) -> int:
        """Packets in the cloud's hands that this device has never made."""
        boots = self.host.cloud._state.ingest.boots.items()
        return sum(len(boot.got) for key, boot in boots if key % PER_DEVICE not in self.boots)

    def stranger(self, kind: int, **fields: int) -> None:
        """A packet of somebody on the line who has no key. Fields that are not named are 0."""
        self.rig.send(filled(kind, fields))

    def own(self, kind: int, **fields: int) -> None:
        """The same of the device's own host: a program of the user that is wrong."""
        self.host.say(filled(kind, fields))

    def write_flash(self) -> None:
        """The user changes a setting that the device keeps."""
        settings = self.host.settings
        self.host.change(replace(settings, side="right" if settings.side == "left" else "left"), live=True)
