"""SpiDev, to be used instead of the class of that name of the Python package spidev, on an emulated board.

Rule: what a Raspberry Pi does with the bytes happens here too: which lists come back, which calls are refused, and
where chip select is released between pieces. What it does not do: timing between bytes.
Behaviour after py-spidev 3.8 and the kernel's spidev and spi-bcm2835 drivers.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from typing import Any

from hw_sim.radar_bus import RadarBus

LIST_MAX = 4096
"""Values that py-spidev itself takes in one call, whatever the kernel's buffer is."""
BUFSIZ = 4096
"""The kernel module's parameter as it comes."""
BLOCK_MAX = 65535
LOOKED_AT, EVERY = 64, 16
"""So many values are looked at one by one, behind them every 16th: is it an int of Python's?"""
BITS = 8
"""The only word length of the Pi's controller."""
PATH = "/dev/spidev0.0"
SPEED_HZ = 125_000_000
"""What the device tree of a Pi allows, and so the speed of a fresh device."""

_FLAGS = ("cshigh", "lsbfirst", "threewire", "loop", "no_cs")
_REFUSED_BY_CONTROLLER = ("lsbfirst", "loop")


def _os_error(number: int, what: str = "") -> OSError:
    return OSError(number, f"{os.strerror(number)}{': ' if what else ''}{what}")


