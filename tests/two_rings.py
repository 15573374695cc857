"""Both rings of a flash of 256 KB without the device around them: packets go in as fast as the flash takes them."""

from __future__ import annotations

import functools
from typing import Any

from edge.core import load
from tests.torn_flash import SECTOR, TornFlash
from wire import packet, table
from wire.table import Reason

ffi, lib = load()
SIZE = 64 * SECTOR
FULL, THIN = 35, 21  # sectors of 56
PER_SECTOR, PER_THIN = 40, 67


class Rings:
    """One boot of both on a flash, as the uplink drives them: oldest waveforms go first, then oldest packets."""

    def __init__(self, flash: TornFlash | None = None, boot: int = 1, seq: int = 0) -> None:
        self.flash = flash or TornFlash(SIZE)
        self.flash.power_on()
        self.r, self.thin = ffi.new("sw_ring *"), ffi.new("sw_ring *")
        self.begun = ffi.new("uint32_t *")
        self.boot, self.seq = boot, seq
        self.told: list[tuple[int, int]] = []  # of waves, then of packets: before these they are gone
        lib.sw_ring_init(self.r, boot, self.flash.now_us)
        lib.sw_ring_with(self.r, self.thin)
        self.run(0.5)

    def run(self, seconds: float) -> list[str]:
        flash, news = self.flash, []
        end_us = flash.now_us + round(seconds * 1e6)
        while flash.now_us <= end_us and flash.powered:
            got = self._step(self.r)
            if got == "WRITTEN" or got == "FAILED":
                news.append(got)
            moved = self._step_thin() if self.r.state >= lib.SW_RING_IDLE else "NOTHING"
            if (got, moved) in (("NOTHING", "NOTHING"), ("FULL", "NOTHING")):
                flash.now_us = max(flash.now_us + 1, min(self.r.at_us, self.thin.at_us, end_us + 1))
        return news

    def _step(self, ring: Any) -> str:
        got = lib.sw_ring_step(ring, self.flash.hal, self.flash.now_us, 1, self.begun)
        r = self.r
        if got == lib.SW_RING_FULL and ring == r and r.thin_to < r.drop_to:
            r.thin_to = lib.sw_ring_batch(r, self.flash.hal)
            self.told.append((r.thin_to, r.tail))
            self.thin.at_us = self.flash.now_us
        elif got == lib.SW_RING_FULL and ring == self.thin:
            lib.sw_ring_forget(r, self.flash.now_us, ring.drop_to)
            self.told.append((r.thin_to, r.tail))
        return str(ffi.string(ffi.cast("sw_ring_news", got))).removeprefix("SW_RING_")

    def _step_thin(self) -> str:
        lib.sw_ring_thin_feed(self.r, self.flash.hal, self.flash.now_us)
        got = self._step(self.thin)
        if got == "WRITTEN":
            lib.sw_ring_thinned(self.r)
        return got

    def write(self, n: int = 1, seconds: float = 0.05) -> list[str]:
        """Writes VITALS, one after the other; what became of each."""
        found = []
        for _ in range(n):
            if not self.flash.powered:
                break
            self.seq += 1
            one = vitals(self.seq)
            record = {"boot": self.boot, "seq": self.seq, "t_us": 1000 * self.seq, "type": packet.VITALS, "n": len(one)}
            lib.sw_ring_write(self.r, self.flash.now_us, ffi.new("sw_ring_record *", record | {"payload": one}))
            got: list[str] = []
            while not got and self.flash.powered:
                got = self.run(seconds)
            found += got
        return found

    def all(self) -> dict[int, bytes]:
        """Payload of what is kept, by number."""
        cursor, record, found = ffi.new("sw_ring_cursor *"), ffi.new("sw_ring_record *"), {}
        for at in range(self.r.tail, self.r.next):
            if lib.sw_ring_read(self.r, self.flash.hal, at, cursor, record) > 0:
                assert record.at == at
                found[int(record.seq)] = bytes(ffi.buffer(record.payload, record.n))
        return found


@functools.cache
def vitals(seq: int, wave: bool = True) -> bytes:
    fields: dict[str, Any] = {field.name: 0 for field in table.LAYOUTS[packet.VITALS].fields}
    fields |= {"frame": 20 * seq, "respiration_rate": 1400, "respiration_validity": 240, "wave": [0] * 16}
    if wave:
        fields |= {"wave_validity": 235, "wave_n": 10, "wave": [seq % 1000] * 10 + [0] * 6, "wave_t_us": 1000 * seq}
    else:
        fields |= {"wave_reason": Reason["STORE_FULL"]}
    return packet.make(packet.VITALS, fields).payload


@functools.cache
def content(n: int) -> bytes:
    """A flash after n packets."""
    rings = Rings()
    assert rings.write(n) == ["WRITTEN"] * n
    return bytes(rings.flash.content)


def boots(rings: Rings) -> dict[tuple[int, int], bytes]:
    cursor, record, found = ffi.new("sw_ring_cursor *"), ffi.new("sw_ring_record *"), {}
    for at in range(rings.r.tail, rings.r.next):
        if lib.sw_ring_read(rings.r, rings.flash.hal, at, cursor, record) > 0:
            found[int(record.boot), int(record.seq)] = bytes(ffi.buffer(record.payload, record.n))
    return found
