"""The pty that a recording speaks at: who opens it, when, and what becomes of bytes that nobody hears."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from wire.pty import Pty
from wire.transport import Transport


@pytest.fixture
def pty(tmp_path: Path) -> Iterator[Pty]:
    with Pty(tmp_path / "port") as made:
        yield made


def test_it_knows_whether_somebody_has_it_open(pty: Pty) -> None:
    before = pty.is_open
    with Transport(pty.path):
        during = pty.is_open
    assert (before, during, pty.is_open) == (False, True, False)


def test_a_listener_without_settings_gets_raw_bytes(pty: Pty) -> None:
    every = bytes(range(256))
    fd = os.open(pty.path, os.O_RDWR | os.O_NOCTTY)
    try:
        assert pty.is_open and pty.write(every) == len(every)
        assert os.read(fd, 1000) == every
        os.write(fd, b"\n\x03\x04")
        assert pty.read() == b"\n\x03\x04"
    finally:
        os.close(fd)


def test_it_is_raw_again_for_the_next_one(pty: Pty) -> None:
    for _ in range(2):
        fd = os.open(pty.path, os.O_RDWR | os.O_NOCTTY)
        assert pty.is_open and pty.write(b"a\x03\rb") == 4
        assert os.read(fd, 9) == b"a\x03\rb"
        os.close(fd)
        assert not pty.is_open


def test_what_nobody_hears_is_lost(pty: Pty) -> None:
    assert pty.write(b"unheard") == 7
    with Transport(pty.path) as port:
        assert pty.is_open and pty.write(b"heard") == 5
        assert port.read(1.0) == b"heard"


def test_waiting_ends_when_somebody_speaks(pty: Pty) -> None:
    def opener() -> None:
        with Transport(pty.path) as port:
            port.write(b"hello")
            port.read(1.0)

    thread = threading.Timer(0.05, opener)
    thread.start()
    assert pty.wait_for_somebody(5.0) == b"hello"
    pty.write(b"x")
    thread.join()


def test_waiting_has_an_end(pty: Pty) -> None:
    with pytest.raises(TimeoutError, match="nobody opened it within 0.02 s"):
        pty.wait_for_somebody(0.02)


def test_drain_waits_for_the_reader(pty: Pty) -> None:
    with Transport(pty.path) as port:
        assert pty.is_open and pty.write(bytes(3000)) == 3000
        reader = threading.Timer(0.1, lambda: port.read_exactly(3000, 2.0))
        reader.start()
        pty.drain(5.0)
        reader.join()
        assert port.read() == b""


def test_the_link_goes_and_a_file_stays(tmp_path: Path) -> None:
    with Pty(tmp_path / "a"):
        assert (tmp_path / "a").is_symlink()
    (tmp_path / "b").write_text("mine")
    with pytest.raises(FileExistsError, match="is no symbolic link"):
        Pty(tmp_path / "b")
    assert not (tmp_path / "a").is_symlink() and (tmp_path / "b").read_text() == "mine"
