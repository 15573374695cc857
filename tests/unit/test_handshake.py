"""The host's side of the link: proof of presence by a fresh nonce, reboots, pings, acknowledgement."""

from __future__ import annotations

from typing import Any

import pytest

from wire import codec, handshake, packet, table
from wire.handshake import Config, Event, State

CONFIG = Config()
SECOND = 1_000_000
BOOT = 0xB007


class Nonces:
    """Entropy that counts up, so that every nonce is known and none repeats."""

    def __init__(self) -> None:
        self.given = 0

    def __call__(self, n: int) -> bytes:
        self.given += 1
        return self.given.to_bytes(n, "little")


def sent(result: handshake.Result) -> list[packet.Packet]:
    return codec.Decoder().feed(result.send)


def hello(host_nonce: int, boot: int = BOOT, **changes: int) -> packet.Packet:
    fields = {"device_id": 1, "nonce": 2, "config_hash": 3, "parameters_hash": 4, "host_nonce": host_nonce}
    versions = {"protocol_oldest": 1, "protocol_newest": 1}
    return packet.make(
        packet.HELLO,
        fields | versions | {"oldest_seq": 0, "newest_seq": 0, "oldest_boot": 0, "stored": 0} | changes,
        boot=boot,
    )


def pong(nonce: int) -> packet.Packet:
    return packet.make(
        packet.PONG,
        {"nonce": nonce, "device_nonce": 0, "oldest_seq": 0, "newest_seq": 0, "oldest_boot": 0, "stored": 0},
        boot=BOOT,
    )


def data(boot: int = BOOT) -> packet.Packet:
    fields = dict.fromkeys((one.name for one in table.BY_NAME["TRANSITION"].fields), 0)
    return packet.make(packet.TRANSITION, fields, seq=1, boot=boot)


@pytest.fixture
def nonces() -> Nonces:
    return Nonces()


@pytest.fixture
def asking(nonces: Nonces) -> State:
    """Nonce 1 is open since 0 s."""
    return handshake.tick(CONFIG, State(), 0, nonces).state


@pytest.fixture
def linked(asking: State, nonces: Nonces) -> State:
    return handshake.receive(asking, hello(1), SECOND).state


@pytest.fixture
def pinged(linked: State, nonces: Nonces) -> State:
    """Nonce 2 is pinged at 31 s."""
    return handshake.tick(CONFIG, linked, 31 * SECOND, nonces).state


def test_the_first_tick_asks_with_a_fresh_nonce_and_the_time(nonces: Nonces) -> None:
    result = handshake.tick(CONFIG, State(), 5 * SECOND, nonces)

    assert sent(result) == [packet.make(packet.HOST_HELLO, {"nonce": 1, "utc_us": 5 * SECOND})]


def test_a_nonce_of_zero_is_drawn_again() -> None:
    draws = iter([bytes(8), (9).to_bytes(8, "little")])

    result = handshake.tick(CONFIG, State(), 0, lambda n: next(draws))

    assert result.state.nonce == 9


def test_an_open_question_is_not_repeated_too_soon(asking: State, nonces: Nonces) -> None:
    assert handshake.tick(CONFIG, asking, CONFIG.hello_retry_us - 1, nonces).send == b""


def test_an_unanswered_question_is_repeated_with_another_nonce(asking: State, nonces: Nonces) -> None:
    result = handshake.tick(CONFIG, asking, CONFIG.hello_retry_us, nonces)

    assert [p.fields["nonce"] for p in sent(result)] == [2]


def test_a_host_clock_that_went_back_does_not_silence_the_question(nonces: Nonces) -> None:
    asking = handshake.tick(CONFIG, State(), 7200 * SECOND, nonces).state

    assert handshake.tick(CONFIG, asking, 3600 * SECOND, nonces).send != b""


def test_the_echoed_nonce_links(asking: State, nonces: Nonces) -> None:
    result = handshake.receive(asking, hello(1), SECOND)

    assert result.events == (Event.LINKED,)
    assert result.state.device == handshake.Device(BOOT, 1, 2, 3, 4, 1, 1, 0, 0)
    assert handshake.proved(result.state, data())


def test_an_answer_to_an_older_nonce_is_stale(asking: State, nonces: Nonces) -> None:
    again = handshake.tick(CONFIG, asking, CONFIG.hello_retry_us, nonces).state

    result = handshake.receive(again, hello(1), CONFIG.hello_retry_us)

    assert (result.events, result.state.device) == ((Event.STALE,), None)


def test_an_answer_counts_once(linked: State, nonces: Nonces) -> None:
    assert handshake.receive(linked, hello(1), 2 * SECOND) == handshake.Result(linked, b"", (Event.STALE,))


@pytest.mark.parametrize("versions", [(2, 3), (0, 0)])
def test_a_device_of_another_protocol_is_not_linked(asking: State, nonces: Nonces, versions: tuple[int, int]) -> None:
    answer = hello(1, protocol_oldest=versions[0], protocol_newest=versions[1])

    result = handshake.receive(asking, answer, SECOND)

    assert (result.events, result.state.device) == ((Event.INCOMPATIBLE,), None)


def test_an_announcement_alone_does_not_link(asking: State, nonces: Nonces) -> None:
    result = handshake.receive(asking, hello(0), SECOND)

    assert (result.events, result.state.device) == ((Event.ANNOUNCED,), None)


