"""The host's side of delivery: when to PULL what the device keeps, from which number, how many.

Rule: pull only what the device has told of or sent past, and what does not come by itself: a streaming device sends
again on its own what is not acknowledged for half a minute, a silent one hands a packet over only when it is asked. Pure:
state in, state out; no clock, no store.

`told` takes what HELLO and PONG say, `heard` every intact data packet, `tick` says what to send. What the device no
longer keeps can never come: `gone_before` is the first number that still may.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from wire import codec, packet, table

LARGEST_COUNT = 255


@dataclass(frozen=True, slots=True)
class Config:
    """Times in us. Raises ValueError, naming the key.

    quiet_us: no data for so long means that nothing is on its way; longer than the line's round trip.
    stuck_us: a hole that stays open for so long is not filled unasked. count: packets in one PULL.
    """

    quiet_us: int = 3_000_000
    stuck_us: int = 3_000_000
    count: int = 64

    def __post_init__(self) -> None:
        """Ranges."""
        for key in ("quiet_us", "stuck_us"):
            if getattr(self, key) <= 0:
                raise ValueError(f"delivery.{key}: {getattr(self, key)}, expected more than 0")
        if not 1 <= self.count <= LARGEST_COUNT:
            raise ValueError(f"delivery.count: {self.count}, expected 1..{LARGEST_COUNT}")


@dataclass(frozen=True, slots=True)
class State:
    """What one boot of the device has sent and keeps. Times are None before the first."""

    boot: int = 0
    first_kept: int = 1  # what is older can never come
    newest: int = 0  # the highest number told of or heard; 0: none
    committed: int = 0  # as the last tick said
    moved_utc_us: int | None = None  # last data packet, or last PULL
    advanced_utc_us: int | None = None  # `committed` grew, or last PULL


def told(state: State, boot: int, oldest: int, newest: int) -> State:
    """oldest_seq and newest_seq of a HELLO or PONG that answered this host. A new boot starts anew."""
    if boot != state.boot:
        state = State(boot)
    return replace(state, first_kept=oldest or newest + 1, newest=max(newest, state.newest))


def heard(state: State, boot: int, seq: int, utc_us: int) -> State:
    """A data packet came in, new or not."""
    if boot != state.boot:
        return state
    return replace(state, newest=max(seq, state.newest), moved_utc_us=utc_us)


def gone_before(state: State, boot: int) -> int:
    """The first number of this boot that may still come; what is missing below it is lost for good."""
    return state.first_kept if boot == state.boot else 1


def tick(config: Config, state: State, committed: int, utc_us: int, hole: int | None = None) -> tuple[State, bytes]:
    """A PULL when one is due. committed: all of this boot up to it has come, or is lost for good. hole: how many in a row
    have not come from there on, None: nobody knows."""
    first = max(committed + 1, state.first_kept)
    if committed > state.committed or first > state.newest or state.advanced_utc_us is None:
        state = replace(state, committed=committed, advanced_utc_us=utc_us)
    if first > state.newest:
        return state, b""
    quiet = _passed(state.moved_utc_us, utc_us, config.quiet_us)
    if not quiet and not _passed(state.advanced_utc_us, utc_us, config.stuck_us):
        return state, b""
    wanted = {
        "boot": state.boot,
        "seq": first,
        "count": min(config.count, hole or state.newest, state.newest - first + 1),
    }
    asked = replace(state, moved_utc_us=utc_us, advanced_utc_us=utc_us)
    return asked, codec.encode(packet.make(packet.PULL, wanted))


def _passed(since_utc_us: int | None, utc_us: int, span_us: int) -> bool:
    """True when the span is over, and when the clock went backwards."""
    return since_utc_us is None or not 0 <= utc_us - since_utc_us < span_us


def is_resent(given: packet.Packet) -> bool:
    """True for a data packet out of its turn: it may be a duplicate."""
    return bool(given.flags & table.FLAG_RESENT)
