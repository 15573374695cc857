"""The Cortex-M image with interrupts of its own: whoever opens its UART0 is answered, and no byte is lost."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hw_sim import live_image
from hw_sim.board import BoardFailed
from hw_sim.target import build_program
from wire import codec, packet, trust
from wire.packet import Packet

pytestmark = pytest.mark.hil
ROOT = Path(__file__).resolve().parents[2]
LOAD_BYTES = 20_000
QUESTIONS = 800
PATIENCE_S = 60.0
WINDOW = 12
"""Questions under way at a time: their answers fit the device's queue."""


class Port:
    """The serial port as any host program has it."""

    def __init__(self, path: str) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        self.received = 0
        self._decoder = codec.Decoder()

    def hear(self, wanted: int, count: int = 1) -> list[Packet]:
        """Waits for so many packets of a type that answer something."""
        found: list[Packet] = []
        limit = time.monotonic() + PATIENCE_S
        while len(found) < count and time.monotonic() < limit:
            if select.select([self.fd], [], [], 0.5)[0]:
                data = os.read(self.fd, 4096)
                self.received += len(data)
                found += [one for one in self._decoder.feed(data) if one.type == wanted and answers(one)]
        return found

    def say(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.fd, data) :]


def answers(one: Packet) -> bool:
    """Not a boot announcement."""
    return one.type != packet.HELLO or one.fields["host_nonce"] != 0


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory, arm_tools: None) -> Iterator[str]:
    """The port of `stillwave board --target arm`."""
    link = tmp_path_factory.mktemp("port") / "stillwave"
    command = [sys.executable, str(ROOT / "stillwave.py"), "board", "--target", "arm", "--pty", str(link)]
    process = subprocess.Popen([*command, "--scenario", "sitter", "--json"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    assert ready["event"] == "ready" and ready["port"] == str(link)
    yield str(link)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    assert not link.is_symlink()


@pytest.fixture
def port(board: str) -> Iterator[Port]:
    one = Port(board)
    yield one
    os.close(one.fd)


@pytest.fixture
def load() -> Iterator[None]:
    """A busy process beside the run."""
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    yield
    busy.kill()
    busy.wait()


def test_a_hello_is_answered(port: Port) -> None:
    port.say(codec.encode(packet.make(packet.HOST_HELLO, {"nonce": 77, "utc_us": 1_700_000_000_000_000})))
    assert [one.fields["host_nonce"] for one in port.hear(packet.HELLO)] == [77]


def converse(port: Port, n: int) -> tuple[list[int], int]:
    """n questions, few at a time. Returns the nonces of the answers, in order, and the bytes that were sent."""
    port.say(codec.encode(packet.make(packet.HOST_HELLO, {"nonce": 77, "utc_us": 1_700_000_000_000_000})))
    [hello] = port.hear(packet.HELLO)
    key = trust.session_key(trust.Key(trust.TEST_KEY), int(str(hello.fields["nonce"])), 77, hello.boot)
    pings = [packet.make(packet.PING, {"nonce": 1 + k}, seq=1 + k) for k in range(n)]
    questions = [codec.encode(trust.seal(key, one)) for one in pings]
    under_way = threading.Semaphore(WINDOW)

    def talk() -> None:
        for one in questions:
            under_way.acquire()
            port.say(one)

    threading.Thread(target=talk, daemon=True).start()
    nonces: list[int] = []
    while len(nonces) < n and (heard := port.hear(packet.PONG)):
        nonces += [int(str(one.fields["nonce"])) for one in heard]
        under_way.release(len(heard))
    return nonces, sum(map(len, questions))


@pytest.mark.slow
def test_no_byte_is_lost_under_load(port: Port, load: None) -> None:
    nonces, sent = converse(port, QUESTIONS)
    assert nonces == list(range(1, QUESTIONS + 1))
    assert sent >= LOAD_BYTES and port.received >= LOAD_BYTES


@pytest.mark.slow
def test_a_full_ring_makes_the_line_wait(monkeypatch: pytest.MonkeyPatch, arm_tools: None) -> None:
    program = build_program("arm_uart_full")
    monkeypatch.setattr(live_image, "build_program", lambda _: program)
    heard: list[tuple[list[int], int]] = []

    def ready(event: dict[str, Any]) -> None:
        threading.Thread(target=lambda: heard.append(converse(Port(event["port"]), 100)), daemon=True).start()

    live_image.run(pty=None, scenario="sitter", seed=1, seconds=20.0, ready=ready)
    assert [nonces for nonces, _ in heard] == [list(range(1, 101))]


def test_a_board_that_did_not_start_leaves_the_link_of_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arm_tools: None
) -> None:
    link = tmp_path / "radar"
    link.symlink_to("/dev/null")

    def no_port(_: object) -> str:
        raise BoardFailed("no port")

    monkeypatch.setattr(live_image, "port_of", no_port)
    with pytest.raises(BoardFailed, match="no port"):
        live_image.run(pty=link, scenario="sitter", seed=1, seconds=20.0, ready=lambda _: None)
    assert os.readlink(link) == "/dev/null"


def test_it_streams_what_the_radar_sees(port: Port) -> None:
    assert len(port.hear(packet.VITALS, 3)) >= 3
