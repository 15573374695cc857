"""Whatever order the packets come in, how often, and how damaged: each intact one is stored once, the rest is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cloud import core
from cloud.app import seeded
from cloud.observations import Boot, DataPacket, Row
from tests.fake_device import SECOND_US, T0_UTC_US, FakeDevice
from wire import codec

N = 12


@given(
    order=st.lists(st.integers(0, N - 1), max_size=40),
    ticks=st.sets(st.integers(0, 40)),
    flips=st.dictionaries(st.integers(0, 39), st.tuples(st.integers(0, 500), st.integers(1, 255)), max_size=10),
)
def test_every_intact_packet_is_stored_once(
    order: list[int], ticks: set[int], flips: dict[int, tuple[int, int]]
) -> None:
    device, state, decoder = FakeDevice(), core.State(seeded(1)), codec.Decoder()
    device.hear(core.step(state, core.Tick(T0_UTC_US)).send)
    made = [device.vitals(1000 + i) for i in range(N)]
    rows: list[Row] = []
    for one in decoder.feed(device.answers(0)):
        core.step(state, one)
    intact, acknowledged = set(), 0
    for at, number in enumerate(order):
        block = bytearray(made[number])
        if at in flips:
            place, bits = flips[at]
            block[place % (len(block) - 1)] ^= bits
        else:
            intact.add(number + 1)
        for one in decoder.feed(bytes(block) + b"\0"):
            core.step(state, one)
        if at in ticks:
            rows += core.step(state, core.Tick(T0_UTC_US + (at + 1) * 1000)).rows
            device.hear(core.acknowledge(state))
            stored = {row.seq for row in rows if isinstance(row, DataPacket)}
            assert set(range(1, device.acknowledged + 1)) <= stored
            assert device.acknowledged >= acknowledged
            acknowledged = device.acknowledged
    rows += core.step(state, core.Tick(T0_UTC_US + SECOND_US)).rows
    stored_seqs = [row.seq for row in rows if isinstance(row, DataPacket)]
    assert sorted(stored_seqs) == sorted(intact)
    boots = [row for row in rows if isinstance(row, Boot)]
    if intact:
        assert boots[-1].last_seq == max(intact)
        assert boots[-1].lost == max(intact) - len(intact)
