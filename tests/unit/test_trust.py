"""The device's side of trust: whom it heeds, and how it comes by its key."""

from __future__ import annotations

import hashlib

import pytest

from edge.core import load as load_core
from edge.firmware import paired_flash
from tests.device import Device
from tests.paired import DEVICE_ID, KEY, STRANGERS_KEY, Host, load, paired
from wire import packet, table, trust
from wire.packet import Packet

_, lib = load_core()
PART = tuple(range(100, 132))


@pytest.fixture
def host() -> Host:
    """At a paired device, after a handshake and a first genuine packet."""
    one = Host(paired().run(7.0))
    one.hello()
    assert one.ping()
    return one


def asleep(device: Device) -> dict[str, int]:
    """What the device has counted of packets it did not heed."""
    return {name: getattr(device.fw.state.trust, name) for name in ("untagged", "forged", "replayed")}


def pair(host: Host, nonce: int = 9) -> Packet:
    [answer] = host.exchange(packet.make(packet.PAIR, {"nonce": nonce, "part": PART}))
    return answer


def key_of(answer: Packet) -> trust.Key:
    return trust.paired_key(bytes(PART), bytes(answer.fields["part"]))  # type: ignore[arg-type]


def test_the_announcement_of_a_paired_device_bears_no_tag() -> None:
    announced = paired().run(7.0).take()

    assert [trust.is_tagged(one) for one in announced] == [False] * 3


def test_its_answer_proves_that_it_has_the_key() -> None:
    host = Host(paired().run(7.0))

    hello = host.hello()

    assert host.session is not None and trust.genuine(host.session, hello)
    assert hello.fields["device_id"] == DEVICE_ID


def test_the_host_is_heeded_and_answered_with_a_tag(host: Host) -> None:
    [pong] = host.ping(77)

    assert host.session is not None and trust.genuine(host.session, pong)
    assert pong.fields["nonce"] == 77


def test_a_packet_without_a_tag_is_not_heeded(host: Host) -> None:
    assert host.exchange(packet.make(packet.PING, {"nonce": 5}, seq=99)) == []
    assert asleep(host.device) == {"untagged": 1, "forged": 0, "replayed": 0}


def test_a_packet_by_another_key_is_not_heeded(host: Host) -> None:
    host.session = STRANGERS_KEY

    assert host.ping() == []
    assert asleep(host.device) == {"untagged": 0, "forged": 1, "replayed": 0}


def test_a_packet_counts_once(host: Host) -> None:
    one = host.packet(packet.PING, nonce=5)

    assert [len(host.exchange(one)) for _ in range(3)] == [1, 0, 0]
    assert asleep(host.device)["replayed"] == 2


def test_a_packet_of_the_session_before_is_not_heeded(host: Host) -> None:
    old = host.packet(packet.PING, nonce=5)
    host.hello()
    assert host.ping()

    assert host.exchange(old) == []


def test_an_old_hello_opens_no_old_session(host: Host) -> None:
    """Recorded: HOST_HELLO and the first question of a session; played back later in the same boot."""
    said = packet.make(packet.HOST_HELLO, {"nonce": 4711, "utc_us": 1})
    [hello] = host.exchange(said)
    session = trust.session_key(KEY, int(hello.fields["nonce"]), 4711, hello.boot)  # type: ignore[arg-type]
    order = trust.seal(session, packet.make(packet.ALARM_CANCEL, {"nonce": 3}, seq=1))
    assert len(host.exchange(order)) == 1

    assert [one.type for one in host.exchange(said, order)] == [packet.HELLO]


def test_the_devices_own_packets_thrown_back_are_not_heeded(host: Host) -> None:
    [pong] = host.ping()
    assert host.session is not None
    reflected = trust.seal(host.session, pong._replace(seq=1000, tag=b""))

    assert host.exchange(pong, reflected) == []
    assert len(host.ping()) == 1


def test_a_strangers_hello_leaves_the_session_as_it_is(host: Host) -> None:
    stranger = Host(host.device, STRANGERS_KEY)
    stranger.hello()

    assert stranger.ping() == []
    assert len(host.ping()) == 1


def test_a_new_session_of_the_same_host_takes_over_with_its_first_packet(host: Host) -> None:
    new = Host(host.device)
    new.nonce = 0x2000
    new.hello()

    assert len(host.ping()) == 1
    assert len(new.ping()) == 1
    assert host.ping() == []


