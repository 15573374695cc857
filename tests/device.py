"""The firmware on a board whose every wire a test can touch: the emulated chip behind Python callbacks.

Rule: virtual time only; events in the order of their numbers. Short runs: every SPI byte passes through Python.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edge.config import RadarConfig
from edge.core import load
from edge.firmware import ChainOps, Firmware
from hw_sim.chip.chip import Chip
from wire import codec
from wire.packet import Packet

ffi, lib = load()
NEVER_US = 2**64 - 1
POWER_ON, RADAR_IRQ, UART_RX, SWITCH, BUTTON, DEADLINE = range(6)
SMALL = RadarConfig(n_samples=64, n_chirps=2)

Miso = Callable[[bytes, bytes], bytes]
"""(first four MOSI bytes of the window, MISO bytes of this transfer) -> MISO bytes as the firmware sees them."""
Think = Callable[[dict[str, int]], None]
"""Changes the fields of the chain's output for a frame."""


@dataclass
class Device:
    """One device at virtual time 0. uart_room: bytes the line takes per call, None for all."""

    config: RadarConfig = SMALL
    standby: int = 0
    think: Think | None = None
    seed: int = 1
    uart_room: int | None = None
    irq_stuck_low: bool = False
    irq_events_lost: bool = False
    miso: Miso = lambda header, data: data
    frame: np.ndarray[Any, Any] | None = None
    now_us: int = 0
    deadline_us: int = 0
    sent: bytearray = field(default_factory=bytearray)
    inbox: bytearray = field(default_factory=bytearray)
    windows: list[tuple[bytes, int]] = field(default_factory=list)  # (first MOSI bytes, length) of each window
    frames: list[dict[str, int]] = field(default_factory=list)  # t_us and flags of each frame the chain saw

    def __post_init__(self) -> None:
        self.chip = Chip()
        self._rng = np.random.default_rng(self.seed)
        self._callbacks = self._bind()
        self.fw = Firmware(self._hal, self.config, self._chain())
        self._irq_seen = self._irq_rose = self._powered = False
        self._fresh: list[int] = []

    def _bind(self) -> list[Any]:
        self._hal = ffi.new("sw_hal *")
        calls: dict[str, Callable[..., int]] = {
            "spi_cs": self._cs, "spi_xfer": self._xfer, "radar_reset": self._reset, "radar_irq": self._irq,
            "standby_switch": lambda _: self.standby, "uart_write": self._uart_write, "uart_read": self._uart_read,
            "entropy_read": self._entropy,
        }  # fmt: skip
        types = dict(ffi.typeof("sw_hal").fields)
        callbacks = [ffi.callback(types[name].type, call) for name, call in calls.items()]
        for name, callback in zip(calls, callbacks, strict=True):
            setattr(self._hal, name, callback)
        return callbacks

    def _chain(self) -> ChainOps | None:
        if self.think is None:
            return None
        types = dict(ffi.typeof("sw_chain_ops").fields)
        init = ffi.callback(types["init"].type, lambda state, config, timing: 0)
        step = ffi.callback(types["step"].type, self._chain_step)
        self._callbacks += [init, step]
        init_at, step_at = (int(ffi.cast("uintptr_t", f)) for f in (init, step))
        return ChainOps(0, init_at, step_at, parameters_hash=7)

    def _chain_step(self, _state: Any, _samples: Any, t_us: int, flags: int, out: Any) -> None:
        values: dict[str, Any] = {"t_us": t_us, "flags": flags}
        self.frames.append(dict(values))
        ffi.memmove(out, bytes(ffi.sizeof("sw_chain_out")), ffi.sizeof("sw_chain_out"))
        assert self.think is not None
        self.think(values)
        for name, value in values.items():
            setattr(out, name, value)

    # the HAL

    def _cs(self, _: Any, level: int) -> int:
        self.chip.cs(level)
        if level == 0:
            self.windows.append((b"", 0))
        self._watch()
        return 0

    def _xfer(self, _: Any, tx: Any, rx: Any, n: int) -> int:
        mosi = bytes(ffi.buffer(tx, n)) if tx != ffi.NULL else b"\xff" * n
        head, length = self.windows[-1]
        self.windows[-1] = ((head + mosi)[:4], length + n)
        data = self.miso(self.windows[-1][0], self.chip.xfer(mosi))
        if rx != ffi.NULL:
            ffi.memmove(rx, data, n)
        return 0

    def _reset(self, _: Any, level: int) -> int:
        self.chip.reset_pin(level)
        return 0

    def _irq(self, _: Any) -> int:
        return int(self.chip.irq and not self.irq_stuck_low)

    def _watch(self) -> None:
        level = bool(self._irq(None))
        self._irq_rose |= level and not self._irq_seen
        self._irq_seen = level

    def _uart_write(self, _: Any, data: Any, n: int) -> int:
        n = n if self.uart_room is None else min(n, self.uart_room)
        self.sent += bytes(ffi.buffer(data, n))
        return n

    def _uart_read(self, _: Any, data: Any, capacity: int) -> int:
        n = min(capacity, len(self.inbox))
        ffi.memmove(data, bytes(self.inbox[:n]), n)
        del self.inbox[:n]
        return n

    def _entropy(self, _: Any, data: Any, n: int) -> int:
        ffi.memmove(data, self._rng.bytes(n), n)
        return 0

    # time

    def run(self, seconds: float) -> Device:
        """Gives every event of the next seconds of virtual time."""
        until_us = self.now_us + round(seconds * 1e6)
        while True:
            chip_us = -(-self.chip.next_event_ns // 1000)
            soon = self._irq_rose or self._fresh or not self._powered
            t_us = self.now_us if soon else max(self.now_us, min(chip_us, self.deadline_us))
            if t_us >= until_us:
                self.now_us = until_us
                self._advance()
                return self
            self.now_us = t_us
            self._advance()
            self._watch()
            event = self._take()
            if event is not None:
                self.deadline_us = self.fw.step(self.now_us, event)

    def _advance(self) -> None:
        self.chip.advance(self.now_us * 1000)
        while self.chip.needs_samples:
            shape = (64, *self.chip.radar().frame_shape)
            one = np.full(shape[1:], 2048, np.uint16) if self.frame is None else self.frame
            self.chip.set_samples(np.ascontiguousarray(np.broadcast_to(one, shape)))
            self.chip.advance(self.now_us * 1000)

    def _take(self) -> int | None:
        if not self._powered:
            self._powered = True
            return POWER_ON
        if self._irq_rose:
            self._irq_rose = False
            if self._irq(None) and not self.irq_events_lost:
                return RADAR_IRQ
        if self._fresh:
            self._fresh.sort()
            return self._fresh.pop(0)
        if self.deadline_us <= self.now_us:
            self.deadline_us = NEVER_US
            return DEADLINE
        return None

    # the user and the host

    def switch(self, standby: int) -> None:
        self.standby = standby
        self._fresh.append(SWITCH)

    def host(self, *packets: Packet) -> None:
        for packet in packets:
            self.inbox += codec.encode(packet)
        self._fresh.append(UART_RX)

    def take(self) -> list[Packet]:
        """Packets sent since the last call; every byte must belong to one."""
        decoder = codec.Decoder()
        found = decoder.feed(bytes(self.sent))
        assert sum(len(codec.encode(p)) for p in found) == len(self.sent)
        self.sent.clear()
        return found
