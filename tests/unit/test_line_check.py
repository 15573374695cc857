"""A wrong baud rate is said once; a line that loses bytes now and then is not called one.

The wrong rate is made bit by bit: what a receiver samples at another rate than the sender's.
"""

from __future__ import annotations

from random import Random

import pytest

from tests.unit.test_decoded import made
from wire import codec
from wire.line_check import LineCheck


def sampled(data: bytes, sender: int, receiver: int) -> bytes:
    """What a receiver makes of bytes sent at another rate, 8N1; a wrong stop bit is a zero, as Linux hands it out."""
    bits = "".join("0" + "".join(str(byte >> k & 1) for k in range(8)) + "1" for byte in data) + "1" * 40
    at, step, out = 0.0, sender / receiver, bytearray()

    def level(place: float) -> str:
        return bits[int(place)] if int(place) < len(bits) else "1"

    while at < len(bits):
        if level(at) == "1":
            at += step / 16
            continue
        byte = sum(int(level(at + step * (k + 1.5))) << k for k in range(8))
        good = level(at + step * 9.5) == "1"
        out.append(byte if good else 0)
        at += step * 9.5
        while not good and at < len(bits) and level(at) == "0":
            at += step / 16
    return bytes(out)


def line(n: int) -> list[bytes]:
    return [codec.encode(made("VITALS", confidence=k % 256)._replace(seq=k + 1, t_us=k * 999_983)) for k in range(n)]


def said(chunks: list[bytes], check: LineCheck | None = None) -> list[str]:
    check, decoder = check or LineCheck("/dev/ttyX", 115200), codec.Decoder()
    found = []
    for chunk in chunks:
        decoder.feed(chunk)
        one = check.hear(len(chunk), decoder.counters)
        found += [one] if one else []
    return found


def test_the_model_of_a_line_is_right_at_the_right_rate() -> None:
    data = b"".join(line(5))
    assert sampled(data, 460_800, 460_800) == data


@pytest.mark.parametrize(
    ("sender", "receiver"),
    [
        (460_800, 115_200),
        (115_200, 460_800),
        (460_800, 921_600),
        (921_600, 460_800),
        (460_800, 9_600),
        (460_800, 500_000),
    ],
)
def test_every_wrong_rate_is_said_once(sender: int, receiver: int) -> None:
    heard = sampled(b"".join(line(250)), sender, receiver)
    found = said([heard[k : k + 100] for k in range(0, len(heard), 100)], LineCheck("/dev/ttyX", receiver))
    if len(heard) < 2000:  # too little was understood as bytes at all
        assert len(heard) < 0.1 * 250 * 95
    else:
        assert len(found) == 1 and f"at {receiver} baud: wrong baud rate, or no Stillwave device" in found[0]
        assert found[0].startswith("/dev/ttyX: ") and "460800" in found[0]


def test_a_lossy_line_is_not_called_wrong() -> None:
    rng = Random(1)
    lossy = [bytes(b for b in one if rng.random() > 1e-3) for one in line(2000)]
    assert said(lossy) == []


def test_a_silent_line_is_not_judged() -> None:
    assert said([b"", b"\0\0\0", b"ab"]) == []


def test_it_is_said_when_it_is_over_and_said_anew() -> None:
    good, noise = line(60), [Random(2).randbytes(300) for _ in range(20)]
    found = said(good + noise + good + noise)
    assert [("wrong baud" in one, "whole again" in one) for one in found] == [
        (True, False),
        (False, True),
        (True, False),
    ]


def test_zeros_alone_are_no_language() -> None:
    assert len(said([bytes(500)] * 10)) == 1
