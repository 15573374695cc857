"""Counting the line: every byte once, silence by truth, a reply only while somebody asked."""

from __future__ import annotations

import hashlib

from hw_sim.link_counts import Kind, LinkCounts, Seen, Silence

KINDS = {b"A": Kind.ANNOUNCEMENT, b"R": Kind.REPLY, b"D": Kind.DATA, b"S": Kind.DATA, b"L": Kind.DATA, b"O": Kind.OTHER}
SECOND_US = 1_000_000
BOOT = 3


def read(block: bytes) -> Seen | None:
    """Test packets: the first letter is the kind, S streams, L comes late; the rest of data is number and payload."""
    kind = KINDS.get(block[:1])
    if kind is not Kind.DATA:
        return None if kind is None else Seen(kind)
    return Seen(kind, (BOOT, int(block[1:-1])), block[1:-1], block[:1] == b"S", block[:1] == b"L")


def counts(silent: bool = True) -> LinkCounts:
    return LinkCounts(read, lambda t_us: silent)


def test_three_announcements_belong_to_the_boot_and_a_fourth_does_not() -> None:
    found = counts()
    for t_s in (1, 3, 6, 9):
        found.write(t_s * SECOND_US, b"Axx\0")
    assert (found.bytes_at_boot, found.bytes_unsolicited_while_silent) == (12, 4)


def test_an_announcement_after_ten_seconds_is_unasked() -> None:
    found = counts()
    found.write(10 * SECOND_US + 1, b"Axx\0")
    assert (found.bytes_at_boot, found.bytes_unsolicited_while_silent) == (0, 4)


def test_a_reply_needs_a_question() -> None:
    found = counts()
    found.asked(1)
    found.write(1, b"Rx\0Rx\0")
    assert (found.bytes_replied, found.bytes_unsolicited_while_silent) == (3, 3)


def test_data_with_somebody_there_is_no_breach() -> None:
    found = counts(silent=False)
    found.write(1, b"S1\0")
    assert (found.bytes_unsolicited, found.bytes_unsolicited_while_silent) == (3, 0)


def test_what_is_no_packet_counts_as_unasked() -> None:
    found = counts()
    found.write(5, b"???\0ha")
    found.finish(9)
    assert found.bytes_unsolicited_while_silent == 6
    assert found.first_unsolicited_while_silent_us == 5


def test_a_packet_cut_into_writes_counts_once() -> None:
    found = counts(silent=False)
    for piece in (b"S", b"12", b"3\0S45", b"6\0"):
        found.write(7, piece)
    assert (found.packets_sent, found.bytes_unsolicited, found.bytes_on_wire) == (2, 10, 10)
    assert found.digest == hashlib.sha256(b"S123\0S456\0").hexdigest()


def test_a_packet_sent_again_is_no_new_data() -> None:
    found = counts(silent=False)
    found.write(1, b"D1\0D2\0D1\0")
    assert found.packets_sent == 2
    expected = bytes([BOOT, 0, 0, 0, 1, 0, 0, 0]) + b"1" + bytes([BOOT, 0, 0, 0, 2, 0, 0, 0]) + b"2"
    assert found.data_digest == hashlib.sha256(expected).hexdigest()


def test_the_order_of_arrival_does_not_change_the_data() -> None:
    first, second = counts(silent=False), counts(silent=False)
    first.write(1, b"D1\0D2\0D3\0")
    second.write(1, b"D3\0L1\0L2\0")
    assert first.data_digest == second.data_digest


def test_what_was_pulled_is_a_reply_once() -> None:
    found = counts()
    found.pulled({(BOOT, 1), (BOOT, 2)})
    found.write(1, b"L1\0L1\0L3\0")
    assert (found.bytes_replied, found.bytes_unsolicited_while_silent) == (3, 6)


def test_a_pull_excuses_no_live_packet_and_no_older_pull() -> None:
    found = counts()
    found.pulled({(BOOT, 1)})
    found.pulled({(BOOT, 2)})
    found.write(1, b"S2\0L1\0")
    assert (found.bytes_replied, found.bytes_unsolicited_while_silent) == (0, 6)


def test_streaming_time_is_the_time_between_regular_packets() -> None:
    found = counts(silent=False)
    for t_s in (10, 11, 12, 13, 100, 101):
        found.write(t_s * SECOND_US, b"S%d\0" % t_s)
    assert found.streaming_us == (4 + 2) * SECOND_US


def test_silence_begins_half_a_minute_after_the_last_one_left() -> None:
    inside = [False] * 10 + [True] * 10 + [False] * 100
    silent = Silence(inside, SECOND_US)
    assert silent(9 * SECOND_US)
    assert not silent(10 * SECOND_US)
    assert not silent(50 * SECOND_US)
    assert silent(50 * SECOND_US + 1)
    assert silent(10_000 * SECOND_US)


def test_the_switch_silences_whoever_is_there() -> None:
    silent = Silence([True] * 100, SECOND_US)
    silent.standby_since_us = 5 * SECOND_US
    assert not silent(5 * SECOND_US)
    assert silent(5 * SECOND_US + 1)
