"""The host's side of delivery: when to PULL what the device keeps, from which number, how many.

Rule: pull only what the device has told of or sent past, and what does not come by itself: a streaming device sends on
its own what is missing and what it kept meanwhile, a silent one hands a packet over only when it is asked. Pure: state
in, state out; no clock, no store.

One State for one boot. `told` takes what HELLO and PONG say of their own boot, `told_of_backlog` what they say of an
earlier one, `heard` every intact data packet, `tick` says what to send. What the device no longer keeps can never come:
`gone_before` is the first number that still may; `hopeless` is one that was asked for often enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from wire import codec, packet, table

LARGEST_COUNT = 255
#: PULLs that a device notes at once, with one left for the one that is due otherwise.
PULLS_AT_ONCE = 7
#: Left-out places that are remembered; the first hole of all is found again in any case.
PASSED_MAX = 256
#: PULLs for one of them; after that it is a hole like any other.
PASSED_TRIES = 8
#: A way that stops further than this before the next packet that has come is not over: the device waits for credit.
ENDED_MAX = 33
#: A way that stopped earlier than this is forgotten: what was kept since comes by itself.
ENDED_WITHIN_US = 10_000_000


@dataclass(frozen=True, slots=True)
class Config:
    """Times in us. Raises ValueError, naming the key.

    quiet_us: no data for so long means that nothing is on its way; longer than the line's round trip.
    stuck_us: a hole that stays open for so long is not filled unasked. again_us: what was lost on the line and asked for is
    lost again when it does not come within this and two round trips. count: packets in one PULL.
    tries, tries_earlier: a number that did not come after so many PULLs never will; of the present boot, which says
    itself what it keeps, and of an earlier one.
    """

    quiet_us: int = 3_000_000
    stuck_us: int = 3_000_000
    again_us: int = 500_000
    count: int = 64
    tries: int = 38
    tries_earlier: int = 5

    def __post_init__(self) -> None:
        """Ranges."""
        for key in ("quiet_us", "stuck_us", "again_us", "tries", "tries_earlier"):
            if getattr(self, key) <= 0:
                raise ValueError(f"delivery.{key}: {getattr(self, key)}, expected more than 0")
        if not 1 <= self.count <= LARGEST_COUNT:
            raise ValueError(f"delivery.count: {self.count}, expected 1..{LARGEST_COUNT}")


class Passed(NamedTuple):
    """Numbers first to last, left out by the device on its way; asked for so many times, last at utc_us."""

    first: int
    last: int
    times: int = 0
    utc_us: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """What one boot of the device has sent and keeps. Times are None before the first."""

    boot: int = 0
    first_kept: int = 1  # what is older can never come
    newest: int = 0  # the highest number told of or heard; 0: none
    committed: int = 0  # as the last tick said
    moved_utc_us: int | None = None  # last data packet, or last PULL
    advanced_utc_us: int | None = None  # `committed` grew, or last PULL
    earlier: bool = False  # not the boot that speaks: how far it went is not known
    asked: int = 0  # the number that the last PULL began with
    times: int = 0  # so many PULLs on end began with it
    left: int = 0  # packets that the last PULL may still bring
    swept: int = 0  # so far the device has come with what it kept, in order; 0: not begun
    swept_utc_us: int = 0  # when it went on
    passed: tuple[Passed, ...] = ()  # what it left out on the way: lost on the line, or known
    trip_us: int = 0  # from a PULL to what it asked for, smoothed; 0: not known


def told(state: State, boot: int, oldest: int, newest: int) -> State:
    """oldest_seq and newest_seq of a HELLO or PONG that answered this host. A new boot starts anew."""
    if boot != state.boot:
        state = State(boot)
    return replace(state, first_kept=oldest or newest + 1, newest=max(newest, state.newest))


def told_of_backlog(state: State, boot: int, oldest_boot: int) -> State:
    """oldest_boot of a HELLO or PONG of `boot`: an earlier boot of which the device keeps something, or none."""
    if oldest_boot in (0, boot):
        return State(earlier=True)
    if oldest_boot != state.boot:
        return State(oldest_boot, newest=1, earlier=True)
    return replace(state, times=0, newest=max(state.newest, state.committed + 1))  # it says so again: there is more


def heard(state: State, boot: int, seq: int, utc_us: int, resent: bool = False) -> State:
    """A data packet came in, new or not. resent: out of its turn."""
    if boot != state.boot:
        return state
    if resent and seq > state.swept:
        left_out = (Passed(state.swept + 1, seq - 1),) if 0 < state.swept < seq - 1 else ()
        state = replace(state, swept=seq, swept_utc_us=utc_us, passed=(*state.passed, *left_out)[-PASSED_MAX:])
    elif resent:
        state = _timed(state, seq, utc_us)
    ahead = seq + 1 if state.earlier else seq  # of an earlier boot there may always be one more
    return replace(state, newest=max(ahead, state.newest), moved_utc_us=utc_us, left=max(state.left - 1, 0))


def gone_before(state: State, boot: int) -> int:
    """The first number of this boot that may still come; what is missing below it is lost for good."""
    return state.first_kept if boot == state.boot else 1


def hopeless(config: Config, state: State, committed: int) -> bool:
    """The number behind `committed` was asked for often enough."""
    most = config.tries_earlier if state.earlier else config.tries
    return state.asked == committed + 1 and state.times >= most


def tick(config: Config, state: State, committed: int, utc_us: int, hole: int | None = None) -> tuple[State, bytes]:
    """A PULL when one is due. committed: all of this boot up to it has come, or is lost for good. hole: how many in a row
    have not come from there on, None: nobody knows."""
    first = max(committed + 1, state.first_kept)
    if committed > state.committed or first > state.newest or state.advanced_utc_us is None:
        state = replace(state, committed=committed, advanced_utc_us=utc_us)
    if first > state.newest or (state.earlier and state.asked == first and state.times >= config.tries_earlier):
        return state, b""
    quiet = _passed(state.moved_utc_us, utc_us, config.quiet_us)
    done = state.earlier and state.asked > 0 and not state.left  # all that was asked for has come: on with it
    if not quiet and not done and not _passed(state.advanced_utc_us, utc_us, config.stuck_us):
        return state, b""
    most = min(config.count, state.newest - first + 1)
    count = LARGEST_COUNT if state.earlier else min(most, hole or most)
    times = state.times + 1 if state.asked == first else 1
    asked = replace(state, moved_utc_us=utc_us, advanced_utc_us=utc_us, asked=first, times=times, left=count)
    return asked, _pull(state.boot, first, count)


def pull_passed(
    config: Config,
    state: State,
    absent_from: Callable[[int], int],
    present_from: Callable[[int], int | None],
    utc_us: int,
) -> tuple[State, bytes]:
    """PULLs for what the device left out on its way through what it kept: nothing overtakes on a line, so it was lost.

    absent_from, present_from: the first number from one on that is missing, and that has come; None: none has.
    """
    state = _way_over(config, state, present_from, utc_us)
    again_us = config.again_us + 2 * state.trip_us
    send, n, rest, todo = b"", 0, list[Passed](), list(state.passed)
    while todo:
        one = todo.pop(0)
        first = absent_from(one.first)
        if first > one.last or one.times == PASSED_TRIES:
            continue
        if n == PULLS_AT_ONCE or (one.times and not _passed(one.utc_us, utc_us, again_us)):
            rest.append(one)
            continue
        last = min((present_from(first) or one.last + 1) - 1, one.last, first + LARGEST_COUNT - 1)
        send += _pull(state.boot, first, last - first + 1)
        n += 1
        rest.append(Passed(first, last, one.times + 1, utc_us))
        todo.insert(0, one._replace(first=last + 1))
    if send:
        state = replace(state, moved_utc_us=utc_us, advanced_utc_us=utc_us)
    return replace(state, passed=tuple(rest)), send


def _pull(boot: int, first: int, count: int) -> bytes:
    return codec.encode(packet.make(packet.PULL, {"boot": boot, "seq": first, "count": count}))


def _passed(since_utc_us: int | None, utc_us: int, span_us: int) -> bool:
    """True when the span is over, and when the clock went backwards."""
    return since_utc_us is None or not 0 <= utc_us - since_utc_us < span_us


def _timed(state: State, seq: int, utc_us: int) -> State:
    """A packet that was left out has come: how long did it take since it was asked for? Of one asked for once."""
    asked = next((one for one in state.passed if one.times == 1 and one.first == seq), None)
    if asked is None:
        return state
    took_us = max(utc_us - asked.utc_us, 0)
    return replace(state, trip_us=(3 * state.trip_us + took_us) // 4 if state.trip_us else took_us)


def _way_over(config: Config, state: State, present_from: Callable[[int], int | None], utc_us: int) -> State:
    """The device is through with what it kept when it sends nothing of it any more: was the last of it lost?"""
    behind = present_from(state.swept + 1) if state.swept else None
    still_us = utc_us - state.swept_utc_us
    if behind is None or not config.again_us + 2 * state.trip_us <= still_us < ENDED_WITHIN_US:
        return state
    if not 1 < behind - state.swept <= ENDED_MAX:
        return state
    last = Passed(state.swept + 1, behind - 1)
    return replace(state, swept=behind - 1, swept_utc_us=utc_us, passed=(*state.passed, last)[-PASSED_MAX:])


def is_resent(given: packet.Packet) -> bool:
    """True for a data packet out of its turn: it may be a duplicate."""
    return bool(given.flags & table.FLAG_RESENT)