def test_three_announcements_ask_once(asking: State, nonces: Nonces) -> None:
    state, asked = asking, []
    for at in range(3):
        state = handshake.receive(state, hello(0), at * SECOND).state
        result = handshake.tick(CONFIG, state, at * SECOND + 1, nonces)
        state, asked = result.state, asked + sent(result)

    assert len(asked) == 1


def test_a_reboot_announced_must_be_proved_again(linked: State, nonces: Nonces) -> None:
    result = handshake.receive(linked, hello(0, boot=7), 9 * SECOND)

    assert (result.events, result.state.device) == ((Event.ANNOUNCED,), None)
    assert _asks_at(result.state, 10 * SECOND, nonces)


def test_an_announcement_of_the_proved_boot_changes_nothing(linked: State, nonces: Nonces) -> None:
    result = handshake.receive(linked, hello(0), 9 * SECOND)

    assert (result.events, result.send, result.state.device) == ((), b"", linked.device)


def test_data_of_another_boot_asks_again(linked: State, nonces: Nonces) -> None:
    result = handshake.receive(linked, data(boot=7), 9 * SECOND)

    assert (result.events, result.state.device) == ((Event.OTHER_BOOT,), None)
    assert _asks_at(result.state, 10 * SECOND, nonces)


def _asks_at(state: State, utc_us: int, nonces: Nonces) -> bool:
    """A question leaves at utc_us, and says so."""
    result = handshake.tick(CONFIG, state, utc_us, nonces)
    return result.state.asked_utc_us == utc_us and [p.type for p in sent(result)] == [packet.HOST_HELLO]


def test_data_before_the_proof_is_not_proved(asking: State, nonces: Nonces) -> None:
    result = handshake.receive(asking, data(), SECOND)

    assert (result, handshake.proved(result.state, data())) == (handshake.Result(asking), False)


def test_the_first_ping_follows_the_link(linked: State, nonces: Nonces) -> None:
    assert [p.type for p in sent(handshake.tick(CONFIG, linked, SECOND, nonces))] == [packet.PING]


def test_an_answered_ping_is_followed_by_the_next_in_its_time(pinged: State, nonces: Nonces) -> None:
    answered = handshake.receive(pinged, pong(2), 32 * SECOND).state

    assert handshake.tick(CONFIG, answered, 60 * SECOND, nonces).send == b""
    assert [p.type for p in sent(handshake.tick(CONFIG, answered, 61 * SECOND, nonces))] == [packet.PING]


def test_a_device_that_is_heard_is_not_lost_with_its_pong(pinged: State, nonces: Nonces) -> None:
    heard = handshake.receive(pinged, data(), 34 * SECOND).state

    result = handshake.tick(CONFIG, heard, 36 * SECOND, nonces)

    assert (result.events, [p.type for p in sent(result)]) == ((), [packet.PING])


def test_a_silent_device_is_pinged_once(linked: State, nonces: Nonces) -> None:
    result = handshake.tick(CONFIG, linked, 31 * SECOND, nonces)

    assert [(p.type, p.fields) for p in sent(result)] == [(packet.PING, {"nonce": 2})]
    assert handshake.tick(CONFIG, result.state, 32 * SECOND, nonces).send == b""


def test_the_pong_with_the_nonce_closes_the_ping(pinged: State, nonces: Nonces) -> None:
    result = handshake.receive(pinged, pong(2), 32 * SECOND)

    assert (result.events, result.state.ping_nonce, result.state.heard_utc_us) == ((Event.PONG,), 0, 32 * SECOND)


def test_another_pong_is_stale(pinged: State, nonces: Nonces) -> None:
    assert handshake.receive(pinged, pong(1), 32 * SECOND).events == (Event.STALE,)


def test_a_pong_nobody_asked_for_is_stale(linked: State, nonces: Nonces) -> None:
    assert handshake.receive(linked, pong(0), 32 * SECOND).events == (Event.STALE,)


def test_no_pong_means_lost_and_asks_anew(pinged: State, nonces: Nonces) -> None:
    result = handshake.tick(CONFIG, pinged, 31 * SECOND + CONFIG.pong_timeout_us, nonces)

    assert (result.events, result.state.device) == ((Event.LOST,), None)
    assert [p.type for p in sent(result)] == [packet.HOST_HELLO]


def test_packets_of_a_host_are_ignored(asking: State, nonces: Nonces) -> None:
    echo = packet.make(packet.PING, {"nonce": 1})

    assert handshake.receive(asking, echo, SECOND) == handshake.Result(asking)


def test_an_acknowledgement_names_boot_and_sequence() -> None:
    [found] = codec.Decoder().feed(handshake.ack(BOOT, 12))

    assert (found.type, found.fields) == (packet.ACK, {"boot": BOOT, "seq": 12, "sack": 0, "credit": handshake.CREDIT})


@pytest.mark.parametrize("key", ["hello_retry_us", "ping_after_us", "pong_timeout_us"])
def test_a_wrong_time_is_named(key: str) -> None:
    wrong: dict[str, Any] = {key: 0}

    with pytest.raises(ValueError, match=f"handshake.{key}: 0, expected more than 0"):
        Config(**wrong)


def test_the_same_inputs_give_the_same_result(linked: State) -> None:
    first, second = (handshake.tick(CONFIG, linked, 9, lambda n: b"\5" * n) for _ in range(2))

    assert first == second
