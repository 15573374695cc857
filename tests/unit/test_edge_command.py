"""`stillwave edge` around the device: its line, what it needs, how it starts and ends."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.hal.raspberry_pi.modules import OldGpiodError
from edge.line import AGAIN_US, LineError, PortLine, open_line
from front.alarm import Device as Asking
from front.config import Edge
from front.edge import Asked, settings
from front.env import ROOT, InputError
from front.failure import explain
from wire import packet, trust
from wire.packet import Packet
from wire.transport import Transport, TransportError
from wire.unix_line import UnixServer


class Clock:
    now_us = 0

    def __call__(self) -> int:
        return self.now_us


@pytest.fixture
def line() -> Iterator[tuple[PortLine, int, Clock, list[str]]]:
    """A device at a pty, the other end's descriptor, its clock, and what it says."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    clock, said = Clock(), list[str]()
    made = PortLine(os.ttyname(slave), clock, said.append)
    yield made, master, clock, said
    made.close()
    for fd in (master, slave):
        with contextlib.suppress(OSError):
            os.close(fd)


Line = tuple[PortLine, int, Clock, list[str]]


def test_a_port_carries_bytes_both_ways_without_waiting(line: Line) -> None:
    device, host, _, _ = line
    nothing = device.read()
    taken = device.write(b"from the device")
    os.write(host, b"from the host")
    time.sleep(0.05)

    assert (nothing, taken, os.read(host, 100), device.read()) == (b"", 15, b"from the device", b"from the host")


def test_a_port_that_takes_nothing_more_does_not_stop_the_device(line: Line) -> None:
    device = line[0]
    sent = [device.write(b"x" * 4096) for _ in range(40)]

    assert sent[-1] == 0


def test_a_port_that_is_gone_is_told_and_tried_again(line: Line) -> None:
    device, host, clock, said = line
    os.close(host)
    first = device.read()
    lost = device.write(b"nobody hears")
    device._open = lambda: pytest.fail("too early")  # type: ignore[method-assign, assignment]
    device.read()
    opened: list[int] = []

    def again() -> Transport:
        opened.append(clock.now_us)
        raise LineError("still gone")

    device._open = again  # type: ignore[method-assign]
    clock.now_us = AGAIN_US
    device.read()
    device.read()

    assert (first, lost, len(said), opened) == (b"", 12, 1, [AGAIN_US])
    assert "device lost" in said[0] and "trying again" in said[0]


def test_a_port_that_is_missing_at_the_start_is_one_line() -> None:
    with pytest.raises(LineError, match="/dev/no-such-port: cannot be opened") as caught:
        open_line("/dev/no-such-port", Clock(), print)

    assert explain(caught.value) == (str(caught.value), 2)


def test_a_socket_in_use_is_one_line(tmp_path: Path) -> None:
    server = UnixServer(tmp_path / "line.sock")
    with pytest.raises(LineError, match=r"line.sock: busy: another process is the device here"):
        open_line(f"unix:{tmp_path}/line.sock", Clock(), print)
    server.close()


@pytest.mark.parametrize("name", ["spidev", "gpiod", "smbus2"])
def test_a_missing_library_ends_with_3_and_its_command(name: str) -> None:
    found = explain(ModuleNotFoundError(f"No module named {name!r}", name=name))

    assert found == (f"{name} is missing; install it with: pip install -e '.[pi]'", 3)


def test_an_old_gpiod_ends_with_3_and_its_command() -> None:
    found = explain(
        OldGpiodError("gpiod: expected version 2, found version 1; install the right one: pip install 'gpiod>=2'")
    )

    assert found is not None and found[1] == 3


def test_options_go_over_configuration() -> None:
    made = settings(Asked(pins="reset=7", spi_hz=5_000_000), Edge(pins="reset=8", spi_hz=10_000_000, light="gpio:18"))

    assert (made.pins.reset, made.spi_hz, made.light) == (7, 5_000_000, "gpio:18")


@pytest.mark.parametrize(
    ("asked", "chosen", "says"),
    [
        (Asked(pins="x=1"), Edge(), "pins: expected NAME=NUMBER"),
        (Asked(spi_hz=1), Edge(), "spi-hz: expected 1000000..25000000, got 1"),
        (Asked(light="candle"), Edge(), "light: expected none, gpio:NUMBER"),
        (Asked(), Edge(spi="0"), "edge.spi: expected BUS.CHIPSELECT"),
    ],
)
def test_an_impossible_set_up_is_one_line(asked: Asked, chosen: Edge, says: str) -> None:
    with pytest.raises(InputError, match=says):
        settings(asked, chosen)


def pong_of(device: subprocess.Popen[str], line: str) -> Packet:
    """Asked again while it compiles or waits for a busy machine, for as long as it runs."""
    while True:
        try:
            with Transport(line) as port:
                return Asking(port, lambda: time.time_ns() // 1000, trust.EMULATED).ask(packet.PING, packet.PONG)
        except TransportError:
            if device.poll() is not None:
                raise


@pytest.mark.slow
@pytest.mark.timeout(600)  # before numba has compiled, and on a busy machine, it answers after minutes
def test_the_whole_device_answers_a_host_over_the_socket_and_ends_when_told(tmp_path: Path) -> None:
    socket = tmp_path / "line.sock"
    command = [sys.executable, str(ROOT / "stillwave.py"), "edge", "--emulated", "empty", "--json"]
    options = ["--line", f"unix:{socket}", "--state-dir", str(tmp_path / "state")]
    device = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert device.stdout is not None and device.stderr is not None
        ready = json.loads(device.stdout.readline())
        pong = pong_of(device, ready["line"])
        device.send_signal(signal.SIGTERM)
        _, said = device.communicate(timeout=300)
    finally:
        device.kill()

    assert ready == {"event": "ready", "line": f"unix:{socket}", "emulated": True}
    assert trust.is_tagged(pong)
    assert (device.returncode, socket.exists()) == (0, False)
    assert "SPI, reset and interrupt work" in said
    assert (tmp_path / "state/last-run.json").read_text().count("clean") == 1
