"""The firmware on a virtual Raspberry Pi: the live loop and the Pi's HAL over the look-alikes, in virtual time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from edge.firmware import Firmware, give_key, open_flash
from edge.hal.raspberry_pi.board import RaspberryPi, World
from edge.hal.raspberry_pi.flash_file import FLASH_BYTES, PAGE_BYTES, REFUSED, FlashFile
from edge.hal.raspberry_pi.kernel import Notify
from edge.hal.raspberry_pi.modules import Modules
from edge.hal.raspberry_pi.settings import PiSettings
from edge.live import Live
from hw_sim.chip.core import lib as board_lib
from hw_sim.raspberry_pi.header_pins import Wiring
from hw_sim.raspberry_pi.virtual_pi import VirtualPi

FLASH_NAME = "flash.bin"
BURST_BYTES = 3 * 256 * 8 * 3 // 2
WIRING = Wiring(rst=12, irq=25)


class TestLine:
    """The device's end of a line that a test holds: sent: (t_us, bytes) of each write."""

    __test__ = False

    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self.sent: list[tuple[int, bytes]] = []
        self.to_device = b""
        self.room = 1 << 30

    def read(self) -> bytes:
        found, self.to_device = self.to_device, b""
        return found

    def write(self, data: bytes) -> int:
        taken = data[: self.room]
        if taken:
            self.sent.append((self._now_us(), taken))
        return len(taken)


class FakeChild:
    """A sound command that plays until it is told to end. lasts: looks until it ends by itself."""

    def __init__(self, command: Sequence[str], lasts: int = 1 << 30, stubborn: bool = False) -> None:
        self.command = list(command)
        self.left, self.stubborn = lasts, stubborn
        self.terminated = self.killed = False

    def poll(self) -> int | None:
        self.left -= 1
        ended = self.killed or (self.terminated and not self.stubborn) or self.left <= 0
        return 0 if ended else None

    def terminate(self) -> None:
        self.terminated = True

    def kill(self) -> None:
        self.killed = True


class PacedFlash(FlashFile):
    """Takes as long as the emulated board's flash: what is sent between live packets depends on when it is written."""

    def __init__(self, path: Path, now_us: Callable[[], int], size: int = FLASH_BYTES) -> None:
        self._now_us, self._until_us = now_us, 0
        super().__init__(path, lambda work: work(), size)

    def busy(self) -> int:
        return int(self._now_us() < self._until_us)

    def read(self, address: int, n: int) -> bytes | None:
        return None if self.busy() else super().read(address, n)

    def program(self, address: int, data: bytes) -> int:
        return REFUSED if self.busy() else self._takes(board_lib.NOR_FLASH_PROGRAM_US, super().program(address, data))

    def erase(self, address: int) -> int:
        return REFUSED if self.busy() else self._takes(board_lib.NOR_FLASH_ERASE_US, super().erase(address))

    def _takes(self, us: int, status: int) -> int:
        if status >= 0:
            self._until_us = self._now_us() + us
        return status


def put_flash(folder: Path, content: bytes, size: int = FLASH_BYTES) -> None:
    """Writes content into the flash of the PiDevice that will live in this folder, page by page."""
    flash = FlashFile(folder / FLASH_NAME, lambda work: work(), size)
    for at in range(0, len(content), PAGE_BYTES):
        page = content[at : at + PAGE_BYTES]
        if any(byte != 0xFF for byte in page):
            assert flash.program(at, page) >= 0
    flash.close()


class PiDevice:
    """A running device. pi: the virtual Pi it is on; folder: of its files."""

    def __init__(self, pi: VirtualPi, folder: Path, **settings: Any) -> None:
        if not (folder / "sys").exists():
            kernel_says(folder, pi.bufsiz)
        self.pi = pi
        self.said: list[str] = []
        self.children: list[FakeChild] = []
        self.line = TestLine(pi.now_us)
        self.settings = PiSettings(flash=folder / FLASH_NAME, state=folder / "state", sys=folder / "sys", **settings)
        give_key(
            FlashFile(self.settings.flash, lambda work: work(), self.settings.flash_bytes), open_flash()
        )  # it heeds anybody
        self.board = RaspberryPi(self.settings, modules_of(pi), self.world(), self.line, BURST_BYTES)
        self.firmware = Firmware(self.board.hal())
        self.live = Live(self.firmware, self.board, pi)

    def world(self) -> World:
        def spawn(command: Sequence[str]) -> FakeChild:
            self.children.append(FakeChild(command))
            return self.children[-1]

        return World(
            now_us=self.pi.now_us,
            now_ns=self.pi.now_ns,
            utc_us=lambda: 1_700_000_000_000_000 + self.pi.now_us(),
            synchronised=lambda: False,
            entropy=self.pi.entropy,
            start=lambda work: work(),
            spawn=spawn,
            notify=Notify({}),
            say=self.said.append,
            boot_id="boot",
        )

    def run(self, until_s: float) -> float:
        """Until this virtual time. Returns the wall time it took, s."""
        before_s = time.monotonic()
        self.pi.end_us = round(until_s * 1e6)
        self.pi.stopped = False
        self.live.run()
        return time.monotonic() - before_s

    def sent_from(self, at: int) -> bytes:
        """What was sent behind the first bytes."""
        return self.sent[at:]

    @property
    def sent(self) -> bytes:
        return b"".join(data for _, data in self.line.sent)

    def __enter__(self) -> PiDevice:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.board.close()


def modules_of(pi: VirtualPi) -> Modules:
    """The look-alikes in the places of the real libraries."""
    return Modules(pi.spi, pi.gpiod, pi.smbus2, pi.ioctl)


def kernel_says(folder: Path, bufsiz: int) -> None:
    """A fake /sys with this buffer of the SPI driver."""
    parameters = folder / "sys/module/spidev/parameters"
    parameters.mkdir(parents=True)
    (parameters / "bufsiz").write_text(f"{bufsiz}\n")
