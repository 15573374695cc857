"""The host's side of trust: whom it heeds, what it says with a tag, and why it does not talk."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wire import codec, handshake, packet, table, trust
from wire.handshake import Event, State
from wire.packet import Packet

CONFIG = handshake.Config()
SECOND = 1_000_000
BOOT, DEVICE_ID, NONCE_D = 7, 42, 99
KEY, OTHER = trust.Key(bytes(range(32))), trust.Key(bytes(range(1, 33)))
RING = trust.Keyring({DEVICE_ID: KEY})


def entropy(n: int) -> bytes:
    return (5).to_bytes(n, "little")


def hello(state: State, key: trust.Key | None = KEY, boot: int = BOOT, **changes: int) -> Packet:
    fields = dict.fromkeys(("config_hash", "parameters_hash", "oldest_seq", "newest_seq", "oldest_boot", "stored"), 0)
    fields |= {"device_id": DEVICE_ID, "nonce": NONCE_D, "host_nonce": state.nonce} | changes
    one = packet.make(packet.HELLO, fields, boot=boot)
    return one if key is None else trust.seal(trust.session_key(key, fields["nonce"], state.nonce, boot), one)


def data(seq: int = 1, boot: int = BOOT) -> Packet:
    fields = dict.fromkeys((one.name for one in table.BY_NAME["TRANSITION"].fields), 0)
    return packet.make(packet.TRANSITION, fields, seq=seq, boot=boot)


@pytest.fixture
def asking() -> State:
    return handshake.tick(CONFIG, State(), 0, entropy).state


@pytest.fixture
def linked(asking: State) -> State:
    return handshake.receive(asking, hello(asking), SECOND, RING).state


def session(state: State) -> trust.Key:
    assert state.session is not None
    return state.session


def test_a_hello_sealed_with_its_key_links(asking: State) -> None:
    result = handshake.receive(asking, hello(asking), SECOND, RING)

    assert (result.events, result.state.device is not None) == ((Event.LINKED,), True)


@pytest.mark.parametrize(
    ("ring", "key", "device_id", "event"),
    [
        (RING, OTHER, DEVICE_ID, Event.FORGED),
        (RING, None, DEVICE_ID, Event.FORGED),
        (RING, KEY, 43, Event.UNPAIRED),
        (RING, None, 0, Event.UNPAIRED),
        (trust.Keyring(), None, 0, Event.UNPAIRED),
        (trust.Keyring(), None, DEVICE_ID, Event.UNPAIRED),
        (trust.Keyring(), KEY, DEVICE_ID, Event.UNPAIRED),
        (trust.Keyring({DEVICE_ID: KEY}, unpaired=True), None, DEVICE_ID, Event.FORGED),
        (trust.EMULATED, None, trust.test_device(3), Event.FORGED),
        (trust.Keyring(unpaired=True), KEY, DEVICE_ID, Event.UNPAIRED),
        (RING, trust.Key(trust.TEST_KEY), trust.test_device(3), Event.EMULATED),
        (trust.Keyring({7: trust.Key(trust.TEST_KEY)}), trust.Key(trust.TEST_KEY), 7, Event.EMULATED),
    ],
)
def test_an_answer_that_proves_nothing_links_nobody(
    asking: State, ring: trust.Keyring, key: trust.Key | None, device_id: int, event: Event
) -> None:
    result = handshake.receive(asking, hello(asking, key, device_id=device_id), SECOND, ring)

    assert (result.events, result.state, result.heeded) == ((event,), asking, False)


def test_a_simulation_heeds_the_published_key(asking: State) -> None:
    said = hello(asking, trust.Key(trust.TEST_KEY), device_id=trust.test_device(3))

    assert handshake.receive(asking, said, SECOND, trust.EMULATED).events == (Event.LINKED,)


def test_a_host_that_takes_unpaired_devices_links_one(asking: State) -> None:
    result = handshake.receive(asking, hello(asking, None, device_id=0), SECOND, trust.Keyring(unpaired=True))

    assert (result.events, result.state.session) == ((Event.LINKED,), None)


@pytest.mark.parametrize("seal_with", [None, OTHER])
def test_data_that_proves_nothing_is_not_heeded(linked: State, seal_with: trust.Key | None) -> None:
    forged = data() if seal_with is None else trust.seal(seal_with, data())

    result = handshake.receive(linked, forged, SECOND, RING)

    assert (result.heeded, result.state) == (False, linked)


def test_data_of_the_session_is_heeded_also_of_an_earlier_boot(linked: State) -> None:
    results = [handshake.receive(linked, trust.seal(session(linked), data(boot=b)), SECOND, RING) for b in (BOOT, 3)]

    assert [(one.heeded, one.events) for one in results] == [(True, ()), (True, ())]


def test_what_the_host_says_is_numbered_and_sealed(linked: State) -> None:
    plain = handshake.ack(BOOT, 9) + codec.encode(packet.make(packet.PING, {"nonce": 3}))

    state, line = handshake.seal(linked, plain)
    said = codec.Decoder().feed(line + handshake.seal(state, plain)[1])

    assert [one.seq for one in said] == [1, 2, 3, 4]
    assert all(trust.genuine(session(linked), one) for one in said)


def test_a_question_who_is_there_bears_no_tag(linked: State) -> None:
    asked = handshake.tick(CONFIG, replace(linked, doubted=True), 60 * SECOND, entropy)

    [said] = codec.Decoder().feed(handshake.seal(asked.state, asked.send)[1])

    assert (said.type, trust.is_tagged(said)) == (packet.HOST_HELLO, False)


@pytest.mark.parametrize("stranger", [packet.HELLO, packet.TRANSITION])
def test_a_stranger_who_speaks_of_another_boot_breaks_no_link(linked: State, stranger: int) -> None:
    announced = hello(replace(linked, nonce=0), None, boot=8, host_nonce=0)
    said = announced if stranger == packet.HELLO else data(boot=8)

    after = handshake.receive(linked, said, SECOND, RING).state
    asked = handshake.tick(CONFIG, after, 60 * SECOND, entropy)

    assert asked.state.device == linked.device
    assert [one.type for one in codec.Decoder().feed(asked.send)] == [packet.HOST_HELLO]


def test_a_device_that_restarted_is_linked_again_by_its_answer(linked: State) -> None:
    announced = hello(replace(linked, nonce=0), None, boot=8, host_nonce=0)
    doubting = handshake.receive(linked, announced, SECOND, RING).state
    asking = handshake.tick(CONFIG, doubting, 60 * SECOND, entropy).state

    result = handshake.receive(asking, hello(asking, boot=8), 61 * SECOND, RING)

    assert result.events == (Event.LINKED,)
    assert result.state.device is not None and result.state.device.boot == 8


def test_a_refusal_is_told(asking: State) -> None:
    fields = {"nonce": asking.nonce, "reason": 1, "protocol_oldest": 2, "protocol_newest": 3}

    result = handshake.receive(asking, packet.make(packet.REFUSE, fields, boot=BOOT), SECOND, RING)

    assert (result.events, result.state) == ((Event.REFUSED,), asking)


def test_a_device_with_other_tables_of_the_same_version_is_not_talked_with(asking: State) -> None:
    assert handshake.receive(asking, hello(asking, layout_digest=1), SECOND, RING).events == (Event.REFUSED,)


def test_a_recording_is_read_without_its_key(asking: State) -> None:
    linked = handshake.receive(asking, hello(asking), SECOND).state
    sealed = trust.seal(OTHER, data())

    assert [handshake.receive(linked, one, SECOND).heeded for one in (sealed, data())] == [True, False]
