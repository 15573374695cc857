"""A session for whoever asks by hand: sealed where the device has a key, and told why where there is none."""

from __future__ import annotations

from tests.device import Device
from tests.paired import DEVICE_ID, KEY, paired
from wire import codec, packet, session, trust


def meets(one: session.Session, device: Device, nonce: int = 7) -> list[bool]:
    """What `hear` says of everything that the device says to a hello."""
    device.take()
    device.inbox += one.hello(nonce, 1)
    device.host()
    return [one.hear(found) for found in device.run(0.2).take()]


def pong(one: session.Session, device: Device) -> list[bool]:
    """Whether each answer to a PING bears a tag."""
    device.inbox += one.say(packet.make(packet.PING, {"nonce": 5}))
    device.host()
    return [trust.is_tagged(found) for found in device.run(0.2).take()]


def test_a_paired_device_is_spoken_to_with_tags() -> None:
    one, device = session.Session(session.of_a_bench({DEVICE_ID: KEY})), paired().run(7.0)

    assert (meets(one, device), one.linked, pong(one, device)) == ([True], True, [True])


def test_what_is_not_paired_is_spoken_to_without() -> None:
    one, device = session.Session(session.of_a_bench({})), Device().run(7.0)

    assert (meets(one, device), one.linked, pong(one, device)) == ([True], True, [False])


def test_a_device_of_somebody_else_is_not_heeded_and_says_why() -> None:
    one, device = session.Session(session.of_a_bench({})), paired().run(7.0)

    assert (meets(one, device), one.linked) == ([True], False)
    assert "stillwave pair" in one.trouble


def test_a_restart_is_noticed_by_its_announcement_and_another_hello_mends_it() -> None:
    one, device = session.Session(session.of_a_bench({DEVICE_ID: KEY})), paired().run(7.0)
    meets(one, device)
    device.power_cycle()
    for found in device.run(7.0).take():
        one.hear(found)
    before = one.linked

    meets(one, device, 8)

    assert (before, one.linked, pong(one, device)) == (False, True, [True])


def test_the_answer_to_a_hello_of_somebody_else_is_not_its_own() -> None:
    one, device = session.Session(session.of_a_bench({})), Device().run(7.0)
    device.take()
    device.host(packet.make(packet.HOST_HELLO, {"nonce": 9, "utc_us": 1}))

    assert [one.hear(found) for found in device.run(0.2).take()] == [False]
    assert codec.Decoder().feed(one.hello(7, 1))[0].fields["nonce"] == 7
