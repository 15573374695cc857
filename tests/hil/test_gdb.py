"""A debugger on the image: it sees variables of the firmware, and the run goes on to the same bytes."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from hw_sim import rig
from hw_sim.board import Board, BoardFailed, NoSamples
from hw_sim.rig import Rig
from hw_sim.target import MACHINES, ProcessTarget, build_program, image_target

pytestmark = pytest.mark.hil
ROOT = Path(__file__).resolve().parents[2]
HOURS = "0.0125"
PATIENCE_S = 180
SCRIPT = (
    "set pagination off",
    "set tcp connect-timeout 120",
    "target remote 127.0.0.1:{port}",
    # at the very entry arguments stand in their registers: state, samples, t_us
    "break *sw_chain_step if $r2 > 5000000",
    "continue",
    'printf "t_us %u, sample %u\\n", $r2, *(unsigned short *)$r1',
    "continue",
    'printf "t_us %u, seconds %u\\n", $r2, ((sw_chain *)$r0)->seconds',
    "backtrace 3",
    "delete",
    "continue",
)


def night(folder: Path, *options: str) -> subprocess.Popen[str]:
    """A short night in a process group of its own."""
    command = [sys.executable, str(ROOT / "stillwave.py"), "night", "sitter", "--hours", HOURS, "--json"]
    return subprocess.Popen(
        [*command, "--out", str(folder), *options], stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def digest(run: subprocess.Popen[str]) -> str:
    """Of the line. Whatever hangs is ended, with all it has started."""
    try:
        said = run.communicate(timeout=PATIENCE_S)[0]
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        raise
    return str(json.loads(said)["link"]["digest"])


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def debugger(port: int) -> socket.socket:
    """Whoever connects to a port of QEMU, as soon as it is there."""
    limit = time.monotonic() + PATIENCE_S
    while time.monotonic() < limit:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(port)


@pytest.mark.parametrize("runs", [False, True])
def test_a_debugger_that_dies_ends_the_run_with_one_line(runs: bool, arm_tools: None) -> None:
    """Before the image has begun, or when it was stopped in the middle."""
    port, board = free_port(), Board(seed=1)
    image = build_program("arm")

    def dies() -> None:
        with debugger(port) as line:
            if runs:
                line.sendall(b"$c#63")
                time.sleep(3.0)
                line.sendall(b"\x03")
            time.sleep(1.5)

    thread = threading.Thread(target=dies)
    thread.start()
    with pytest.raises(BoardFailed, match="gdb went away and left the image standing"):
        target = image_target(board, image, MACHINES["arm"], port)
        try:
            target.start([])
            while True:
                board.run(board.now_us + 1_000_000, NoSamples())
        finally:
            target.close(0.1)
    thread.join()


@pytest.mark.parametrize("begun", [False, True])
def test_whoever_gives_up_leaves_no_process(begun: bool, arm_tools: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C before gdb has come, and while the image stands at its first instructions."""
    port, started = free_port(), []
    popen = subprocess.Popen

    def remembered(*args: Any, **options: Any) -> Any:
        started.append(popen(*args, **options))
        return started[-1]

    def hit(*_: object) -> None:
        raise KeyboardInterrupt

    program = build_program("arm")
    monkeypatch.setattr(rig, "_built", lambda _: program)
    monkeypatch.setattr(subprocess, "Popen", remembered)
    if begun:  # the pipes open, and the answer to START never comes
        monkeypatch.setattr(ProcessTarget, "start", lambda *_: hit())
        threading.Thread(target=lambda: debugger(port).sendall(b"$c#63"), daemon=True).start()
    before = signal.signal(signal.SIGALRM, hit)
    signal.setitimer(signal.ITIMER_REAL, 60.0 if begun else 1.0)
    try:
        with pytest.raises(KeyboardInterrupt):
            Rig(target="arm", gdb_port=port)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert [one.poll() is not None for one in started] == [True]


@pytest.mark.slow
@pytest.mark.parametrize("target", ["arm", "arm_m33"])
def test_a_debugger_changes_no_byte(target: str, tmp_path: Path, arm_tools: None) -> None:
    reference = digest(night(tmp_path / "without"))
    image = str(build_program(target))
    port = str(free_port())
    words = [word for line in SCRIPT for word in ("-ex", line.replace("{port}", port))]
    run = night(tmp_path / "with", "--target", target, "--gdb", port)
    command = ["gdb-multiarch", "-nx", "-batch", *words, image]
    gdb = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert digest(run) == reference
    said = gdb.communicate(timeout=30)[0]
    times = [int(found) for found in re.findall(r"t_us (\d+), ", said)]
    assert len(times) == 2 and 5_000_000 < times[0] < times[1] == times[0] + 50_000, said
    assert re.search(r"sample [1-9]\d*\n", said) and re.search(r"seconds \d+\n", said), said
    assert "on_frame" in said and "exited normally" in said, said
