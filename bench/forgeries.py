"""Structured forgeries against both ends of a sealed link: how many were accepted. `python -m bench.forgeries [N]`.

Each is made from a packet that was right, by what somebody at the line could do with it. A device accepted it when it
counted it as genuine; a host when it heeded it. After each round both ends must still talk. Deterministic by its seed.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from edge.core import load
from wire import codec, handshake, packet, table, trust
from wire.packet import Packet

ffi, lib = load()
QUESTION = 0xA5  # nonce of a host that asks who is there
ROUND = 500  # forgeries between two checks that the ends still talk
KEY, OTHER = trust.Key(bytes(range(32))), trust.Key(bytes(range(1, 33)))
DEVICE_ID = 0xD0D0
RING = trust.Keyring({DEVICE_ID: KEY})


class DeviceEnd:
    """The device's trust alone, in C: what it admits."""

    def __init__(self, boot: int) -> None:
        self.boot = boot
        self.state: Any = ffi.new("sw_trust *")
        lib.sw_trust_init(self.state)
        self.state.state, self.state.device_id = lib.SW_TRUST_PAIRED, DEVICE_ID
        ffi.memmove(self.state.key, KEY.secret, trust.KEY_BYTES)

    def admits(self, line: bytes) -> bool:
        """These bytes are a packet that it heeds."""
        deframer, found, got = (ffi.new(f"{kind} *") for kind in ("sw_deframer", "sw_packet", "int32_t"))
        lib.sw_deframer_init(deframer)
        lib.sw_deframer_feed(deframer, line, len(line), found, got)
        return bool(got[0]) and lib.sw_trust_admit(self.state, found) != lib.SW_ADMITTED_NOT

    def hello(self, device_nonce: int, host_nonce: int) -> Packet:
        """Its answer to a HOST_HELLO."""
        fields = dict.fromkeys((one.name for one in table.BY_NAME["HELLO"].fields), 0)
        fields |= {"device_id": DEVICE_ID, "nonce": device_nonce, "host_nonce": host_nonce}
        fields |= {"protocol_oldest": 1, "protocol_newest": 1, "layout_digest": table.LAYOUT_DIGEST}
        key = lib.sw_trust_open(self.state, device_nonce, host_nonce, self.boot)
        return trust.seal(
            trust.Key(bytes(ffi.buffer(key, trust.KEY_BYTES))), packet.make(packet.HELLO, fields, boot=self.boot)
        )


@dataclass
class Link:
    """Both ends in one session, what was said in it, and what was said in the one before."""

    rng: random.Random
    device: DeviceEnd
    host: handshake.State
    down: list[Packet]  # of the host, already heeded
    up: list[Packet]  # of the device
    old_down: list[Packet]
    old_up: list[Packet]
    hello: Packet  # with which the device answered the present host

    @property
    def session(self) -> trust.Key:
        """The session's key."""
        assert self.host.session is not None
        return self.host.session

    def say(self) -> Packet:
        """The next packet of the host."""
        self.host, line = handshake.seal(self.host, codec.encode(packet.make(packet.PING, {"nonce": self.word()})))
        return codec.Decoder().feed(line)[0]

    def tell(self) -> Packet:
        """A packet of the device."""
        fields = dict.fromkeys((one.name for one in table.BY_NAME["TRANSITION"].fields), 1)
        one = packet.make(
            packet.TRANSITION, fields, seq=len(self.up) + 1, boot=self.device.boot, t_us=self.word() >> 20
        )
        return trust.seal(self.session, one)

    def word(self) -> int:
        """64 random bits, not 0."""
        return self.rng.getrandbits(64) | 1


def linked(rng: random.Random, before: Link | None = None) -> Link:
    """Both ends after a handshake, with some traffic. Raises AssertionError when an honest packet is not heeded."""
    device = DeviceEnd(rng.getrandbits(32) | 1) if before is None or rng.random() < 0.5 else before.device
    asked = handshake.tick(
        handshake.Config(), handshake.State(), 0, lambda n: rng.getrandbits(8 * n).to_bytes(n, "little")
    )
    hello = device.hello(rng.getrandbits(64), asked.state.nonce)
    result = handshake.receive(asked.state, hello, 1, RING)
    assert result.events == (handshake.Event.LINKED,)
    old = ([], []) if before is None else (before.down, before.up)
    link = Link(rng, device, result.state, [], [], *old, hello)
    for _ in range(8):
        down, up = link.say(), link.tell()
        assert device.admits(codec.encode(down)) and handshake.receive(link.host, up, 2, RING).heeded
        link.down.append(down)
        link.up.append(up)
    return link


