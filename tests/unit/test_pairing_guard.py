"""No half of a key goes into a recording, and nothing else is held up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_decoded import made
from wire import codec, packet
from wire.pairing_guard import WAITS_US, PairingGuard

SECRET = bytes(range(0xA1, 0xC1))
PAIR = codec.encode(packet.make(packet.PAIR, {"nonce": 1 << 60, "part": list(SECRET)}))
PING = codec.encode(made("PING"))


def passed(chunks: list[bytes], guard: PairingGuard | None = None, step_us: int = 1000) -> bytes:
    guard = guard or PairingGuard()
    found = b"".join(guard.pass_on(one, step_us * n) for n, one in enumerate(chunks))
    return found + guard.pass_on(b"", step_us * len(chunks) + WAITS_US)


def test_a_pairing_goes_no_further() -> None:
    guard = PairingGuard()
    assert passed([PING + PAIR + PING], guard) == PING + PING and guard.stopped == 1


@given(st.lists(st.integers(0, 3 * len(PING) + len(PAIR)), max_size=8), st.sampled_from([0, 1000, 2 * WAITS_US]))
def test_however_it_is_cut_no_secret_passes_and_every_other_packet_does(cuts: list[int], step_us: int) -> None:
    line = PING + PAIR + PING + PING
    places = [0, *sorted(min(cut, len(line)) for cut in cuts), len(line)]
    found = passed([line[a:b] for a, b in zip(places, places[1:], strict=False)], step_us=step_us)
    assert all(SECRET[at : at + 2] not in found for at in range(31))
    decoder = codec.Decoder()
    assert [one.layout.name for one in decoder.feed(found)] == ["PING"] * 3


@given(st.lists(st.binary(max_size=600), max_size=10))
def test_any_other_bytes_pass_unchanged(chunks: list[bytes]) -> None:
    assert passed(chunks) == b"".join(chunks)


def test_what_looks_like_one_and_is_none_passes() -> None:
    damaged = PAIR[:20] + bytes([PAIR[20] ^ 1]) + PAIR[21:]
    assert passed([damaged, PAIR[:25]]) == damaged + PAIR[:25]


def test_a_secret_never_goes_on_alone() -> None:
    assert SECRET[:2] not in passed([PAIR[:-1]])


def test_what_waits_goes_on_after_a_moment() -> None:
    guard = PairingGuard()
    assert guard.pass_on(PAIR[:10], 0) == b""
    assert guard.pass_on(b"", WAITS_US) == PAIR[:10]
