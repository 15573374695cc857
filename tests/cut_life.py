"""A device whose power fails in one operation of its flash, and the real cloud at its line: what should arrive, what did.

Rule: what was written is read here from the flash's bytes, by the layout that native/include/sw_ring_store.h states and not
by the product's reader; what arrived, from the cloud's store. Of the device's own view only this is taken: which record it
was writing when the power failed.

A life begins with what an earlier one left, whose packets nobody has heard yet. In *heard* the cloud is there but for a cut
of the line, and sets an alarm and a side; in *unheard* nobody is until the power has failed, and the ring is full. After the
power cut both go on until everything has had its time to come, and end in standby.
"""

from __future__ import annotations

import functools
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cloud import report
from cloud.alarm import AlarmSetting
from cloud.device import Settings
from hw_sim.chip.core import ffi as board_ffi
from hw_sim.chip.core import lib as board_lib
from hw_sim.rig import HostTarget, Rig
from hw_sim.scene import Scene
from tests import ten_minutes
from tests.cloud_host import SECOND_US, CloudHost, rows
from wire import table, values

FLASH_BYTES, SECTOR, PAGE, FIRST = 65_536, 4096, 256, 8
HEADER, HEAD, CRC = 20, 24, 4
DATA = 1
PROGRAMMING = 4
T0_UTC_US = 1_800_000_000_400_000
SEED = 3
LOOK_S = 8
LAST_S = 40
"""In standby at the end, s."""
SHARES = (0.0, 0.05, 0.5, 0.95, 1.0)
Number = tuple[int, int]
"""(boot, number) of a packet."""
Plant = Callable[[Rig], None]
"""Done to the board while its power is off."""


@dataclass(frozen=True)
class Script:
    """What a life is like. seconds: of it, when no power fails; cut: of the line, s; before_s: of the life before it.

    after_s: until the end; of each earlier boot a minute passes until packets whose time nobody knows are stored.
    """

    name: str
    before_s: int
    seconds: int
    cut: tuple[tuple[int, int], ...]
    after_s: int


HEARD = Script("heard", 190, 70, ((24, 44),), 140)
UNHEARD = Script("unheard", 330, 60, ((0, 60),), 200)
SCRIPTS = (HEARD, UNHEARD)