def flipped(link: Link, one: Packet) -> Packet:
    """One bit of header or payload, with the old tag."""
    body = bytearray(codec.tagged_bytes(one))
    at = link.rng.randrange(8 * len(body))
    body[at // 8] ^= 1 << at % 8
    version, type_, flags, reserved, seq, boot, t_us = table.HEADER.codes.unpack_from(body)
    return Packet(type_, seq, boot, t_us, bytes(body[table.HEADER.n_bytes :]), version, flags, one.tag, reserved)


def bare(one: Packet) -> Packet:
    """Without its tag, and saying so."""
    return one._replace(flags=one.flags | table.FLAG_TAG_ABSENT, tag=b"")


def with_key(key: trust.Key) -> Callable[[Link, Packet], Packet]:
    """The same packet, sealed with this key."""
    return lambda link, one: trust.seal(key, bare(one)._replace(seq=one.seq + 1000))


def other_device(link: Link, one: Packet) -> Packet:
    """Sealed in a session of another device with the same nonces."""
    return trust.seal(trust.session_key(OTHER, 1, 2, link.device.boot), bare(one)._replace(seq=one.seq + 1000))


def other_boot(link: Link, one: Packet) -> Packet:
    """Sealed with the device's key in a session of nonces that nobody drew."""
    return trust.seal(
        trust.session_key(KEY, link.word(), link.word(), link.device.boot ^ 1), bare(one)._replace(seq=9999)
    )


def renumbered(link: Link, one: Packet) -> Packet:
    """A later number, the old tag."""
    return one._replace(seq=one.seq + link.rng.randrange(1, 1 << 20))


def cut_tag(link: Link, one: Packet) -> Packet:
    """A shorter tag: the payload's last bytes take its place, or the line ends early."""
    return one._replace(tag=one.tag[: link.rng.randrange(8)])


def guessed(link: Link, one: Packet) -> Packet:
    """A random tag."""
    return one._replace(seq=one.seq + 1000, tag=link.rng.randbytes(8))


def grown(link: Link, one: Packet) -> Packet:
    """More payload behind what was sealed."""
    return one._replace(payload=one.payload + link.rng.randbytes(link.rng.randrange(1, 40)))


def order(link: Link, one: Packet) -> Packet:
    """An order without a tag, as one says it to a device that is not paired."""
    return packet.make(packet.ALARM_CANCEL, {"nonce": link.word()}, seq=one.seq + 1)


def unpaired_hello(device_id: int) -> Callable[[Link, Packet], Packet]:
    """The device has forgotten its key, says somebody: HELLO without a tag, to the host's open question."""
    return lambda link, one: packet.make(
        packet.HELLO, {**link.hello.fields, "device_id": device_id, "host_nonce": QUESTION}, boot=link.device.boot
    )


Forge = Callable[[Link, Packet], Packet]
SAME: Forge = lambda link, one: one  # noqa: E731
#: name, whom it is for, which packets it starts from, what is done to one
FORGERIES: tuple[tuple[str, str, str, Forge], ...] = (
    ("replayed to the device", "device", "down", SAME),
    ("old session to the device", "device", "old_down", SAME),
    ("old session to the host", "host", "old_up", SAME),
    ("reflected to the device", "device", "up", SAME),
    ("reflected and renumbered", "device", "up", lambda link, one: trust.seal(link.session, bare(one)._replace(seq=1 << 30))),
    ("reflected to the host", "host", "down", SAME),
    ("unpaired device of the same name", "asking", "up", unpaired_hello(DEVICE_ID)),
    ("unpaired device without a name", "asking", "up", unpaired_hello(0)),
    ("emulated device", "asking", "up", unpaired_hello(trust.test_device(1))),
    ("its data after an unpaired hello", "asking", "up", lambda link, one: bare(one)),
    ("order without a tag", "device", "down", order),
    ("order without a tag to an unpaired device", "unpaired", "down", order),
    ("order of before to a device without its key", "unpaired", "down", SAME),
    ("session of before the reboot", "rebooted", "down", SAME),
    ("data of before the reboot", "elsewhere", "up", SAME),
    *((f"{name} to the {to}", to, way, forge) for to, way in (("device", "down"), ("host", "up")) for name, forge in (
        ("flipped bit", flipped), ("no tag", lambda link, one: bare(one)._replace(seq=one.seq + 1000)),
        ("key of zeros", with_key(trust.Key(bytes(32)))), ("published key", with_key(trust.Key(trust.TEST_KEY))),
        ("device key itself", with_key(KEY)), ("other key", with_key(OTHER)), ("other device", other_device),
        ("other session", other_boot), ("later number", renumbered), ("cut tag", cut_tag), ("guessed tag", guessed),
        ("grown payload", grown),
    )),
)  # fmt: skip


def rebooted(link: Link) -> DeviceEnd:
    """The same device after a reboot, in a new session that has heard its host."""
    device = DeviceEnd(link.device.boot ^ 0x5A5A)
    hello = device.hello(link.word(), link.word())
    key = trust.session_key(KEY, _number(hello, "nonce"), _number(hello, "host_nonce"), device.boot)
    assert device.admits(codec.encode(trust.seal(key, packet.make(packet.PING, {"nonce": 1}, seq=1))))
    return device


def _number(one: Packet, name: str) -> int:
    value = one.fields[name]
    assert isinstance(value, int)
    return value


def unpaired(link: Link) -> DeviceEnd:
    """A device without a key."""
    device = DeviceEnd(link.device.boot)
    device.state.state, device.state.device_id = lib.SW_TRUST_UNPAIRED, 0
    return device


def asking(link: Link) -> handshake.State:
    """A host that has the device's key and has asked who is there."""
    return handshake.State(nonce=QUESTION)


def elsewhere(link: Link) -> handshake.State:
    """The same host in a later session with the same device."""
    return replace(link.host, session=trust.session_key(KEY, link.word(), link.word(), link.device.boot ^ 0x5A5A))


DEVICES: dict[str, Callable[[Link], DeviceEnd]] = {
    "device": lambda link: link.device,
    "unpaired": unpaired,
    "rebooted": rebooted,
}
HOSTS: dict[str, Callable[[Link], handshake.State]] = {
    "host": lambda link: link.host,
    "asking": asking,
    "elsewhere": elsewhere,
}


def accepted(link: Link, to: str, forged: Packet) -> bool:
    """One end takes it for genuine. A packet of the host never counts at the host."""
    line = codec.encode(forged)
    if to in DEVICES:
        return DEVICES[to](link).admits(line)
    found = codec.Decoder().feed(line)
    host = HOSTS[to](link)
    results = [handshake.receive(host, one, 3, RING) for one in found]
    return any(heeds(one, got) for one, got in zip(results, found, strict=True))


def heeds(result: handshake.Result, got: Packet) -> bool:
    """Something of the device counts, or it is linked."""
    linked = handshake.Event.LINKED in result.events
    return linked or (result.heeded and not got.layout.from_host)


def run(n: int, seed: int = 1) -> dict[str, Any]:
    """n forgeries of all kinds in turn: how many of each, and how many were accepted. Raises AssertionError when an honest
    packet is refused."""
    rng = random.Random(seed)
    link = linked(rng, linked(rng))
    tried, taken = Counter[str](), Counter[str]()
    for i in range(n):
        if i % ROUND == 0:
            link = linked(rng, link)
        name, to, way, forge = FORGERIES[i % len(FORGERIES)]
        source = getattr(link, way)
        forged = forge(link, source[rng.randrange(len(source))])
        tried[name] += 1
        taken[name] += accepted(link, to, forged)
        if i % ROUND == ROUND - 1:
            assert (
                link.device.admits(codec.encode(link.say()))
                and handshake.receive(link.host, link.tell(), 4, RING).heeded
            )
    return {"forgeries": n, "accepted": sum(taken.values()), "kinds": dict(tried), "accepted_kinds": dict(+taken)}


if __name__ == "__main__":
    result = run(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    sys.exit(1 if result["accepted"] else 0)
