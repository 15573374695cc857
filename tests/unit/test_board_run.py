"""The live board: a port with a name, a device that answers on it, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from front.env import ROOT
from hw_sim.bare_board import SocketBoard
from hw_sim.board_run import BACKLOG_BYTES, PortHost
from hw_sim.lockstep import RawPty
from hw_sim.rig import run_board
from hw_sim.spi_server import ServerError
from hw_sim.vcd import VcdFileError
from tests.bus_driver import CHIP_ID, Driver, register_list
from tests.vcd_reader import read
from wire import codec, packet
from wire.transport import Transport

LIVE = """
import json, sys
from pathlib import Path
from hw_sim.rig import run_board
run_board(pty=Path(sys.argv[1]), scenario="empty", ready=lambda event: print(json.dumps(event), flush=True))
"""


def test_a_device_answers_on_its_link_and_the_link_goes(tmp_path: Path) -> None:
    link = tmp_path / "board"
    live = subprocess.Popen([sys.executable, "-c", LIVE, str(link)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert live.stdout is not None
        assert f'"event": "ready", "port": "{link}"' in live.stdout.readline()
        with Transport(str(link)) as port:
            port.write(codec.encode(packet.make(packet.HOST_HELLO, {"nonce": 77, "utc_us": 1})))
            decoder, found = codec.Decoder(), []
            for _ in range(200):
                found += decoder.feed(port.read(0.1))
                if any(one.fields["host_nonce"] == 77 for one in found if one.type == packet.HELLO):
                    break
            else:
                pytest.fail(f"no answer, only {found}")
    finally:
        os.kill(live.pid, signal.SIGTERM)
        live.wait(timeout=20)
    assert not link.is_symlink()


def test_a_run_of_given_length_ends_by_itself(tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []
    ended = run_board(pty=tmp_path / "board", scenario="empty", seconds=1.0, ready=events.append)
    assert [event["event"] for event in events] == ["ready"]
    assert ended["event"] == "end" and ended["frames"] > 0 and ended["overflows"] == 0
    assert not (tmp_path / "board").is_symlink()


def test_bytes_nobody_reads_are_counted_as_lost() -> None:
    port = RawPty()
    host = PortHost(port)
    for _ in range(30):
        assert host.exchange(0, bytes(10_000)) == b""
    assert 300_000 - BACKLOG_BYTES - 20_000 < host.lost_bytes < 300_000 - BACKLOG_BYTES
    port.close()


CHIP = """
import json, sys
from hw_sim.rig import run_board
run_board(spi_socket=sys.argv[1], pty=None, scenario="empty", ready=lambda event: print(json.dumps(event), flush=True))
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_bare_chip_answers_on_its_socket_and_the_socket_goes(tmp_path: Path, how: signal.Signals) -> None:
    path = tmp_path / "spi"
    live = subprocess.Popen([sys.executable, "-c", CHIP, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert live.stdout is not None
        assert json.loads(live.stdout.readline()) == {"event": "ready", "spi_socket": str(path)}
        with SocketBoard(path) as board:
            driver = Driver(board.transfer, board.rst, lambda s: board.wait_irq(round(s * 1e9)))
            assert driver.read(CHIP_ID) == 0x000303
            for word in register_list():
                driver.access(word)
            driver.limit(768)
            driver.start()
            assert driver.wait(1.0)
            assert 1000 < driver.fifo(768).mean() < 3000
    finally:
        os.kill(live.pid, how)
        live.wait(timeout=20)
    assert not path.exists()


def test_device_and_chip_side_by_side_and_the_wires_in_a_file(tmp_path: Path) -> None:
    found: list[int] = []

    def ready(event: dict[str, Any]) -> None:
        assert set(event) == {"event", "spi_socket", "port", "device"}
        with SocketBoard(event["spi_socket"]) as board:
            found.append(Driver(board.transfer, board.rst, lambda s: False).read(CHIP_ID))

    run_board(
        pty=tmp_path / "board",
        spi_socket=tmp_path / "spi",
        vcd=tmp_path / "wires.vcd",
        scenario="empty",
        seconds=1.0,
        ready=ready,
    )
    dump = read(tmp_path / "wires.vcd")
    assert found == [0x000303] and list(tmp_path.iterdir()) == [tmp_path / "wires.vcd"]
    assert dump.end == 10**9 and len(dump.of("board.spi.command")) > 50


def test_a_chip_in_real_time_follows_the_clock_and_waits_for_it(tmp_path: Path) -> None:
    """Nobody asks for time: it passes all the same. Somebody asks for much: the clock catches up before the end."""
    asked: list[threading.Thread] = []

    def jump(event: dict[str, Any]) -> None:
        def ask() -> None:
            with SocketBoard(event["spi_socket"]) as board:
                board.advance(400_000_000)

        asked.append(threading.Thread(target=ask))
        asked[0].start()

    for ready in (lambda event: None, jump):
        began_s = time.monotonic()
        ended = run_board(spi_socket=tmp_path / "spi", scenario="empty", seconds=0.5, rt=True, ready=ready)
        assert ended["virtual_s"] >= 0.5 and time.monotonic() - began_s >= 0.5
    asked[0].join()


def test_wires_and_sockets_that_cannot_be_had_end_it_in_one_line(tmp_path: Path) -> None:
    nowhere = tmp_path / "none" / "x"
    with pytest.raises(VcdFileError, match="cannot be written"):
        run_board(spi_socket=tmp_path / "spi", vcd=nowhere, scenario="empty", seconds=1.0, ready=lambda event: None)
    with pytest.raises(ServerError, match="No such file"):
        run_board(spi_socket=nowhere, scenario="empty", seconds=1.0, ready=lambda event: None)
    assert list(tmp_path.iterdir()) == []