def test_a_time_by_a_stranger_sets_no_clock(host: Host) -> None:
    [pong] = host.ping()
    utc_us = 1_800_000_000_000_000
    forged = packet.make(packet.TIME, {"device_nonce": int(pong.fields["device_nonce"]), "utc_us": utc_us}, seq=50)  # type: ignore[call-overload]

    host.exchange(forged, trust.seal(STRANGERS_KEY, forged))

    assert host.device.fw.state.alarm.clock.source == lib.SW_CLOCK_UNKNOWN


# versions


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"protocol_oldest": 2, "protocol_newest": 3}, "VERSION"),
        ({"protocol_oldest": 0, "protocol_newest": 0}, "VERSION"),
        ({"layout_digest": 1}, "LAYOUT"),
    ],
)
def test_a_host_it_cannot_talk_with_is_refused_with_the_reason(said: dict[str, int], reason: str) -> None:
    host = Host(Device().run(7.0), None)

    [refuse] = host.exchange(packet.make(packet.HOST_HELLO, {"nonce": 5, "utc_us": 1, **said}))

    expected = {"nonce": 5, "reason": int(table.Refusal[reason]), "protocol_oldest": 1, "protocol_newest": 1}
    assert (refuse.type, refuse.fields) == (packet.REFUSE, expected)


def test_a_later_host_with_other_tables_that_speaks_this_version_too_is_answered() -> None:
    host = Host(Device().run(7.0), None)
    later = {"protocol_oldest": 1, "protocol_newest": 2, "layout_digest": 1}

    [hello] = host.exchange(packet.make(packet.HOST_HELLO, {"nonce": 5, "utc_us": 1, **later})._replace(version=2))

    assert hello.type == packet.HELLO


# pairing


def test_an_unpaired_device_takes_a_key_and_keeps_it_over_a_reboot() -> None:
    device = Device(blank=True).run(7.0)
    host = Host(device, None)
    storing, stored = pair(host), pair(host)

    device.power_cycle()
    later = Host(device.run(7.0), key_of(stored))
    hello = later.hello()

    assert [one.fields["state"] for one in (storing, stored)] == [table.Pairing["STORING"], table.Pairing["STORED"]]
    assert later.session is not None and trust.genuine(later.session, hello)
    assert hello.fields["device_id"] == stored.fields["device_id"] != 0


def test_a_paired_device_takes_no_other_key(host: Host) -> None:
    refused = pair(host)

    assert (refused.fields["state"], any(refused.fields["part"])) == (table.Pairing["REFUSED"], False)  # type: ignore[arg-type]
    assert len(host.ping()) == 1


def test_with_its_button_held_it_takes_another_key_and_stays_who_it_is(host: Host) -> None:
    host.device.press(1)
    host.device.run(0.1)
    pair(host)
    stored = pair(host)
    new = Host(host.device, key_of(stored))
    new.nonce = 0x3000

    hello = new.hello()

    assert new.session is not None and trust.genuine(new.session, hello)
    assert hello.fields["device_id"] == DEVICE_ID
    assert host.ping() == []


def test_a_damaged_key_locks_the_device_until_the_button_is_held() -> None:
    device = Device()
    load(device, paired_flash(DEVICE_ID, KEY.secret)[:-1] + b"\x55")
    host = Host(device.run(7.0), None)

    hello = host.hello()

    assert (trust.is_tagged(hello), host.ping()) == (False, [])
    assert pair(host).fields["state"] == table.Pairing["REFUSED"]
    device.press(1)
    device.run(0.1)
    assert pair(host).fields["state"] == table.Pairing["STORING"]


def test_the_halves_are_forgotten_when_both_ends_have_the_key() -> None:
    host = Host(Device(blank=True).run(7.0), None)
    pair(host)
    stored = pair(host)
    host.key = key_of(stored)
    host.hello()
    host.ping()

    asked_again = pair(host)

    assert asked_again.fields["state"] == table.Pairing["REFUSED"]
    assert bytes(host.device.fw.state.trust.pair_part) == bytes(32)


def test_the_published_key_is_what_it_is_made_of() -> None:
    name = b"Stillwave: the published key of the emulated board"

    assert hashlib.blake2s(name).digest() == trust.TEST_KEY
    assert trust.Key(trust.TEST_KEY).published and not KEY.published
