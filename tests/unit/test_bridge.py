"""The bridge to a firmware in another process: who dies, hangs or talks nonsense fails the board with a reason.

The far end here is a small script that speaks the records by itself.
"""

from __future__ import annotations

import ast
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hw_sim.board import Board, BoardFailed
from hw_sim.target import ProcessTarget, posix_target
from tests.board_device import DEADLINE, Ramp

FAR_END = """
import os, struct, sys
buffered = b""
def take(n):
    global buffered
    while len(buffered) < n:
        piece = os.read(0, 65536)
        if not piece:
            sys.exit(0)
        buffered += piece
    out, buffered = buffered[:n], buffered[n:]
    return out
def receive():
    op, arg, n = struct.unpack("<III", take(12))
    return op, arg, take(n)
def send(op, arg=0, payload=b""):
    os.write(1, struct.pack("<III", op, arg & 0xFFFFFFFF, len(payload)) + payload)
def ask(op, arg=0, payload=b""):
    send(op, arg, payload)
    return receive()
def done(deadline=2**64 - 1, status=0):
    send(16, status, struct.pack("<Q", deadline))
START, STEP, REPLY, STOP = 1, 2, 3, 4
CS, XFER, RESET, IRQ, SWITCH, WRITE, READ, ENTROPY = range(17, 25)
BUTTON, BUZZER, LIGHT, I2C, FLASH_READ, FLASH_PROGRAM, FLASH_ERASE, FLASH_BUSY = range(25, 33)
WATCHDOG_START, WATCHDOG_FEED, RESET_CAUSE = range(34, 37)
"""


def far_end(tmp_path: Path, body: str) -> Path:
    """An executable that runs the body after the helpers."""
    program = tmp_path / "far_end"
    program.write_text(f"#!{sys.executable}\n{FAR_END}\n{body}\n")
    program.chmod(0o755)
    return program


def started(tmp_path: Path, body: str) -> tuple[Board, ProcessTarget]:
    """A board with this far end, which has answered START."""
    board = Board(seed=3)
    target = posix_target(board, far_end(tmp_path, "receive(); done()\n" + body))
    target.start([])
    return board, target


def test_every_hal_call_is_served(tmp_path: Path) -> None:
    board, target = started(
        tmp_path,
        """
op, event, now = receive()
assert (op, event, now) == (STEP, 0, bytes(8))
send(CS, 0)
_, rc, rx = ask(XFER, 4 | 1 << 31, bytes([4, 0, 0, 0]))
send(CS, 1)
assert rc == 0 and rx[1:] == bytes([0, 3, 3]), rx
_, irq, _ = ask(IRQ)
_, level, _ = ask(SWITCH)
_, got, host = ask(READ, 100)
assert (irq, level, got, host) == (0, 1, 5, b"hello")
_, rc, noise = ask(ENTROPY, 16)
assert len(noise) == 16
_, taken, _ = ask(WRITE, 0, b"world" * 3000)
assert taken == 15000
done(500)
op, event, now = receive()
assert (op, event, now) == (STEP, 2, bytes(8))
done(500)
op, event, now = receive()
done(500)
op, event, now = receive()
ask(WRITE, 0, bytes([event]) + now)
done()
receive()
""",
    )
    board.set_standby(True)
    board.give(b"hello")
    board.run(1000, Ramp())
    sent = board.take()
    target.close()
    assert sent.data == b"world" * 3000 + bytes([DEADLINE]) + (500).to_bytes(8, "little")
    assert target.process.returncode == 0


def test_the_radar_configuration_reaches_the_target(tmp_path: Path) -> None:
    board = Board(seed=3)
    target = posix_target(
        board,
        far_end(
            tmp_path, "got = receive(); done(status=-len(got[2]) if got[2] != struct.pack('<3I', 7, 8, 9) else -6)"
        ),
    )
    with pytest.raises(ValueError, match="error -6"):
        target.start([7, 8, 9])
    target.close()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("receive(); sys.exit(3)", "closed its side in the middle of a step: exit code 3"),
        ("receive(); os.kill(os.getpid(), 11)", "closed its side in the middle of a step: SIGSEGV"),
        ("receive(); print('hello, world', flush=True); receive()", "too long .*print to stderr"),
        ("receive(); send(99)", "unknown record"),
        ("receive(); os.write(1, struct.pack('<III', 22, 0, 1 << 30)); receive()", "too long"),
        ("receive(); send(XFER, 100, bytes(3)); receive()", "impossible transfer"),
    ],
)
def test_a_broken_target_fails_the_board(tmp_path: Path, body: str, reason: str) -> None:
    board, target = started(tmp_path, body)
    with pytest.raises(BoardFailed, match=reason):
        board.run(1_000_000, Ramp())
    target.close()


def test_a_target_that_died_between_steps_fails_the_board(tmp_path: Path) -> None:
    board, target = started(tmp_path, "sys.exit(0)")
    target.process.wait(timeout=20)
    with pytest.raises(BoardFailed, match="target process is gone: .*: exit code 0"):
        board.run(1_000_000, Ramp())
    target.close()