class SpiDev:
    """One SPI device. board: a BareBoard or SocketBoard. bufsiz: of the kernel module; None: no limit anywhere.

    path: the device the chip is wired to; any other does not exist. bus, client: opened at once when given.
    selects: the controller's chip select is wired to the chip; False: the chip's hangs on a GPIO line.
    Errors: OSError (closed, refused by kernel or controller, too long for the kernel's buffer), OverflowError (too
    long for py-spidev), TypeError (values, attributes).
    """

    def __init__(
        self,
        board: RadarBus,
        bus: int = -1,
        client: int = -1,
        *,
        bufsiz: int | None = BUFSIZ,
        path: str = PATH,
        selects: bool = True,
    ) -> None:
        self._board = board
        self._bufsiz = bufsiz
        self._path = path
        self._selects = selects
        self._fd = -1
        self._forget()
        self._read0 = False
        if bus >= 0:
            self.open(bus, client)

    def _forget(self) -> None:
        self._flags = dict.fromkeys(_FLAGS, False)
        self._mode = 0
        self._bits = 0
        self._speed_hz = 0

    def open(self, bus: int, device: int) -> None:
        """Connects to /dev/spidev<bus>.<device>."""
        self.open_path(f"/dev/spidev{bus}.{device}")

    def open_path(self, path: str | os.PathLike[str]) -> None:
        """Connects to a device file; symbolic links are followed."""
        if os.path.realpath(path) != os.path.realpath(self._path):
            raise _os_error(errno.ENOENT)
        self._close_fd()
        self._fd = os.open(os.devnull, os.O_RDWR)
        self._bits, self._speed_hz = BITS, SPEED_HZ

    def close(self) -> None:
        """Disconnects. Settings are forgotten."""
        self._close_fd()
        self._forget()

    def _close_fd(self) -> None:
        if self._fd != -1:
            os.close(self._fd)
        self._fd = -1

    def fileno(self) -> int:
        """A descriptor, -1 when closed. Nothing can be read from it or written to it."""
        return self._fd

    def __enter__(self) -> SpiDev:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_fd", -1) != -1:
            self._close_fd()

    # settings

    @property
    def mode(self) -> int:
        """Clock polarity and phase, 0..3. The chip speaks mode 0; mode 3 samples on the same edges."""
        return self._mode

    @mode.setter
    def mode(self, value: int) -> None:
        if not isinstance(value, int) or not 0 <= value <= 3:
            raise TypeError(f"mode: expected an integer 0..3, got {value!r}")
        self._opened()
        self._mode = int(value)

    @property
    def bits_per_word(self) -> int:
        """8: the Pi's controller knows no other."""
        return self._bits

    @bits_per_word.setter
    def bits_per_word(self, value: int) -> None:
        if not isinstance(value, int) or not 8 <= value <= 32:
            raise TypeError(f"bits_per_word: expected an integer 8..32, got {value!r}")
        if value != self._bits:
            self._opened()
            raise _os_error(errno.EINVAL, f"the controller of a Raspberry Pi has words of {BITS} bits")

    @property
    def max_speed_hz(self) -> int:
        """Clock of transfers that name none. It takes virtual time on a board that was opened with timed=True."""
        return self._speed_hz

    @max_speed_hz.setter
    def max_speed_hz(self, value: int) -> None:
        if not isinstance(value, int):
            raise TypeError(f"max_speed_hz: expected an integer, got {value!r}")
        if value != self._speed_hz:
            self._opened()
            self._speed_hz = int(value) & 0xFFFF_FFFF

    @property
    def read0(self) -> bool:
        """Kept, without effect: chip select always falls back."""
        return self._read0

    @read0.setter
    def read0(self, value: bool) -> None:
        self._read0 = _boolean("read0", value)

    @property
    def cshigh(self) -> bool:
        """Chip select active high: this chip is then selected between the transfers, and not in them."""
        return self._flags["cshigh"]

    @cshigh.setter
    def cshigh(self, value: bool) -> None:
        self._set_flag("cshigh", value)

    @property
    def lsbfirst(self) -> bool:
        """Refused by the Pi's controller."""
        return self._flags["lsbfirst"]

    @lsbfirst.setter
    def lsbfirst(self, value: bool) -> None:
        self._set_flag("lsbfirst", value)

    @property
    def threewire(self) -> bool:
        """One data line for both directions: taken, but transfers both ways are then refused."""
        return self._flags["threewire"]

    @threewire.setter
    def threewire(self, value: bool) -> None:
        self._set_flag("threewire", value)

    @property
    def loop(self) -> bool:
        """Refused by the Pi's controller."""
        return self._flags["loop"]

    @loop.setter
    def loop(self, value: bool) -> None:
        self._set_flag("loop", value)

    @property
    def no_cs(self) -> bool:
        """Transfers leave chip select alone: somebody else must move it, or the chip hears nothing."""
        return self._flags["no_cs"]

    @no_cs.setter
    def no_cs(self, value: bool) -> None:
        self._set_flag("no_cs", value)

    def _set_flag(self, name: str, value: bool) -> None:
        wanted = _boolean(name, value)
        self._opened()
        if wanted and name in _REFUSED_BY_CONTROLLER:
            raise _os_error(errno.EINVAL, f"the controller of a Raspberry Pi has no {name}")
        self._flags[name] = wanted
        if name in ("cshigh", "no_cs") and self._moves_cs:
            self._board.cs(0 if self._flags["cshigh"] else 1)  # the line goes to its idle level at once

    @property
    def _moves_cs(self) -> bool:
        return self._selects and not self._flags["no_cs"]

    # transfers

    def xfer(self, values: Any, speed_hz: int = 0, delay_usec: int = 0, bits_per_word: int = 0) -> Any:
        """One chip-select window, as xfer2: the kernel releases chip select at the end of a message only."""
        return self.xfer2(values, speed_hz, delay_usec, bits_per_word)

    def xfer2(self, values: Any, speed_hz: int = 0, delay_usec: int = 0, bits_per_word: int = 0) -> Any:
        """One chip-select window. A list is overwritten with what was received and returned, a tuple gives a tuple."""
        tx = _octets(values)
        self._check_list(tx)
        rx = self._message(tx, speed_hz, delay_usec, bits_per_word)
        if isinstance(values, tuple):
            return tuple(rx)
        if isinstance(values, list):
            values.clear()  # faster than values[:] = rx
            values.extend(rx)
            return values
        return list(rx)

    def xfer3(self, values: Any, speed_hz: int = 0, delay_usec: int = 0, bits_per_word: int = 0) -> tuple[int, ...]:
        """Any length, in pieces of bufsiz: **chip select is released between the pieces**. Always a tuple."""
        tx = _octets(values)
        if not tx:
            raise TypeError("values: expected at least one")
        return tuple(b"".join(self._message(piece, speed_hz, delay_usec, bits_per_word) for piece in self._pieces(tx)))

    def readbytes(self, n: int) -> list[int]:
        """n bytes (at least 1, at most 4096, whatever was asked for) while zeros are sent."""
        if self._bufsiz is not None:
            n = min(n, LIST_MAX)
        return list(self._message(bytes(max(n, 1))))

    def writebytes(self, values: Any) -> None:
        """One chip-select window; what is received is dropped."""
        tx = _octets(values)
        self._check_list(tx)
        self._message(tx)

    def writebytes2(self, values: Any) -> None:
        """Any length, from a list or a buffer, in pieces of bufsiz; **chip select is released between the pieces**."""
        try:
            tx: bytes | bytearray = memoryview(values).tobytes()
        except TypeError:
            tx = _octets(values)
            if not tx:
                raise TypeError("values: expected at least one") from None
        for piece in self._pieces(tx):
            self._message(piece)

    def _pieces(self, tx: bytes | bytearray) -> list[bytes | bytearray]:
        size = len(tx) if self._bufsiz is None else min(self._bufsiz, BLOCK_MAX)
        return [tx[at : at + size] for at in range(0, len(tx), max(size, 1))]

    def _check_list(self, tx: bytes | bytearray) -> None:
        if not tx:
            raise TypeError("values: expected at least one")
        if self._bufsiz is not None and len(tx) > LIST_MAX:
            raise OverflowError(f"values: expected at most {LIST_MAX}, got {len(tx)}; xfer3 takes more")

    def _message(self, tx: bytes | bytearray, speed_hz: int = 0, delay_usec: int = 0, bits_per_word: int = 0) -> bytes:
        """What the kernel does with one transfer."""
        self._opened()
        if self._bufsiz is not None and len(tx) > self._bufsiz:
            raise _os_error(errno.EMSGSIZE)
        if bits_per_word not in (0, BITS):
            raise _os_error(errno.EINVAL, f"the controller of a Raspberry Pi has words of {BITS} bits")
        if self._flags["threewire"]:
            raise _os_error(errno.EINVAL, "a transfer in both directions with threewire")
        if self._mode in (1, 2):
            raise _os_error(
                errno.EIO, f"the chip speaks SPI mode 0; in mode {self._mode} data change where they are read"
            )
        board = self._board
        with board.lock:
            if board.timed:
                board.spi_hz = speed_hz or self._speed_hz
            if self._moves_cs and not self._flags["cshigh"] and not delay_usec:
                return board.transfer(tx)
            return self._by_hand(tx, delay_usec)

    def _by_hand(self, tx: bytes | bytearray, delay_usec: int) -> bytes:
        """Chip select other than usual, or a pause before it is released."""
        board, active = self._board, int(self._flags["cshigh"])
        if self._moves_cs:
            board.cs(active)
        rx = board.xfer(tx)
        board.advance(1000 * delay_usec)
        if self._moves_cs:
            board.cs(1 - active)
        return rx

    def _opened(self) -> None:
        if self._fd == -1:
            raise _os_error(errno.EBADF)


def _boolean(name: str, value: bool) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{name}: expected True or False, got {value!r}")
    return value


def _octets(values: Sequence[int] | bytes) -> bytes | bytearray:
    """The values as bytes, cut to 8 bits as py-spidev does; anything but Python's int is a TypeError.

    bytearray() takes a list in a third of bytes()'s time; what it would take too, numpy's integers, py-spidev refuses.
    """
    if isinstance(values, (bytes, bytearray)):
        return bytes(values)
    sequence = values if isinstance(values, (list, tuple)) else list(values)
    try:
        octets = bytearray(sequence)
    except ValueError:
        octets = bytearray(value & 0xFF for value in sequence)
    except TypeError:
        octets = None
    seen = sequence if len(sequence) <= LOOKED_AT else [*sequence[:LOOKED_AT], *sequence[LOOKED_AT::EVERY]]
    # A sum with a float is a float of Python's only when every value is Python's own.
    if octets is None or type(sum(seen, 0.0)) is not float:
        wrong = next(value for value in sequence if not isinstance(value, int))
        raise TypeError(f"values: expected integers, got {type(wrong).__name__} {wrong!r}")
    return octets
