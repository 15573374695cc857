"""Packets of two other breathing radars: from public documents, from another project's fixtures, damaged, cut anywhere."""

from __future__ import annotations

import struct
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.seeed_packets import bha1, bha2, second1, second2
from wire import seeed
from wire.seeed import MR60BHA1, MR60BHA2, Decoder, Framing, Report

BHA1 = [
    (bha1(0x80, 1, b"\x01"), [Report(seeed.PRESENT, 1.0)]),
    (bha1(0x80, 1, b"\x00"), [Report(seeed.PRESENT, 0.0)]),
    (bha1(0x80, 2, b"\x01"), [Report(seeed.MOVING, 0.0)]),
    (bha1(0x80, 2, b"\x02"), [Report(seeed.MOVING, 1.0)]),
    (bha1(0x80, 2, b"\x00"), [Report(seeed.MOVING, None)]),
    (bha1(0x80, 3, b"\x21"), [Report(seeed.MOVEMENT, 33.0)]),
    (bha1(0x80, 4, b"\x00\x55"), [Report(seeed.DISTANCE, 850.0)]),
    (bha1(0x80, 4, b"\x00\x00"), [Report(seeed.DISTANCE, None)]),
    (bha1(0x81, 1, b"\x04"), [Report(seeed.RATE, None)]),
    (bha1(0x81, 1, b"\x01"), []),
    (bha1(0x81, 2, b"\x0e"), [Report(seeed.RATE, 14.0)]),
    (bha1(0x85, 2, b"\x3c"), [Report(seeed.HEART, 60.0)]),
]
BHA2 = [
    (bha2(0x0F09, b"\x01"), [Report(seeed.PRESENT, 1.0)]),
    (bha2(0x0F09, b"\x01\x00\x00\x00"), [Report(seeed.PRESENT, 1.0)]),
    (bha2(0x0F09, b"\x00"), [Report(seeed.PRESENT, 0.0)]),
    (bha2(0x0A13, struct.pack("<fff", 3.0, -0.5, 0.25)), [Report(seeed.PHASE, -0.5)]),
    (bha2(0x0A14, struct.pack("<f", 14.5)), [Report(seeed.RATE, 14.5)]),
    (bha2(0x0A14, struct.pack("<f", 0.0)), [Report(seeed.RATE, None)]),
    (bha2(0x0A15, struct.pack("<f", 61.0)), [Report(seeed.HEART, 61.0)]),
    (bha2(0x0A16, struct.pack("<If", 1, 85.0)), [Report(seeed.DISTANCE, 850.0)]),
    (bha2(0x0A16, struct.pack("<If", 0, 85.0)), [Report(seeed.DISTANCE, None)]),
    (bha2(0x0A04, struct.pack("<Iffii", 1, 0.1, 0.8, 0, 7)), [Report(seeed.TARGETS, 1.0)]),
]
PACKETS = [(MR60BHA1, *one) for one in BHA1] + [(MR60BHA2, *one) for one in BHA2]
FRAMINGS = st.sampled_from([MR60BHA1, MR60BHA2])


@pytest.mark.parametrize(("framing", "packet", "told"), PACKETS)
def test_a_packet_says_what_the_documents_say(framing: Framing, packet: bytes, told: list[Report]) -> None:
    assert Decoder(framing).feed(packet) == told


def test_the_documented_reset_packet_of_the_bha1_has_the_right_sum() -> None:
    decoder = Decoder(MR60BHA1)

    decoder.feed(bytes.fromhex("53590102 0001 0f bf 5443"))

    assert (decoder.counters.packets, decoder.counters.unused) == (1, 1)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("breath_rate_frame", [Report(seeed.RATE, float(np.float32(15.2)))]),
        ("heart_rate_frame", [Report(seeed.HEART, 72.5)]),
        ("distance_frame", [Report(seeed.DISTANCE, None)]),  # its flag says that there is no target
        ("presence_frame", [Report(seeed.PRESENT, 1.0)]),
        ("target_one_frame", [Report(seeed.TARGETS, 1.0)]),
        ("bad_checksum_frame", []),
    ],
)
def test_another_projects_fixtures_are_read(data_dir: Path, name: str, told: list[Report]) -> None:
    packet = (data_dir / "mr60bha2_frames" / f"{name}.bin").read_bytes()

    assert Decoder(MR60BHA2).feed(packet) == told


@pytest.mark.parametrize("value", [-14.0, 1e9, float("nan"), float("inf")])
def test_a_rate_that_cannot_be_true_is_dropped(value: float) -> None:
    decoder = Decoder(MR60BHA2)

    assert decoder.feed(bha2(0x0A14, struct.pack("<f", value))) == []
    assert decoder.counters.implausible == 1


@pytest.mark.parametrize("framing", [MR60BHA1, MR60BHA2])
def test_a_packet_too_short_for_its_type_tells_nothing(framing: Framing) -> None:
    packet = bha1(0x80, 4, b"\x01") if framing is MR60BHA1 else bha2(0x0A16, b"\x01\x00\x00")
    decoder = Decoder(framing)

    assert decoder.feed(packet) == []
    assert decoder.counters.too_short == 1


def _stream(framing: Framing) -> bytes:
    if framing is MR60BHA1:
        return b"".join(second1(1, rate, 80) for rate in range(12, 18))
    return b"".join(second2(1, float(rate), 80.0, 0.1 * rate) for rate in range(12, 18))


@given(FRAMINGS, st.integers(1, 40))
def test_how_the_stream_is_cut_changes_nothing(framing: Framing, size: int) -> None:
    stream = b"noise\x01\x53" + _stream(framing)
    whole, cut = Decoder(framing), Decoder(framing)

    told = [one for at in range(0, len(stream), size) for one in cut.feed(stream[at : at + size])]

    assert told == whole.feed(stream)
    assert asdict(cut.counters) == asdict(whole.counters)


@given(FRAMINGS, st.integers(0, 10_000), st.integers(0, 7))
def test_one_wrong_bit_costs_at_most_its_own_packet(framing: Framing, where: int, bit: int) -> None:
    stream = bytearray(_stream(framing))
    told = Decoder(framing).feed(bytes(stream))
    stream[where % len(stream)] ^= 1 << bit
    padded = bytes(stream) + bytes(600)  # a length that grew is known to be wrong once the bytes are there

    found = Decoder(framing).feed(padded)

    assert len(found) >= len(told) - 1
    assert all(one in told for one in found)


@settings(max_examples=300)
@given(FRAMINGS, st.binary(max_size=1500))
def test_noise_raises_nothing_and_leaves_the_next_packet_whole(framing: Framing, noise: bytes) -> None:
    decoder = Decoder(framing)
    last, told = (bha1(0x81, 2, b"\x0e"), 14.0) if framing is MR60BHA1 else (bha2(0x0A14, struct.pack("<f", 9.0)), 9.0)

    decoder.feed(noise + bytes(600))
    found = decoder.feed(last)

    assert found[-1:] == [Report(seeed.RATE, told)]
    assert len(decoder._held) <= 600
