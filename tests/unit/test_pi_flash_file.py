"""The file that plays NOR flash: what programming and erasing mean, and a power cut at every step of a write."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge import core
from edge.hal.raspberry_pi import flash_file
from edge.hal.raspberry_pi.flash_file import OLD_BYTES, PACKETS_FROM, FlashFile, FlashFileError, Worker

FLASH_BYTES = 1 << 20  # a small part of the kind
PACKETS = "flash-packets.bin"
CALLS = ("open", "write", "fsync", "close", "rename", "fsync_folder")


class PowerCut(BaseException):
    """The process ends here; nothing handles it."""


def at_once(work: Callable[[], None]) -> None:
    work()


def flash_at(folder: Path) -> FlashFile:
    return FlashFile(folder / "flash.bin", at_once, FLASH_BYTES)


def test_a_new_flash_is_erased(tmp_path: Path) -> None:
    assert flash_at(tmp_path).read(0, FLASH_BYTES) == b"\xff" * FLASH_BYTES


def test_programming_clears_bits_and_sets_none(tmp_path: Path) -> None:
    flash = flash_at(tmp_path)
    flash.program(10, b"\xf0\x0f")
    flash.program(10, b"\x3c\xff")

    assert flash.read(9, 4) == b"\xff\x30\x0f\xff"


def test_erasing_sets_one_sector(tmp_path: Path) -> None:
    flash = flash_at(tmp_path)
    for address in (4095, 4096, 8191, 8192):
        flash.program(address, b"\0")
    flash.erase(5000)

    assert [flash.read(address, 1) for address in (4095, 4096, 8191, 8192)] == [b"\0", b"\xff", b"\xff", b"\0"]


@pytest.mark.parametrize(
    ("address", "data"), [(250, b"x" * 7), (0, b""), (FLASH_BYTES, b"x"), (-1, b"x"), (0, b"x" * 257)]
)
def test_what_no_flash_can_program_is_refused(tmp_path: Path, address: int, data: bytes) -> None:
    flash = flash_at(tmp_path)

    assert (flash.program(address, data), flash.writes) == (-1, 0)


def test_while_it_writes_everything_but_asking_is_refused(tmp_path: Path) -> None:
    waiting: list[Callable[[], None]] = []
    flash = FlashFile(tmp_path / "flash.bin", waiting.append, FLASH_BYTES)
    flash.program(0, b"\0")
    during = (flash.busy(), flash.read(0, 1), flash.program(1, b"\0"), flash.erase(0))
    waiting[0]()

    assert during == (1, None, -1, -1)
    assert (flash.busy(), flash.read(0, 2)) == (0, b"\0\xff")


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    flash_at(tmp_path).program(300, b"alarm")

    assert flash_at(tmp_path).read(300, 5) == b"alarm"


def test_packets_are_written_in_place_and_survive_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(flash_file.os, "fdatasync", synced.append)
    flash = flash_at(tmp_path)
    flash.program(0, b"alarm")
    flash.erase(PACKETS_FROM)
    for n in range(40):
        flash.program(PACKETS_FROM + 100 * n // 256 * 256, bytes([n]))
    flash.program(PACKETS_FROM + 3000, b"packet")
    again = flash_at(tmp_path)

    assert (flash.writes, flash.writes_in_place, len(synced)) == (1, 42, 1)
    assert (again.read(0, 5), again.read(PACKETS_FROM + 3000, 6)) == (b"alarm", b"packet")
    assert again.read(0, FLASH_BYTES) == flash.read(0, FLASH_BYTES)


def test_the_ring_begins_where_the_firmware_says() -> None:
    assert core.load()[1].SW_RING_FIRST_SECTOR * flash_file.SECTOR_BYTES == PACKETS_FROM


def test_a_card_that_takes_no_packet_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flash = flash_at(tmp_path)
    flash.program(0, b"alarm")

    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(flash_file.os, "pwrite", full)
    flash.program(PACKETS_FROM, b"x")

    assert (flash.read(PACKETS_FROM, 1), flash.failures) == (b"\xff", 1)


def cut(monkeypatch: pytest.MonkeyPatch, step: int, error: type[BaseException] | OSError) -> list[str]:
    """The step-th system call of a write does not happen. Returns the calls that did, by name."""
    done: list[str] = []
    real = {name: getattr(os, name) for name in ("open", "write", "fsync", "close", "rename")}

    def wrapped(name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            done.append(name)
            if len(done) == step:
                raise error
            if name == "write":  # half of it, as a card that loses power in the middle
                return real[name](arguments[0], arguments[1][: max(1, len(arguments[1]) // 2)])
            return real[name](*arguments, **named)

        return call

    for name in real:
        monkeypatch.setattr(flash_file.os, name, wrapped(name))
    return done


@pytest.mark.parametrize("step", range(1, 25))
def test_a_power_cut_at_any_step_leaves_old_or_new(tmp_path: Path, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    flash = flash_at(tmp_path)
    flash.program(0, b"old")
    before = flash.read(0, FLASH_BYTES)
    with monkeypatch.context() as patched:
        calls = cut(patched, step, PowerCut)
        try:
            flash.erase(0)
        except PowerCut:
            calls.append("cut")
    found = flash_at(tmp_path).read(0, FLASH_BYTES)

    assert found in (before, b"\xff" * FLASH_BYTES)
    assert (found == b"\xff" * FLASH_BYTES) == ("rename" in calls[: step - 1])


def test_the_cuts_reach_every_kind_of_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flash = flash_at(tmp_path)
    with monkeypatch.context() as patched:
        calls = cut(patched, 0, PowerCut)
        flash.erase(0)

    assert {"open", "write", "fsync", "close", "rename"} == set(calls)
    assert calls.index("fsync") < calls.index("rename")
    assert len(calls) < 25


def test_a_full_card_leaves_the_old_content_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flash = flash_at(tmp_path)
    flash.program(0, b"old")
    with monkeypatch.context() as patched:
        cut(patched, 2, OSError(errno.ENOSPC, "No space left on device"))
        flash.erase(0)

    assert (flash.read(0, 3), flash.busy(), flash.failures) == (b"old", 0, 1)
    assert "cannot be written: No space left" in flash.last_failure


def test_a_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "flash.bin").write_text("a letter")

    with pytest.raises(FlashFileError, match=r"flash.bin: expected 32768 bytes, found 8"):
        flash_at(tmp_path)


def test_sixteen_megabytes_are_there_and_cost_what_is_in_them(tmp_path: Path) -> None:
    flash = FlashFile(tmp_path / "flash.bin", at_once)
    last = flash_file.FLASH_BYTES - 3
    flash.program(last, b"end")
    there = (tmp_path / PACKETS).stat()

    assert (flash.size, flash.read(last - 1, 4), flash.read(last + 1, 3)) == (16_777_216, b"\xffend", None)
    assert (there.st_size, there.st_mode & 0o777) == (16_777_216 - PACKETS_FROM, 0o600)
    assert 512 * there.st_blocks < 100_000


def test_reading_over_the_border_of_the_two_files_is_one_read(tmp_path: Path) -> None:
    flash = flash_at(tmp_path)
    flash.program(PACKETS_FROM - 2, b"ab")
    flash.program(PACKETS_FROM, b"cd")

    assert flash.read(PACKETS_FROM - 3, 6) == b"\xffabcd\xff"


@pytest.mark.parametrize("left", [1, 4095, 4096 + 50, 2 * 4096])
def test_a_file_of_packets_that_was_cut_is_one_line_and_erased_where_it_ends(tmp_path: Path, left: int) -> None:
    flash = flash_at(tmp_path)
    for at in range(0, 3 * 4096, 256):
        flash.program(PACKETS_FROM + at, bytes(256))
    os.truncate(tmp_path / PACKETS, left)
    again = flash_at(tmp_path)

    assert again.read(PACKETS_FROM, 3 * 4096) == bytes(left).ljust(3 * 4096, b"\xff")
    assert again.found.endswith(f"{PACKETS}: {left} of {FLASH_BYTES - PACKETS_FROM} bytes: it was cut; "
                                "what is missing counts as erased")  # fmt: skip
    assert flash_at(tmp_path).found == ""


def test_a_file_of_packets_that_is_none_of_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / PACKETS).write_bytes(bytes(FLASH_BYTES))

    with pytest.raises(FlashFileError, match=rf"{PACKETS}: expected at most 1015808 bytes, found 1048576"):
        flash_at(tmp_path)


def test_what_an_earlier_version_kept_goes_on_but_for_its_packets(tmp_path: Path) -> None:
    (tmp_path / "flash.bin").write_bytes(b"alarm and keys".ljust(PACKETS_FROM, b"\xff").ljust(OLD_BYTES, b"p"))
    flash = flash_at(tmp_path)

    assert flash.read(0, PACKETS_FROM + 2) == b"alarm and keys".ljust(PACKETS_FROM + 2, b"\xff")
    assert flash.found.endswith("settings, alarm and keys are kept, its waiting packets are not")
    assert flash_at(tmp_path).found == ""


def test_a_worker_writes_beside_the_loop(tmp_path: Path) -> None:
    worker = Worker()
    flash = FlashFile(tmp_path / "flash.bin", worker)
    flash.program(0, b"later")
    worker.close()

    assert flash.read(0, 5) == b"later"
