"""Asking for packets that the device still keeps. Rule: only when none is on its way by itself.

While streaming the device resends what is not acknowledged; in a silence it hands over nothing unasked.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from wire import codec, packet
from wire.packet import Packet

#: Packets per question: about four kilobytes on the line.
COUNT = 32
#: Nothing new for so long means that nothing is on its way.
IDLE_US = 5_000_000
AGAIN_US = 3_000_000


@dataclass
class Pull:
    """What the device told last: the oldest and newest data packet it keeps, and of which boot."""

    boot: int = 0
    oldest: int = 0
    newest: int = 0
    heard_utc_us: int = 0  # last new data packet
    pulled_utc_us: int = 0


def told(state: Pull, answer: Packet) -> None:
    """A HELLO or PONG says what the device keeps."""
    fields = answer.fields
    state.boot, state.oldest, state.newest = answer.boot, _integer(fields["oldest_seq"]), _integer(fields["newest_seq"])


def heard(state: Pull, utc_us: int) -> None:
    """A new data packet came."""
    state.heard_utc_us = utc_us


def due(state: Pull, boot: int, last_seq: int, missing: Collection[int], utc_us: int) -> bytes:
    """A PULL for the oldest packet that is kept there and not stored here; b"" when there is none, or it may come."""
    if boot != state.boot or not state.oldest:
        return b""
    if 0 <= utc_us - state.heard_utc_us < IDLE_US or 0 <= utc_us - state.pulled_utc_us < AGAIN_US:
        return b""
    wanted = [seq for seq in missing if state.oldest <= seq <= state.newest]
    first = min(wanted, default=max(last_seq + 1, state.oldest))
    if first > state.newest:
        return b""
    state.pulled_utc_us = utc_us
    return codec.encode(packet.make(packet.PULL, {"boot": boot, "seq": first, "count": COUNT}))


def _integer(value: int | tuple[int, ...]) -> int:
    assert isinstance(value, int)
    return value
