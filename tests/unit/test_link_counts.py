"""Counting the line: every byte once, silence by truth, a reply only while somebody asked."""

from __future__ import annotations

import hashlib
import struct

from hw_sim.link_counts import Kind, LinkCounts, Seen, Silence

KINDS = {b"A": Kind.ANNOUNCEMENT, b"R": Kind.REPLY, b"D": Kind.DATA, b"S": Kind.DATA, b"r": Kind.DATA}
SECOND_US = 1_000_000
BOOT = 77


def read(block: bytes) -> Seen | None:
    """Test packets: kind (S streams, r is sent again), for data number and content, for replies the question."""
    kind, body = KINDS.get(block[:1]), block[1:-1]
    if kind is None:
        return None
    if kind is not Kind.DATA:
        return Seen(kind, BOOT, answers=body)
    return Seen(kind, BOOT, seq=int(body[:3]), payload=body[3:], resent=block[:1] == b"r", streams=block[:1] == b"S")


def digest_of(*packets: tuple[int, int, bytes]) -> str:
    """As the report defines it."""
    return hashlib.sha256(
        b"".join(struct.pack("<II", boot, seq) + payload for boot, seq, payload in packets)
    ).hexdigest()


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
    found.asked(b"x")
    found.write(1, b"Rx\0Rx\0")
    assert (found.bytes_replied, found.bytes_unsolicited_while_silent) == (3, 3)


def test_a_question_pays_for_its_own_answer_alone() -> None:
    found = counts()
    found.asked(b"x")
    found.write(1, b"Ry\0")
    assert (found.bytes_replied, found.bytes_unsolicited_while_silent) == (0, 3)


def test_a_pull_pays_for_so_many_stored_packets_and_no_more() -> None:
    found = counts()
    found.pulled(0, BOOT, 5, 2)
    found.write(1, b"r004\0r005\0D006\0r006\0r007\0")
    assert (found.bytes_replied, found.bytes_unsolicited_while_silent) == (10, 15)


def test_a_pull_is_forgotten_after_half_a_minute_and_at_the_next() -> None:
    found = counts()
    found.pulled(0, BOOT, 1, 9)
    found.pulled(SECOND_US, BOOT, 1, 2)
    found.write(2 * SECOND_US, b"r001\0")
    found.write(31 * SECOND_US + 1, b"r002\0")
    assert (found.bytes_replied, found.bytes_unsolicited_while_silent) == (5, 5)


def test_another_boots_packets_are_not_what_was_pulled() -> None:
    found = counts()
    found.pulled(0, BOOT + 1, 1, 9)
    found.write(1, b"r001\0")
    assert found.bytes_unsolicited_while_silent == 5


def test_a_device_that_starts_again_announces_itself_again() -> None:
    found = counts()
    found.write(SECOND_US, b"Axx\0" * 3)
    found.asked(b"x")
    found.power_on(100 * SECOND_US)
    found.write(101 * SECOND_US, b"Axx\0" * 4 + b"Rx\0")
    assert (found.bytes_at_boot, found.bytes_unsolicited_while_silent) == (24, 7)


def test_data_with_somebody_there_is_no_breach() -> None:
    found = counts(silent=False)
    found.write(1, b"S001\0")
    assert (found.bytes_unsolicited, found.bytes_unsolicited_while_silent) == (5, 0)


def test_what_is_no_packet_counts_as_unasked() -> None:
    found = counts()
    found.write(5, b"???\0ha")
    found.finish(9)
    assert found.bytes_unsolicited_while_silent == 6
    assert found.first_unsolicited_while_silent_us == 5


def test_a_packet_cut_into_writes_counts_once() -> None:
    found = counts(silent=False)
    for piece in (b"S", b"00", b"3\0S00", b"6\0"):
        found.write(7, piece)
    assert (found.packets_sent, found.bytes_unsolicited, found.bytes_on_wire) == (2, 10, 10)
    assert found.digest == hashlib.sha256(b"S003\0S006\0").hexdigest()


def test_a_packet_sent_again_is_no_new_data() -> None:
    found = counts(silent=False)
    found.write(1, b"D001a\0D002b\0r001a\0")
    assert (found.packets_sent, found.contradictions) == (2, 0)
    assert found.data_digest == digest_of((BOOT, 1, b"a"), (BOOT, 2, b"b"))


def test_the_digest_goes_by_number_not_by_arrival() -> None:
    found = counts(silent=False)
    found.write(1, b"D003c\0r001a\0r002b\0")
    assert found.data_digest == digest_of((BOOT, 1, b"a"), (BOOT, 2, b"b"), (BOOT, 3, b"c"))


def test_boots_go_in_the_order_heard() -> None:
    seen = {b"h\0": Seen(Kind.ANNOUNCEMENT, 9), b"a\0": Seen(Kind.DATA, 4, seq=1), b"b\0": Seen(Kind.DATA, 9, seq=1)}
    found = LinkCounts(seen.get, lambda t_us: False)
    found.write(1, b"h\0a\0b\0")
    assert found.data_digest == digest_of((9, 1, b""), (4, 1, b""))


def test_a_packet_that_comes_again_with_another_content_is_noticed() -> None:
    found = counts(silent=False)
    found.write(1, b"D001a\0r001b\0")
    assert (found.packets_sent, found.contradictions) == (1, 1)


def test_streaming_time_is_the_time_between_regular_packets() -> None:
    found = counts(silent=False)
    for t_s in (10, 11, 12, 13, 100, 101):
        found.write(t_s * SECOND_US, b"S%03d\0r001\0" % t_s)
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
