"""The radar chip's SPI bus on spidev.

Rule: the kernel moves chip select, and only at the ends of one transfer. So a burst out of the FIFO that is longer than
the kernel's buffer becomes several windows, each with a burst header of its own and a whole number of 24-bit words;
chip select is never released inside one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

BUFSIZ_DEFAULT = 4096
BUFSIZ_FILE = "module/spidev/parameters/bufsiz"
BLOCK_MAX = 65_535
"""The longest piece py-spidev's xfer3 makes, whatever the kernel allows."""
LIST_MAX = 4096
"""Values that its xfer2 takes."""
HEADER_BYTES, WORD_BYTES = 4, 3
FIFO_BURST = b"\xff\xc0"
"""Burst, from address 0x60 on, read, unbounded: the first two bytes on the wire."""
GSR0_CLEAR = 0xF0
RECEIVE = 0xFF
MODE = 0


class SpiUseError(RuntimeError):
    """The firmware asked for what a kernel's SPI bus cannot do."""


def kernel_bufsiz(sys: Path) -> int:
    """Bytes of one transfer at most; the kernel's default when it does not say."""
    try:
        return int((sys / BUFSIZ_FILE).read_text())
    except (OSError, ValueError):
        return BUFSIZ_DEFAULT


class RadarSpi:
    """device: an opened spidev. burst_bytes: of a frame in the FIFO, a multiple of 3. bufsiz: see kernel_bufsiz.

    The data that belong to a header are read with it. A firmware that takes fewer loses the rest once; from then on as
    many are read as it took.
    """

    def __init__(self, device: Any, burst_bytes: int, bufsiz: int) -> None:
        if burst_bytes % WORD_BYTES:
            raise SpiUseError(f"burst of {burst_bytes} bytes: expected whole words of {WORD_BYTES}")
        self._device = device
        self._burst_bytes = burst_bytes
        self._piece_bytes = (min(bufsiz, BLOCK_MAX) - HEADER_BYTES) // WORD_BYTES * WORD_BYTES
        if self._piece_bytes < WORD_BYTES:
            raise SpiUseError(f"bufsiz {bufsiz}: expected room for a header and a word")
        self._expected_bytes = burst_bytes
        self._header = b""
        self._ahead = b""
        self._left = self._taken = 0
        self._status = 0
        self._fresh = False
        self.windows = 0
        self.bytes = 0

    @property
    def windows_per_frame(self) -> int:
        return -(-self._burst_bytes // self._piece_bytes)

    def cs(self, level: int) -> int:
        """A window begins or ends for the firmware; the kernel has its own."""
        if self._taken and self._ahead and self._taken % WORD_BYTES == 0:
            self._expected_bytes = self._taken
        self._fresh = level == 0
        self._header = self._ahead = b""
        self._left = self._taken = 0
        return 0

    def xfer(self, tx: bytes | None, n: int) -> bytes:
        """n bytes of MISO. Raises OSError of the kernel, SpiUseError."""
        if self._header:
            return self._data(tx, n)
        if not self._fresh:
            raise SpiUseError("a second transfer in one window: expected it only behind a burst header")
        self._fresh = False
        sent = bytes([RECEIVE]) * n if tx is None else tx
        if n == HEADER_BYTES and sent.startswith(FIFO_BURST):
            self._header, self._left = sent, self._expected_bytes
            status = self._piece()
            self._status = status[0]
            return status
        return self._window(sent)

    def _piece(self) -> bytes:
        """The next window of the burst. Returns its status word; its data wait in _ahead."""
        n = min(self._left, self._piece_bytes)
        self._left -= n
        got = self._window(self._header + bytes([RECEIVE]) * n)
        self._ahead += got[HEADER_BYTES:]
        return got[:HEADER_BYTES]

    def _data(self, tx: bytes | None, n: int) -> bytes:
        if tx is not None or self._taken + n > self._burst_bytes:
            raise SpiUseError(f"{n} bytes out of the FIFO: expected at most {self._burst_bytes} a window")
        self._left = max(self._left, n - len(self._ahead))
        while len(self._ahead) < n:
            if self._piece()[0] != self._status:  # an error between the pieces: the frame is not whole
                raise OSError(0, "the chip reports an error inside a frame")
        self._taken += n
        found, self._ahead = self._ahead[:n], self._ahead[n:]
        return found

    def _window(self, tx: bytes) -> bytes:
        """One transfer of the kernel's."""
        self.windows += 1
        self.bytes += len(tx)
        call = self._device.xfer2 if len(tx) <= LIST_MAX else self._device.xfer3
        return bytes(call(list(tx)))


def open_spi(device: Any, spi: tuple[int, int], spi_hz: int) -> Any:
    """A spidev, set up. Raises OSError."""
    device.open(*spi)
    device.mode = MODE
    device.bits_per_word = 8
    device.max_speed_hz = spi_hz
    return device