def records(flash: bytes) -> Iterator[tuple[int, int, Number, bytes]]:
    """Data packets that are whole: address, type, (boot, number), payload."""
    for first in range(FIRST * SECTOR, len(flash), SECTOR):
        at, end = first + HEADER, first + SECTOR
        if flash[first : first + 4] != b"SRG1":
            continue
        while at + HEAD + CRC <= end:
            n, kind, type_, check, _, boot, seq = struct.unpack_from("<BBBBIII", flash, at)
            to = at + HEAD + n
            if (
                check != 0x5A
                or to + CRC > end
                or zlib.crc32(flash[at:to]) != int.from_bytes(flash[to : to + CRC], "little")
            ):
                at = (at // PAGE + 1) * PAGE
                continue
            if kind == DATA:
                yield at, type_, (boot, seq), flash[at + HEAD : to]
            at = to + CRC


@dataclass
class Outcome:
    """What became of a life's packets. stored, gaps, link: the cloud's.

    written: those whose write had finished. writing: those whose write was interrupted and left a trace.
    """

    script: Script
    written: dict[Number, bytes] = field(default_factory=dict)
    writing: set[Number] = field(default_factory=set)
    stored: dict[Number, bytes] = field(default_factory=dict)
    gaps: list[tuple[int, int, int, str, str]] = field(default_factory=list)
    link: dict[str, Any] = field(default_factory=dict)

    def named(self, reason: str = "") -> set[Number]:
        """What GAPs say is gone, for this reason or any."""
        why = values.reason_text(table.Reason[reason]) if reason else ""
        gone = table.text_of(table.Gap, table.Gap["PACKETS"])
        found = [gap[:3] for gap in self.gaps if gap[3] == gone and why in ("", gap[4])]
        return {(boot, seq) for boot, first, last in found for seq in range(first, last + 1)}

    @property
    def given(self) -> set[Number]:
        """Every number up to the last of its boot that was written or being written."""
        known = {*self.written, *self.writing}
        tops = {boot: max(seq for of, seq in known if of == boot) for boot, _ in known}
        return {(boot, seq) for boot, top in tops.items() for seq in range(1, top + 1)}

    def wrong(self) -> list[str]:
        """What is not as promised, a line each."""
        stored, written, named = set(self.stored), set(self.written), self.named()
        given = self.given
        full = self.named("STORE_FULL") if self.script is UNHEARD else set()
        checks = (
            (written - stored - full, "written, and neither stored nor given up by name"),
            (stored - written - self.writing, "stored, and never written"),
            ({one for one in stored & written if self.stored[one] != self.written[one]}, "stored with another payload"),
            (given - stored - named, "missing without a GAP"),
            (named - given, "named, and never given"),
            (self.named("FLASH_TORN") - self.writing, "said to be torn, and was not being written"),
        )
        lines = [f"{what}: {sorted(found)[:5]}" for found, what in checks if found]
        arrived, lost = self.link["packets_stored"], self.link["packets_lost"]
        if (arrived, arrived + lost) != (len(stored), len(given)):
            lines.append(f"link says {arrived} stored and {lost} lost, {len(stored)} of {len(given)} arrived")
        return lines


@functools.cache
def scene() -> Scene:
    """Of all lives: it is a function of time."""
    return ten_minutes.scene(SEED)


@functools.cache
def left_behind(before_s: int) -> bytes:
    """The flash of a device that nobody has heard for so long."""
    with Rig(scene(), seed=SEED + 1, paired=True, flash_bytes=FLASH_BYTES) as rig:
        rig.run(before_s)
        return rig.board.flash


class Life:
    """One run. cuts: which operation of the flash loses its power, from 1, and how much of it is done by then; one more
    counts from the reboot. plant: a fault, at each cut. target: see Rig; then `like` says what was being written."""

    def __init__(
        self,
        script: Script,
        db: Path,
        *cuts: tuple[int, float],
        plant: Plant | None = None,
        target: str = "host",
        like: Outcome | None = None,
    ) -> None:
        self.out = Outcome(script) if like is None else Outcome(script, writing=like.writing)
        self._cuts, self._plant = list(cuts), plant
        self.host = CloudHost(
            db, T0_UTC_US, Settings(AlarmSetting(T0_UTC_US + 3600 * SECOND_US, 0), "left", "UTC"), cut=script.cut
        )  # fmt: skip
        self.rig = Rig(
            scene(), seed=SEED, t0_utc_us=T0_UTC_US, paired=True, target=target, flash_bytes=FLASH_BYTES
        )  # fmt: skip
        self.rig.board.load_flash(left_behind(script.before_s))
        start_again, self.rig.board.on_reset = self.rig.board.on_reset, self._power_is_gone
        assert start_again is not None
        self._start_again = start_again
        self.rig.attach(self.host)
        self._look(self.rig.board.flash)
        self._plan_cut()

    def _plan_cut(self) -> None:
        if self._cuts:
            self.rig.board.cut_power_at_flash(*self._cuts.pop(0))

    def _look(self, flash: bytes) -> None:
        for _, _, number, payload in records(flash):
            self.out.written.setdefault(number, payload)

    def _power_is_gone(self) -> None:
        """What the interrupted operation has left is in the flash already; before it stood `before` there."""
        memory, flash = self.rig.board.memory.flash, self.rig.board.flash
        finished = bytearray(flash)
        if memory.cut_permille < 1000:
            finished[memory.op_at : memory.op_at + memory.op_n] = bytes(memory.before[0 : memory.op_n])
        self._look(bytes(finished))
        if isinstance(self.rig.device, HostTarget):
            self._note_writing(flash, self.rig.device.firmware.state)
        if self._plant is not None:
            self._plant(self.rig)
        self._start_again()
        self._plan_cut()

    def _note_writing(self, flash: bytes, device: Any) -> None:
        """What the device was at, when anything of it can be seen in the flash."""
        ring, boot = device.ring, int(device.boot)
        if ring.state != PROGRAMMING:
            return
        at = (FIRST + ring.newest % ring.sectors) * SECTOR + ring.offset
        if not flash[at : at + ring.n].strip(b"\xff"):
            return
        if ring.kind == DATA:
            number = boot, int.from_bytes(bytes(ring.bytes)[12:16], "little")
            self.out.writing |= {number} - set(self.out.written)

    def run(self) -> Outcome:
        """To the end."""
        rig, script = self.rig, self.out.script
        while not self.is_cut and rig.board.now_us < script.seconds * SECOND_US:
            self._second()
        heard_us = max(last for _, last in script.cut) * SECOND_US
        end_us = max(rig.board.now_us, heard_us) + script.after_s * SECOND_US
        while rig.board.now_us < end_us:
            self._second()
        rig.set_standby(True)
        for _ in range(LAST_S):
            self._second()
        self._look(rig.board.flash)
        rig.close()
        self.host.finish()
        return self._judged()

    @property
    def is_cut(self) -> bool:
        """The power has failed."""
        return bool(self.rig.board.memory.power_on_us)

    def _second(self) -> None:
        """A sector lasts for 40 s, so nothing goes unseen."""
        self.rig.run(1.0)
        if self.rig.board.now_us // SECOND_US % LOOK_S == 0:
            self._look(self.rig.board.flash)

    def _judged(self) -> Outcome:
        out, db = self.out, self.host.db
        for name in ("packets", "untimed"):
            found: list[Any] = rows(db, f"SELECT boot, seq, payload FROM {name}")
            out.stored |= {(boot, seq): payload for boot, seq, payload in found}
        gaps: list[Any] = rows(db, "SELECT of_boot, first_seq, last_seq, what, reason FROM gaps")
        out.gaps = gaps
        out.link = report.build(db, None, None)["link"]
        return out


def log_order(flash: bytes) -> list[tuple[int, int, Number, bytes]]:
    """Records from the oldest sector on."""

    def counter(found: tuple[int, int, Number, bytes]) -> tuple[int, int]:
        sector = found[0] // SECTOR * SECTOR
        return int.from_bytes(flash[sector + 4 : sector + 8], "little"), found[0]

    return sorted(records(flash), key=counter)


def operations(script: Script, db: Path) -> int:
    """How many the flash does in a life whose power does not fail."""
    life = Life(script, db)
    life.rig.run(script.seconds)
    life.rig.close()
    life.host.finish()
    return sum(life.rig.board.flash_operations[:2])


def loses_the_last_record(rig: Rig) -> None:
    """A store that had said it was written."""
    *_, (at, _, _, payload) = log_order(rig.board.flash)
    n = HEAD + len(payload) + CRC
    board_lib.nor_flash_put(board_ffi.addressof(rig.board.memory, "flash"), at, b"\xff" * n, n)
