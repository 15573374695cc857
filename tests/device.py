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
from edge.firmware import ChainOps, Firmware, open_flash
from hw_sim.chip.chip import Chip
from hw_sim.chip.core import ffi as board_ffi
from hw_sim.chip.core import lib as board_lib
from hw_sim.flash_chip import FlashContent, FlashPages
from wire import codec
from wire.packet import Packet

ffi, lib = load()
NEVER_US = 2**64 - 1
SMALL_FLASH = 65_536
POWER_ON, RADAR_IRQ, UART_RX, SWITCH, BUTTON, DEADLINE = range(6)
SMALL = RadarConfig(n_samples=64, n_chirps=2)

Miso = Callable[[bytes, bytes], bytes]
"""(first four MOSI bytes of the window, MISO bytes of this transfer) -> MISO bytes as the firmware sees them."""
Think = Callable[[dict[str, int]], None]
"""Changes the fields of the chain's output for a frame."""


@dataclass
class Device:
    """One device at virtual time 0. uart_room: bytes the line takes per call, None for all.

    blank: its flash is erased, so that it is not paired; else it heeds anybody.
    """

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
    pressed: int = 0
    pins: list[tuple[int, str, int]] = field(default_factory=list)  # (now_us, pin, value), changes only
    i2c_dead: bool = False
    i2c_absent: set[int] = field(default_factory=set)  # addresses
    flash_size: int = SMALL_FLASH
    flash_refuses: bool = False
    reset_cause: int = 0
    blank: bool = False
    power_on_us: int = 0  # now_us at which the device's own time is 0

    def __post_init__(self) -> None:
        self.chip = Chip()
        self.flash: Any = board_ffi.new("nor_flash *")
        self.rtc: Any = board_ffi.new("rtc *")
        self.dog: Any = board_ffi.new("watchdog *")
        board_lib.watchdog_init(self.dog)
        self.climate: Any = board_ffi.new("sht4x *")
        self.eye: Any = board_ffi.new("veml7700 *")
        self.room: Any = board_ffi.new("room *")
        board_lib.sht4x_init(self.climate, 1)
        board_lib.veml7700_init(self.eye)
        board_lib.room_init(self.room)
        self._pages = FlashPages(self.flash_size)
        board_lib.nor_flash_init(self.flash, self._pages.bytes, self.flash_size, self.seed)
        if self.flash_size == SMALL_FLASH:  # tests may change its bytes by hand
            board_lib.nor_flash_put(self.flash, 0, b"\xff" * SMALL_FLASH, SMALL_FLASH)
        if not self.blank:
            board_lib.nor_flash_put(self.flash, 0, open_flash(), len(open_flash()))
        board_lib.rtc_init(self.rtc, 0)
        self._rng = np.random.default_rng(self.seed)
        self._callbacks = self._bind()
        self.fw = Firmware(self.hal, self.config, self._chain())
        self._irq_seen = self._irq_rose = self._powered = False
        self._fresh: list[int] = []

    def _bind(self) -> list[Any]:
        self.hal = ffi.new("sw_hal *")
        calls: dict[str, Callable[..., int]] = {
            "spi_cs": self._cs, "spi_xfer": self._xfer, "radar_reset": self._reset, "radar_irq": self._irq,
            "standby_switch": lambda _: self.standby, "uart_write": self._uart_write, "uart_read": self._uart_read,
            "entropy_read": self._entropy, "button": lambda _: self.pressed, "buzzer": self._buzzer, "light": self._light,
            "i2c_transfer": self._i2c, "flash_read": self._flash_read, "flash_program": self._flash_program,
            "flash_erase": self._flash_erase, "flash_busy": self._flash_busy, "watchdog_start": self._watchdog_start,
            "watchdog_feed": self._watchdog_feed, "reset_cause": lambda _: self.reset_cause,
        }  # fmt: skip
        types = dict(ffi.typeof("sw_hal").fields)
        callbacks = [ffi.callback(types[name].type, call) for name, call in calls.items()]
        for name, callback in zip(calls, callbacks, strict=True):
            setattr(self.hal, name, callback)
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

    def _set_pin(self, pin: str, value: int) -> int:
        if next((was for _, name, was in reversed(self.pins) if name == pin), 0) != value:
            self.pins.append((self.now_us, pin, value))
        return 0

    def _buzzer(self, _: Any, level: int) -> int:
        return self._set_pin("buzzer", int(level != 0))

    def _light(self, _: Any, red: int, green: int, blue: int) -> int:
        for pin, duty in (("light", max(red, green, blue)), ("red", red), ("green", green), ("blue", blue)):
            self._set_pin(pin, duty)
        return 0

    def _watchdog_start(self, _: Any, timeout_ms: int) -> int:
        return int(board_lib.watchdog_start(self.dog, self.now_us, timeout_ms))

    def _watchdog_feed(self, _: Any) -> int:
        assert self.now_us < self.dog.due_us, "the watchdog has bitten"
        return int(board_lib.watchdog_feed(self.dog, self.now_us))

    def _i2c(self, _: Any, address: int, tx: Any, tx_n: int, rx: Any, rx_n: int) -> int:
        if self.i2c_dead:
            return -1
        sent = bytes(ffi.buffer(tx, tx_n)) if tx_n else b""
        read = board_ffi.new("uint8_t[]", rx_n + 1)
        status = self._transfer(address, sent, read, rx_n)
        if rx_n and status == 0:
            ffi.memmove(rx, bytes(board_ffi.buffer(read, rx_n)), rx_n)
        return status

    def _transfer(self, address: int, sent: bytes, read: Any, n: int) -> int:
        now_us = self.now_us
        if address in self.i2c_absent:
            return -1
        if address == board_lib.SHT4X_ADDRESS:
            at = board_lib.room_at(self.room, now_us)
            climate = at.temperature_mc, at.humidity_mpct
            return int(board_lib.sht4x_transfer(self.climate, now_us, *climate, sent, len(sent), read, n))
        if address == board_lib.VEML7700_ADDRESS:
            light = board_ffi.addressof(board_lib, "room_light")
            return int(board_lib.veml7700_transfer(self.eye, now_us, light, self.room, sent, len(sent), read, n))
        return int(board_lib.rtc_transfer(self.rtc, now_us, address, sent, len(sent), read, n))

    def _flash_read(self, _: Any, address: int, data: Any, n: int) -> int:
        read = board_ffi.new("uint8_t[]", max(n, 1))
        status = int(board_lib.nor_flash_read(self.flash, self.now_us, address, read, n))
        if status == 0:
            ffi.memmove(data, bytes(board_ffi.buffer(read, n)), n)
        return status

    def _flash_program(self, _: Any, address: int, data: Any, n: int) -> int:
        if self.flash_refuses:
            return -1
        content = bytes(ffi.buffer(data, n))
        return int(board_lib.nor_flash_program(self.flash, self.now_us, address, content, n))

    def _flash_erase(self, _: Any, address: int) -> int:
        return -1 if self.flash_refuses else int(board_lib.nor_flash_erase(self.flash, self.now_us, address))

    def _flash_busy(self, _: Any) -> int:
        return int(board_lib.nor_flash_busy(self.flash, self.now_us))

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
                due_us = self.fw.step(self.now_us - self.power_on_us, event)
                self.deadline_us = min(NEVER_US, due_us + self.power_on_us)

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

    def press(self, level: int) -> None:
        """The button: 1 pressed, 0 released."""
        self.pressed = level
        self._fresh.append(BUTTON)

    def set_clock(self, utc_us: int) -> None:
        """The clock chip shows this time from now on."""
        board_lib.rtc_set(self.rtc, self.now_us, utc_us)

    def lose_clock(self) -> None:
        """The clock chip loses main and back-up power."""
        board_lib.rtc_lose(self.rtc, self.now_us)

    def power_cycle(self) -> None:
        """Power off and on: a fresh firmware whose time starts at 0; flash and clock chip keep what they have."""
        self.chip.cs(1)
        self.chip.reset_pin(0)
        self.chip.reset_pin(1)
        self._set_pin("buzzer", 0)
        self._light(None, 0, 0, 0)
        board_lib.watchdog_reset(self.dog)
        self.inbox.clear()
        self._fresh.clear()
        self._irq_seen = self._irq_rose = self._powered = False
        self.power_on_us = self.now_us
        self.fw = Firmware(self.hal, self.config, self._chain())

    @property
    def flash_bytes(self) -> bytes:
        """Content of the NOR flash."""
        return FlashContent(self.flash, self._pages).all()

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
