"""The live board: a port with a name, a device that answers on it, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from front.env import ROOT
from hw_sim.board_run import BACKLOG_BYTES, PortHost
from hw_sim.lockstep import RawPty
from hw_sim.rig import run_board
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
