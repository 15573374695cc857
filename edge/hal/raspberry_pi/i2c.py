"""Clock chip and room sensors on the Pi's I2C bus, and the system's clock where there is no clock chip.

Rule: a part that does not answer is absent, never an error. A time is only given when somebody vouches for it: the
battery behind the clock chip, or the kernel, which says whether its clock follows a time server. A stuck bus holds
nothing up: the alarm runs in the same loop.

The kernel lets a transfer wait for a whole second (i2c-core's default timeout), and smbus2 has no word for it; the
ioctl I2C_TIMEOUT of i2c-dev sets it for the adapter, for both of a Pi's drivers (i2c-bcm2835, i2c-designware).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edge.hal.raspberry_pi.modules import Modules

CLOCK_ADDRESS = 0x52
STATUS, CONTROL_2, UNIX_TIME = 0x0E, 0x10, 0x1B
PORF, RESET = 0x01, 0x01
REGISTERS = 0x40
SECOND_US = 1_000_000
I2C_TIMEOUT, TIMEOUT_10MS = 0x0702, 2
"""linux/i2c-dev.h, in units of 10 ms. Our longest transfer, six bytes at 100 kHz, takes 0.7 ms; no part stretches the clock."""
SLOW_NS, REST_NS = 10_000_000, 1_000_000_000
"""A transfer that failed so slowly found the bus stuck: it is left alone for a second, so that little of a second is lost."""


class SystemClock:
    """The kernel's clock as the registers of an RV-3028, as far as the firmware uses them.

    utc_us: the kernel's clock. synchronised: asked at every look. What the host sets counts until the process ends.
    """

    def __init__(self, utc_us: Callable[[], int], synchronised: Callable[[], bool]) -> None:
        self._utc_us, self._synchronised = utc_us, synchronised
        self._offset_us = 0
        self._told = False
        self._control_2 = 0

    def transfer(self, tx: bytes, rx_n: int) -> bytes:
        """One transaction: the register's number, then what is written or read from there on."""
        at = tx[0] if tx else 0
        if len(tx) > 1:
            self._write(at, tx[1:])
        return bytes(self._registers()[(at + i) % REGISTERS] for i in range(rx_n))

    def _registers(self) -> bytearray:
        registers = bytearray(REGISTERS)
        registers[STATUS] = 0 if self._told or self._synchronised() else PORF
        registers[CONTROL_2] = self._control_2
        unix_s = (self._utc_us() + self._offset_us) // SECOND_US
        registers[UNIX_TIME : UNIX_TIME + 4] = (unix_s & 0xFFFF_FFFF).to_bytes(4, "little")
        return registers

    def _write(self, at: int, data: bytes) -> None:
        if at == UNIX_TIME and len(data) == 4:
            self._offset_us = int.from_bytes(data, "little") * SECOND_US - self._utc_us()
        elif at == CONTROL_2:
            self._control_2 = data[0] & ~RESET
            if data[0] & RESET:  # a second begins now
                now_us = self._utc_us() + self._offset_us
                self._offset_us -= now_us % SECOND_US
        elif at == STATUS and not data[0] & PORF:
            self._told = True


def open_bus(modules: Modules, number: int) -> Any:
    """An SMBus whose transfers end soon, whatever the wires do. Raises OSError."""
    bus = modules.smbus2.SMBus(number)
    try:
        modules.ioctl(bus.fd, I2C_TIMEOUT, TIMEOUT_10MS)
    except OSError:
        bus.close()
        raise
    return bus


class PiI2c:
    """bus: an SMBus, None when there is none. message: smbus2's i2c_msg. clock: stands in when no clock chip answers.

    now_ns: any clock that goes on.
    """

    def __init__(
        self, bus: Any, message: Any, clock: SystemClock, now_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._bus, self._message, self._now_ns = bus, message, now_ns
        self._rests_until_ns: int | None = None
        self.errors = 0
        self._clock: SystemClock | None = None
        self.has_clock_chip = self.transfer(CLOCK_ADDRESS, bytes([STATUS]), 1) is not None
        self._clock = None if self.has_clock_chip else clock

    def transfer(self, address: int, tx: bytes, rx_n: int) -> bytes | None:
        """One transaction with a repeated start in between; None: nobody acknowledged, or the bus is stuck."""
        if self._clock is not None and address == CLOCK_ADDRESS:
            return self._clock.transfer(tx, rx_n)
        before_ns = self._now_ns()
        if self._bus is None or (self._rests_until_ns is not None and before_ns < self._rests_until_ns):
            return None
        messages = [self._message.write(address, list(tx))] if tx else []
        reader = self._message.read(address, rx_n) if rx_n else None
        try:
            self._bus.i2c_rdwr(*messages, *([reader] if reader is not None else []))
        except OSError:
            self.errors += 1
            now_ns = self._now_ns()
            self._rests_until_ns = now_ns + REST_NS if now_ns - before_ns >= SLOW_NS else None
            return None
        self._rests_until_ns = None
        return b"" if reader is None else bytes(list(reader))

    def close(self) -> None:
        if self._bus is not None:
            self._bus.close()
