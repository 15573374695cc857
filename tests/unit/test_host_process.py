"""The barrier with a host process: nothing blocks, nothing is lost, and whoever breaks it is named.

The host here is a small script with the pty's other end and the control pipe.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hw_sim.lockstep import HostFailed, HostProcess, RawPty

HOST = """
import os, sys, time, tty
port, (rfd, wfd) = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY), map(int, sys.argv[2].split(","))
requests = os.fdopen(rfd)
def read(n):
    got = b""
    while len(got) < n:
        got += os.read(port, n - len(got))
    return got
def write(data):
    while data:
        data = data[os.write(port, data):]
def answer(n):
    os.write(wfd, b"%d\\n" % n)
"""


def host(tmp_path: Path, body: str, timeout_s: float = 60.0) -> HostProcess:
    script = tmp_path / "host.py"
    script.write_text(HOST + body)
    return HostProcess(lambda port, control: [sys.executable, str(script), port, control], tmp_path, timeout_s)


def test_an_echo_comes_back_whole_however_large(tmp_path: Path) -> None:
    far = host(
        tmp_path,
        "for line in requests:\n    data = read(int(line.split()[1]))\n    write(data[::-1]); answer(len(data))\n",
    )
    backlog = bytes(range(256)) * 2000
    assert far.exchange(0, b"") == b""
    assert far.exchange(1_000_000, backlog) == backlog[::-1]
    assert far.exchange(2_000_000, b"end") == b"dne"
    assert far.close() == 0


def test_time_and_count_reach_the_host(tmp_path: Path) -> None:
    far = host(
        tmp_path,
        "for line in requests:\n    utc, n = line.split(); read(int(n)); write(line.encode()); answer(len(line))\n",
    )
    assert far.exchange(1_700_000_000_000_000, b"abc") == b"1700000000000000 3\n"
    assert far.close() == 0


def test_all_256_byte_values_pass_the_port(tmp_path: Path) -> None:
    far = host(
        tmp_path, "for line in requests:\n    data = read(int(line.split()[1])); write(data); answer(len(data))\n"
    )
    every = bytes(range(256))
    assert far.exchange(0, every) == every
    far.close()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("sys.exit(7)", "ended early .exit code 7."),
        ("requests.readline(); os.kill(os.getpid(), 9)", "ended early .exit code -9."),
        (
            "requests.readline(); write(b'12345'); time.sleep(0.3); answer(2); requests.readline()",
            "said it wrote 2 bytes, 5 came",
        ),
    ],
)
def test_a_host_that_breaks_the_barrier_is_named(tmp_path: Path, body: str, says: str) -> None:
    far = host(tmp_path, body)
    with pytest.raises(HostFailed, match=says):
        far.exchange(0, b"")
        far.exchange(1_000_000, b"")
    far.close()


@pytest.mark.parametrize("body", ["time.sleep(600)", "requests.readline(); answer(5); requests.readline()"])
def test_a_silent_host_is_named_and_ended(tmp_path: Path, body: str) -> None:
    far = host(tmp_path, body, timeout_s=0.5)
    with pytest.raises(HostFailed, match=r"no answer for 0\.5 s"):
        far.exchange(0, b"")
    far.close()
    assert far.process.returncode is not None


def test_a_link_names_the_port_and_goes_with_it(tmp_path: Path) -> None:
    link = tmp_path / "board"
    link.symlink_to("/nowhere")  # left behind by a run that was killed
    port = RawPty(link)
    assert link.readlink() == Path(port.device) and port.path == str(link)
    port.close()
    assert not link.is_symlink()


def test_a_link_does_not_replace_a_file(tmp_path: Path) -> None:
    (tmp_path / "board").write_text("mine")
    with pytest.raises(FileExistsError, match="no symbolic link"):
        RawPty(tmp_path / "board")


def test_nobody_reading_blocks_nobody() -> None:
    port = RawPty()
    put = 0
    while n := port.write(bytes(100_000)):
        put += n
    assert 0 < put < 100_000
    port.close()


COUNTER = """
import pathlib
kept = pathlib.Path(sys.argv[0]).with_name("kept")
for line in requests:
    utc, n = line.split(); data = read(int(n))
    kept.write_bytes((kept.read_bytes() if kept.exists() else b"") + data)
    write(utc.encode() + b":" + data); answer(len(utc) + 1 + len(data))
"""


def test_bytes_for_a_killed_host_are_lost_and_a_new_one_goes_on(tmp_path: Path) -> None:
    far = host(tmp_path, COUNTER)
    assert far.exchange(1, b"ab") == b"1:ab"
    first = far.process.pid
    far.kill()
    assert not far.alive and far.process.returncode == -9
    assert far.exchange(2, b"lost") == b""
    far.restart()
    assert far.alive and far.process.pid != first
    assert far.exchange(3, b"cd") == b"3:3:cd"
    assert (tmp_path / "kept").read_bytes() == b"abcd"
    assert far.close() == 0


@pytest.mark.parametrize("after_s", [0.0, 0.002, 0.05])
def test_a_kill_in_the_middle_of_an_exchange_leaves_a_clean_line(tmp_path: Path, after_s: float) -> None:
    far = host(tmp_path, COUNTER)
    far.exchange(1, b"")
    far.kill_within(after_s)
    assert far.exchange(2, b"x" * 3000) == b""
    assert not far.alive
    far.restart()
    assert far.exchange(3, b"cd") == b"3:3:cd"
    far.close()


def test_what_lives_is_not_started_again(tmp_path: Path) -> None:
    far = host(tmp_path, COUNTER)
    with pytest.raises(RuntimeError, match="killed before"):
        far.restart()
    far.close()


def test_a_host_that_was_killed_on_purpose_ended_well(tmp_path: Path) -> None:
    far = host(tmp_path, COUNTER)
    far.kill()
    far.kill()
    assert far.close() == 0
