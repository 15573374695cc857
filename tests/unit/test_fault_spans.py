"""Faults of a night as spans: told by packets, named by answers, never lost and never made up."""

from __future__ import annotations

from cloud.fault_spans import FaultSpan, timeline
from cloud.observations import Anchor, Fault, Health

S = 1_000_000
BOOT = [Anchor(7, 0, 10 * S)]


def told(second: int, from_s: int, to_s: int | None = None, times: int = 1, boot: int = 7, reason: str = "r") -> Fault:
    end_us = None if to_s is None else to_s * S
    return Fault(boot, second, second * S, reason, int(to_s is None), times, from_s * S, end_us)


def answer(from_s: int, to_s: int, present: str = "", past: str = "", boot: int = 7) -> Health:
    return Health(from_s * S, to_s * S, boot, "power on", 0, present, past)


def span(from_s: int, to_s: int, times: int | None, *, present: bool = False, reason: str = "r") -> FaultSpan:
    return FaultSpan(reason, from_s * S, to_s * S, times, present)


def test_beginning_and_end_are_one_span_with_its_times() -> None:
    assert timeline([told(20, 19, None, 4), told(30, 19, 28, 9)], [], BOOT, 100 * S) == [span(19, 28, 6)]


def test_a_beginning_that_is_told_some_milliseconds_apart_is_one() -> None:
    begun, over = told(20, 19, None, 4), told(4000, 19, 3900, 70)
    for apart_us in (-153_000, 8_000):
        moved = over._replace(from_utc_us=over.from_utc_us + apart_us)
        assert timeline([begun, moved], [], BOOT, 9000 * S) == [span(19, 3900, 67)]


def test_one_that_never_ended_lasts_to_the_end_and_is_present() -> None:
    assert timeline([told(20, 19)], [], BOOT, 100 * S) == [span(19, 100, 1, present=True)]


def test_a_reboot_ends_it() -> None:
    boots = [*BOOT, Anchor(8, 5 * S, 60 * S)]
    assert timeline([told(20, 19)], [], boots, 100 * S) == [span(19, 55, 1)]


def test_one_that_flickers_is_one_span() -> None:
    packets = [told(20, 19, 20, 1), told(50, 50, 51, 2), told(200, 200, 201, 3)]
    assert timeline(packets, [], BOOT, 900 * S) == [span(19, 51, 2), span(200, 201, 1)]


def test_two_reasons_are_two_spans_in_the_order_of_their_beginning() -> None:
    found = timeline([told(20, 19, 25, reason="b"), told(21, 10, 26, reason="a")], [], BOOT, 100 * S)
    assert [one.reason for one in found] == ["a", "b"]


def test_answers_tell_what_no_packet_tells_in_a_silence() -> None:
    answers = [answer(10, 300), answer(360, 600, present="r"), answer(660, 900, past="r")]
    assert timeline([], answers, BOOT, 900 * S) == [span(360, 600, None)]


def test_one_that_came_and_went_between_two_answers_lies_between_them() -> None:
    assert timeline([], [answer(10, 300), answer(360, 900, past="r")], BOOT, 900 * S) == [span(300, 360, None)]


def test_one_of_before_the_first_answer_began_with_the_boot_at_the_earliest() -> None:
    assert timeline([], [answer(40, 900, past="r")], BOOT, 900 * S) == [span(10, 40, None)]


def test_the_packets_word_is_the_more_exact_one() -> None:
    answers = [answer(10, 300), answer(360, 600, present="r"), answer(660, 900, past="r")]
    packets = [told(340, 335, None, 1), told(650, 335, 640, 7)]
    assert timeline(packets, answers, BOOT, 900 * S) == [span(335, 640, 7)]


def test_a_fault_of_the_last_answer_is_present() -> None:
    assert timeline([], [answer(360, 600, present="r")], BOOT, 900 * S) == [span(360, 600, None, present=True)]


def test_a_night_takes_its_share() -> None:
    one = span(100, 500, 3)
    assert one.meets(400 * S, 900 * S) and not one.meets(501 * S, 900 * S)
    assert one.clipped(400 * S, 900 * S) == span(400, 500, 3)
