"""The time that a host tells: on one box only while the kernel vouches for its clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloud.night_process import Cloud
from cloud.store import Store
from cloud.vouched import AGAIN, DOUBTED, Vouched
from tests.fake_device import T0_UTC_US, FakeDevice
from wire import codec, packet


@pytest.mark.parametrize(("knows", "told"), [(True, True), (False, False)])
def test_a_device_that_asks_is_told_the_time_by_who_knows_it(tmp_path: Path, knows: bool, told: bool) -> None:
    store, device = Store(tmp_path / "n.sqlite", durable=False), FakeDevice()
    cloud = Cloud(store, lambda n: bytes(range(n)), "live", knows_time=lambda: knows)
    decoder, heard = codec.Decoder(), []
    for second in range(6):
        cloud.receive(device.answers(1_000_000 * second) + (device.hello(0) if second == 0 else b""))
        said = cloud.tick(T0_UTC_US + 1_000_000 * second)
        device.hear(said)
        heard += [one.type for one in decoder.feed(said)]
    store.close()
    assert packet.PING in heard
    assert (packet.TIME in heard) == told


def test_a_clock_that_is_doubted_is_one_line_and_one_when_it_is_over() -> None:
    said: list[str] = []
    answers = [False, False, True, True]
    vouched = Vouched(said.append, lambda: answers.pop(0))
    assert [vouched() for _ in range(4)] == [False, False, True, True]
    assert said == [DOUBTED, AGAIN]
