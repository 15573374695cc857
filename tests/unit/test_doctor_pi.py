"""What is wrong with a Pi and its wires, planted one by one in the look-alikes: each is one row that names the cure."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.hal.raspberry_pi.board import RaspberryPi
from edge.hal.raspberry_pi.modules import Modules
from edge.hal.raspberry_pi.settings import Pins, PiSettings
from edge.hal.raspberry_pi.troubles import PiTrouble
from front.doctor import Check
from front.doctor_pi import Look, is_pi, rows
from front.failure import explain
from hw_sim.bare_board import BareBoard
from hw_sim.chip.chip import ChipOptions
from hw_sim.raspberry_pi.header_pins import Wiring
from hw_sim.raspberry_pi.virtual_pi import VirtualPi
from tests.pi_device import PiDevice, modules_of
from wire.unix_line import UnixServer

Change = Callable[[bytes], bytes]


@pytest.fixture
def pi() -> Iterator[VirtualPi]:
    with VirtualPi("noise") as made:
        yield made


def refusing(pi: VirtualPi, number: int, where: str = "open") -> Modules:
    """spidev whose open, or a setting, ends in this error of the kernel."""

    class Refusing(pi.spi):  # type: ignore[misc, name-defined]
        def open(self, bus: int, device: int) -> None:
            if where == "open":
                raise OSError(number, os.strerror(number))
            super().open(bus, device)

    return Modules(Refusing, pi.gpiod, pi.smbus2, pi.ioctl)


def spoiling(pi: VirtualPi, miso: Change = bytes, mosi: Change = bytes) -> Modules:
    """spidev with something on its data wires."""

    class Spoiling(pi.spi):  # type: ignore[misc, name-defined]
        def _message(self, tx: Any, *rest: Any) -> bytes:
            return miso(super()._message(mosi(bytes(tx)), *rest))

    return Modules(Spoiling, pi.gpiod, pi.smbus2, pi.ioctl)


def shifted(data: bytes) -> bytes:
    """Every bit is taken for the next one."""
    n = len(data)
    return (int.from_bytes(b"\1" + data, "big") >> 1 & ((1 << 8 * n) - 1)).to_bytes(n, "big")


def look(
    pi: VirtualPi, folder: Path, modules: Modules | None = None, synchronised: bool = True, **settings: Any
) -> Look:
    (folder / "state").mkdir(exist_ok=True)
    files = {"flash": folder / "state/flash.bin", "state": folder / "state/run", "sys": folder / "sys"}
    wired = PiSettings(**(files | settings))
    found = modules or modules_of(pi)
    return Look(
        wired, lambda: found, lambda us: pi.board.advance(1000 * us), f"unix:{folder}/line.sock", lambda: synchronised
    )


def row(found: list[Check], name: str) -> Check:
    return next(one for one in found if one.name == name)


def test_all_is_well_on_a_pi_that_is(pi: VirtualPi, tmp_path: Path) -> None:
    parameters = tmp_path / "sys/module/spidev/parameters"
    parameters.mkdir(parents=True)
    (parameters / "bufsiz").write_text("65536\n")
    server = UnixServer(tmp_path / "line.sock")
    server.close()

    found = rows(look(pi, tmp_path))

    bad = [one.name for one in found if not one.ok]
    assert bad == ["line", "cloud"]  # nothing runs yet
    assert row(found, "radar").detail == "BGT60TR13C, id 000303; SPI, reset and interrupt work"


def test_the_chip_sends_nothing_afterwards(pi: VirtualPi, tmp_path: Path) -> None:
    rows(look(pi, tmp_path))
    before = pi.board.chip.counters()
    pi.board.advance(10**9)

    assert pi.board.chip.counters() == before


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (
            errno.ENOENT,
            "/dev/spidev0.0 is not there: SPI is not enabled; put dtparam=spi=on into /boot/firmware/config.txt",
        ),
        (
            errno.EACCES,
            "/dev/spidev0.0: no permission; add yourself to its group and log in again: sudo usermod -aG spi",
        ),
        (errno.EBUSY, "/dev/spidev0.0 is busy: another program has it; `sudo fuser -v /dev/spidev0.0` names it"),
        (errno.EINVAL, "/dev/spidev0.0: Invalid argument; does a kernel overlay use the same pins?"),
    ],
)
def test_an_spi_device_that_cannot_be_had(pi: VirtualPi, tmp_path: Path, number: int, says: str) -> None:
    found = rows(look(pi, tmp_path, refusing(pi, number)))

    assert says in row(found, "spi").detail
    assert row(found, "radar").detail == "not looked at: mend the row above first"


WIRES = {
    "no power, or MISO open": (lambda rx: bytes(len(rx)), bytes, "radar reads as zeros", "GPIO9, header pin 21"),
    "not selected": (lambda rx: b"\xff" * len(rx), bytes, "radar reads as ones", "GPIO8, header pin 24"),
    "wrong mode or too fast": (shifted, bytes, "radar answers a bit off: wrong SPI mode", "--spi-hz 10000000"),
    "disturbed": (lambda rx: bytes(b ^ 0x81 for b in rx), bytes, "radar's status byte is 75", "--spi-hz 5000000"),
    "MOSI open, low": (
        bytes,
        lambda tx: bytes(len(tx)),
        "does not hear: MOSI (GPIO10, header pin 19)",
        "check these wires",
    ),
}


@pytest.mark.parametrize("wire", WIRES)
def test_a_data_wire_that_is_off(pi: VirtualPi, tmp_path: Path, wire: str) -> None:
    miso, mosi, says, cure = WIRES[wire]
    detail = row(rows(look(pi, tmp_path, spoiling(pi, miso, mosi))), "radar").detail

    assert says in detail and cure in detail and "\n" not in detail


def test_words_that_do_not_arrive_whole(pi: VirtualPi, tmp_path: Path) -> None:
    def lossy(tx: bytes) -> bytes:
        return tx[:1] + bytes([tx[1] & 0xDF]) + tx[2:] if tx[0] & 1 and tx[0] != 0xFF else tx

    detail = row(rows(look(pi, tmp_path, spoiling(pi, mosi=lossy))), "radar").detail

    assert "a register reads 0AAAA5 after 2AAAA5 was written: disturbed wires" in detail


def test_a_controller_that_refuses_transfers(pi: VirtualPi, tmp_path: Path) -> None:
    class Wrong(pi.spi):  # type: ignore[misc, name-defined]
        """An overlay insists on mode 1."""

        def _message(self, tx: Any, *rest: Any) -> bytes:
            self._mode = 1
            return super()._message(tx, *rest)

    detail = row(rows(look(pi, tmp_path, Modules(Wrong, pi.gpiod, pi.smbus2, pi.ioctl))), "radar").detail

    assert "wrong SPI mode or overlay? expected mode 0" in detail


@pytest.mark.parametrize(
    ("wiring", "says"),
    [
        (Wiring(rst=7, irq=25), "reset does nothing: its wire (GPIO12, header pin 32) is open"),
        (
            Wiring(rst=12, irq=24),
            "interrupt stays low while the FIFO is full: its wire (GPIO25, header pin 22) is open",
        ),
    ],
)
def test_a_pin_wire_that_is_off(tmp_path: Path, wiring: Wiring, says: str) -> None:
    with VirtualPi("noise", wiring=wiring) as pi:
        assert says in row(rows(look(pi, tmp_path)), "radar").detail


def test_an_interrupt_that_is_stuck_high(pi: VirtualPi, tmp_path: Path) -> None:
    class High(BareBoard):
        def _irq(self) -> int:
            return 1

    with VirtualPi(board=High("noise")) as stuck:
        assert "interrupt is high with an empty FIFO: GPIO25" in row(rows(look(stuck, tmp_path)), "radar").detail


def test_another_chip(tmp_path: Path) -> None:
    with VirtualPi("noise", options=ChipOptions(chip_id=0x000606)) as pi:
        assert "another chip: id 000606, expected 000303" in row(rows(look(pi, tmp_path)), "radar").detail


def test_a_line_that_somebody_holds_is_named_with_the_holder(pi: VirtualPi, tmp_path: Path) -> None:
    with pi.gpiod.request_lines("/dev/gpiochip0", {25: None}, consumer="fan-control"):
        detail = row(rows(look(pi, tmp_path)), "gpio").detail

    assert "/dev/gpiochip0: busy: GPIO25 is held by 'fan-control'; stop that program" in detail


def test_a_gpio_chip_that_is_not_there(pi: VirtualPi, tmp_path: Path) -> None:
    detail = row(rows(look(pi, tmp_path, gpio_chip="/dev/gpiochip9")), "gpio").detail

    assert "/dev/gpiochip9 is not there; `gpiodetect` lists" in detail


def test_a_small_buffer_of_the_kernel_is_said_with_its_cure(pi: VirtualPi, tmp_path: Path) -> None:
    found = row(rows(look(pi, tmp_path)), "spi buffer")

    assert (found.ok, found.detail) == (
        False,
        "4096 bytes, a frame takes several windows; put spidev.bufsiz=65536 behind the one line of "
        "/boot/firmware/cmdline.txt and reboot",
    )


def test_i2c_that_is_not_enabled(tmp_path: Path) -> None:
    with VirtualPi("noise", i2c=False) as pi:
        found = rows(look(pi, tmp_path))

    assert "/dev/i2c-1 is not there: I2C is not enabled; put dtparam=i2c_arm=on" in row(found, "i2c").detail


@pytest.mark.parametrize(("synchronised", "ok"), [(True, True), (False, False)])
def test_without_a_clock_chip_the_time_server_decides(tmp_path: Path, synchronised: bool, ok: bool) -> None:
    with VirtualPi("noise", absent=frozenset({0x52})) as pi:
        found = row(rows(look(pi, tmp_path, synchronised=synchronised)), "clock")

    assert (found.ok, "no clock chip" in found.detail) == (ok, True)


def test_a_missing_player_is_named(pi: VirtualPi, tmp_path: Path) -> None:
    found = row(rows(look(pi, tmp_path, sound="no-such-player x.wav")), "sound")

    assert (found.ok, "no-such-player is not installed" in found.detail) == (False, True)


def test_a_missing_library_is_named_with_its_command(pi: VirtualPi, tmp_path: Path) -> None:
    def absent() -> Modules:
        raise ModuleNotFoundError("No module named 'gpiod'", name="gpiod")

    asked = look(pi, tmp_path)
    found = rows(Look(asked.settings, absent, asked.pause, asked.line, asked.synchronised))

    assert row(found, "radar").detail == "gpiod missing: pip install -e '.[pi]'"


def test_low_voltage_is_told(pi: VirtualPi, tmp_path: Path) -> None:
    (tmp_path / "sys/class/hwmon/hwmon1").mkdir(parents=True)
    (tmp_path / "sys/class/hwmon/hwmon1/in0_lcrit_alarm").write_text("1\n")

    assert "voltage was too low" in row(rows(look(pi, tmp_path)), "supply").detail


def test_a_nearly_full_card_is_told(pi: VirtualPi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("front.doctor_pi.FREE_BYTES", 1 << 62)

    assert "delete something, or use a larger card" in row(rows(look(pi, tmp_path)), "disk").detail


def test_while_the_device_runs_its_pins_are_left_alone(pi: VirtualPi, tmp_path: Path) -> None:
    server = UnixServer(tmp_path / "line.sock")

    found = rows(look(pi, tmp_path))

    server.close()
    assert "sudo systemctl stop stillwave-edge" in row(found, "radar").detail
    assert (row(found, "line").ok, row(found, "cloud").ok, pi.header.log) == (True, False, [])


def test_a_cloud_that_has_the_line_is_not_disturbed(pi: VirtualPi, tmp_path: Path) -> None:
    from wire.transport import Transport

    server = UnixServer(tmp_path / "line.sock")
    with Transport(f"unix:{tmp_path}/line.sock"):
        server.read()
        found = rows(look(pi, tmp_path))
        still = server.connected

    server.close()
    assert (row(found, "cloud").ok, row(found, "line").ok, still) == (True, True, True)


def test_the_command_ends_with_the_same_line_and_code_2(pi: VirtualPi, tmp_path: Path) -> None:
    class Absent(pi.spi):  # type: ignore[misc, name-defined]
        def open(self, bus: int, device: int) -> None:
            raise OSError(errno.ENOENT, "No such file or directory")

    pi.spi = Absent
    with pytest.raises(PiTrouble, match="SPI is not enabled") as caught:
        PiDevice(pi, tmp_path)

    assert explain(caught.value) == (str(caught.value), 2)


def test_a_trouble_half_way_gives_back_what_was_taken(pi: VirtualPi, tmp_path: Path) -> None:
    (tmp_path / "flash.bin").write_text("somebody's")
    with pytest.raises(RuntimeError, match="is it another file"):
        PiDevice(pi, tmp_path)
    (tmp_path / "flash.bin").unlink()

    with PiDevice(pi, tmp_path) as device:
        assert isinstance(device.board, RaspberryPi)


@pytest.mark.parametrize(("text", "is_one"), [("Raspberry Pi 5 Model B Rev 1.0\0", True), ("A laptop\0", False)])
def test_a_pi_says_that_it_is_one(tmp_path: Path, text: str, is_one: bool) -> None:
    (tmp_path / "model").write_text(text)

    assert is_pi(tmp_path / "model") is is_one


def test_another_pin_moves_with_the_setting(tmp_path: Path) -> None:
    with VirtualPi("noise", wiring=Wiring(rst=7, irq=24)) as pi:
        found = rows(look(pi, tmp_path, pins=Pins(reset=7, interrupt=24)))

    assert row(found, "radar").ok


def test_a_socket_file_without_anybody_is_no_device(pi: VirtualPi, tmp_path: Path) -> None:
    UnixServer(tmp_path / "line.sock").close()
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "line.sock"))
    left.close()

    assert "sudo systemctl start stillwave-edge" in row(rows(look(pi, tmp_path)), "line").detail