def test_a_silent_target_fails_the_board(tmp_path: Path) -> None:
    board, target = started(tmp_path, "receive(); receive()")
    target.bridge.timeout_ms = 200
    with pytest.raises(BoardFailed, match="timeout"):
        board.run(1_000_000, Ramp())
    target.close()


def test_a_target_that_asks_without_end_fails_the_board(tmp_path: Path) -> None:
    """A loop that polls: every question is answered at once, and no time passes."""
    board, target = started(tmp_path, "receive()\nwhile True: ask(IRQ)")
    target.patience(1.0)
    with pytest.raises(BoardFailed, match="asks and asks, but never waits: timeout"):
        board.run(1_000_000, Ramp())
    target.close()


@pytest.mark.parametrize("body", ["receive(); receive()", "receive()\nwhile True: ask(IRQ)"])
def test_whoever_waits_for_a_target_may_be_interrupted(tmp_path: Path, body: str) -> None:
    board, target = started(tmp_path, body)

    def hit(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, hit)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(KeyboardInterrupt):
            board.run(1_000_000, Ramp())
    finally:
        signal.signal(signal.SIGALRM, before)
        target.close()


def test_close_ends_the_process_it_started(tmp_path: Path) -> None:
    board, target = started(tmp_path, "import time\nos.close(0); time.sleep(600)")
    target.close(wait_s=0.2)
    assert target.process.returncode is not None


def test_a_program_that_is_no_target_is_refused() -> None:
    board = Board(seed=3)
    target = posix_target(board, Path("/bin/true"))
    with pytest.raises(BoardFailed, match="target process is gone"):
        target.start([])
    target.close()


def test_an_unknown_target_is_one_line() -> None:
    script = Path(__file__).parents[2] / "native" / "targets" / "build.py"
    done = subprocess.run([sys.executable, str(script), "toaster"], capture_output=True, text=True, check=False)
    expected = "target toaster: expected one of posix, sanitized, overflow, undefined, unguarded, unspared, without, flushing, "
    assert done.returncode == 2 and done.stderr.startswith(expected) and done.stderr.count("\n") == 1


PARTS = """
receive()
out = [ask(BUTTON)[1], ask(BUZZER, 1)[1], ask(LIGHT, 40000)[1]]
out += [ask(I2C, 0x52 | 4 << 8, b"\x1b")[2].hex(), ask(I2C, 0x51 | 4 << 8, b"\x1b")[1:]]
out += [ask(FLASH_PROGRAM, 256, b"kept")[1], ask(FLASH_BUSY)[1], ask(FLASH_READ, 256, struct.pack("<I", 4))[1:]]
done()
receive()  # the button
done(1_000_000)
receive()
out += [ask(FLASH_READ, 256, struct.pack("<I", 5))[1:], ask(FLASH_ERASE, 256)[1], ask(FLASH_BUSY)[1]]
text = repr(out).encode()
ask(WRITE, 0, text)
done()
receive()
"""


def test_every_small_part_is_reached_over_the_bridge(tmp_path: Path) -> None:
    board, target = started(tmp_path, PARTS)
    board.rtc_set(0x01020304 * 1_000_000)
    board.press(1)
    board.run(2_000_000, Ramp())
    no, busy = 2**32 - 1, 2**32 - 1
    assert ast.literal_eval(board.take().data.decode()) == [
        1, 0, 0, "04030201", (no, b""), 0, 1, (busy, b""), (0, b"kept\xff"), 0, 1,
    ]  # fmt: skip
    white = [(0, pin, 40000) for pin in ("light", "red", "green", "blue")]
    assert board.pin_log() == [(0, "buzzer", 1), *white]
    target.close()


WATCHED = """
receive()
out = [ask(RESET_CAUSE)[1], ask(LIGHT, 0, struct.pack("<III", 30, 20, 10))[1]]
out += [ask(WATCHDOG_FEED)[1], ask(WATCHDOG_START, 1000)[1], ask(WATCHDOG_FEED)[1]]
ask(WRITE, 0, repr(out).encode())
done()
receive(); done()  # START: everything begins again
receive(); ask(WRITE, 0, repr(ask(RESET_CAUSE)[1]).encode()); done()
receive()
"""


def test_watchdog_and_colours_are_reached_over_the_bridge(tmp_path: Path) -> None:
    board, target = started(tmp_path, WATCHED)
    board.on_reset = target.restart
    board.run(2_000_000, Ramp())
    assert board.take().data == f"[0, 0, {2**32 - 1}, 0, 0]2".encode()
    assert board.pin_log()[:4] == [(0, "light", 30), (0, "red", 30), (0, "green", 20), (0, "blue", 10)]
    target.close()


@pytest.mark.parametrize("record", ["I2C, 0x52 | 20000 << 8", "FLASH_READ, 0, struct.pack('<I', 20000)"])
def test_a_part_is_not_asked_for_more_than_a_record_holds(tmp_path: Path, record: str) -> None:
    board, target = started(tmp_path, f"receive(); ask({record}); done(); receive()")
    with pytest.raises(BoardFailed, match="impossible transfer"):
        board.run(1_000_000, Ramp())
    target.close()
