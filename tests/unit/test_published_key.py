"""A real device does not run with the key that everybody knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.firmware import give_key, has_published_key, open_flash, paired_flash
from front.edge import real_with_published_key
from front.env import InputError
from tests.device import Device
from tests.paired import DEVICE_ID, KEY, load, paired
from tests.unit.test_pairing import FIRST, _counted
from wire import trust

BOARD = trust.test_device(1)


def with_flash(content: bytes) -> Device:
    device = Device(blank=True)
    load(device, content)
    return device


def test_it_is_known_by_its_newest_key_alone() -> None:
    published, own = paired_flash(BOARD), paired_flash(BOARD, KEY.secret)
    paired_anew = published + _counted(own[FIRST:], 2)

    found = [has_published_key(with_flash(one).hal) for one in (published, own, paired_anew, open_flash())]

    assert found == [True, False, False, False]
    assert not has_published_key(Device(blank=True).hal)


def test_a_real_device_says_so_in_one_line(tmp_path: Path) -> None:
    real_with_published_key(False, tmp_path)
    with pytest.raises(InputError, match="--state-dir .*published; expected another folder"):
        real_with_published_key(True, tmp_path)


class Flash:
    """A device's flash as give_key wants it."""

    def __init__(self, content: bytes) -> None:
        self.bytes = bytearray(content.ljust(1 << 16, b"\xff"))

    def read(self, address: int, n: int) -> bytes:
        return bytes(self.bytes[address : address + n])

    def program(self, address: int, data: bytes) -> int:
        assert len(data) <= 256 and address // 256 == (address + len(data) - 1) // 256
        for i, byte in enumerate(data):
            self.bytes[address + i] &= byte
        return 0


def test_a_key_is_given_to_a_flash_without_one_alone() -> None:
    blank, own = Flash(b""), Flash(paired_flash(DEVICE_ID, KEY.secret))

    give_key(blank, paired_flash(BOARD))
    give_key(own, paired_flash(BOARD))

    assert has_published_key(with_flash(bytes(blank.bytes)).hal)
    assert bytes(own.bytes).rstrip(b"\xff") == paired_flash(DEVICE_ID, KEY.secret).rstrip(b"\xff")
    assert not has_published_key(paired().hal)
