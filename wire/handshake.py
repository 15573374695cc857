"""The host's side of the link: prove that the device is there now, notice its reboots, acknowledge.

Rule: a device counts as present only when it echoes a nonce drawn for this question, and seals the answer with its key
where it has one; a nonce is used once.
`receive` and `tick` are pure: state in, state out, bytes to send beside it; no clock, no random source.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from wire import codec, older, packet, table, trust
from wire.packet import Packet

Entropy = Callable[[int], bytes]  # n -> n random bytes
#: What a host says without a tag: it opens a session, or makes the key.
UNSEALED = (packet.HOST_HELLO, packet.PAIR)
#: What a host takes that is not short of anything.
CREDIT = 256


class Event(Enum):
    """What a call noticed."""

    ANNOUNCED = "the device announced a boot that is not proved yet"
    LINKED = "the device answered this host's nonce"
    INCOMPATIBLE = "the device speaks no protocol version that this host speaks"
    STALE = "an answer to a question that is not open: late, or replayed"
    PONG = "the device answered a ping"
    OTHER_BOOT = "a packet of a boot that is not proved: the device restarted unnoticed"
    LOST = "no answer to a ping"
    REFUSED = "the device cannot talk with this host: another protocol version, or other packet tables"
    UNPAIRED = "the device is not paired with this host: run stillwave pair"
    FORGED = "an answer without the tag of the device's key: forged, or the device was paired anew"
    EMULATED = "an emulated device, whose key is published: only a simulation heeds it (--simulated)"


#: Why there is no link although something answers.
TROUBLES = (Event.INCOMPATIBLE, Event.REFUSED, Event.UNPAIRED, Event.FORGED, Event.EMULATED)


@dataclass(frozen=True, slots=True)
class Config:
    """Times in us. hello_retry_us must exceed the line's round trip (two quanta of 1 s in simulation)."""

    hello_retry_us: int = 3_000_000
    ping_after_us: int = 30_000_000  # from one ping to the next; the first follows the answer to HOST_HELLO
    pong_timeout_us: int = 5_000_000

    def __post_init__(self) -> None:
        """Raises ValueError, naming the key."""
        for key in ("hello_retry_us", "ping_after_us", "pong_timeout_us"):
            if getattr(self, key) <= 0:
                raise ValueError(f"handshake.{key}: {getattr(self, key)}, expected more than 0")


@dataclass(frozen=True, slots=True)
class Device:
    """Who answered: the fields of its HELLO."""

    boot: int
    device_id: int
    nonce: int
    config_hash: int
    parameters_hash: int
    protocol_oldest: int
    protocol_newest: int
    oldest_seq: int
    newest_seq: int
    oldest_boot: int = 0
    stored: int = 0
    layout_digest: int = table.LAYOUT_DIGEST


@dataclass(frozen=True, slots=True)
class State:
    """device is None until it answered the open question; nonces are 0 when no question is open."""

    device: Device | None = None
    nonce: int = 0
    asked_utc_us: int = 0
    ping_nonce: int = 0
    pinged_utc_us: int = 0
    heard_utc_us: int = 0
    announced_boot: int = 0
    session: trust.Key | None = None  # of the device; None: it is not paired
    said: int = 0  # the number of the last packet that was sealed
    doubted: bool = False  # something without proof says that the device is not what it was


@dataclass(frozen=True, slots=True)
class Result:
    """The new state, the bytes for the line, what was noticed. heeded False: a packet that counts for nothing."""

    state: State
    send: bytes = b""
    events: tuple[Event, ...] = ()
    heeded: bool = True


def proved(state: State, given: Packet) -> bool:
    """True for a packet of the boot that answered this host."""
    return state.device is not None and given.boot == state.device.boot


def ack(boot: int, seq: int, sack: int = 0, credit: int = CREDIT) -> bytes:
    """The line's bytes that say: everything of this boot up to seq is committed, and of those behind what sack says.

    sack: bit i is packet seq + 2 + i. credit: packets after seq that the host takes now. Raises ValueError out of range.
    """
    return codec.encode(packet.make(packet.ACK, {"boot": boot, "seq": seq, "sack": sack, "credit": credit}))


def _ask(state: State, utc_us: int, entropy: Entropy, events: tuple[Event, ...] = ()) -> Result:
    """Opens the question: HOST_HELLO with a fresh nonce; whoever answered before must answer again."""
    nonce = _fresh(entropy)
    hello = packet.make(packet.HOST_HELLO, {"nonce": nonce, "utc_us": utc_us})
    asked = replace(state, device=None, nonce=nonce, asked_utc_us=utc_us, ping_nonce=0, doubted=False)
    return Result(asked, codec.encode(hello), events)


def _ask_next(state: State, event: Event) -> Result:
    """The next tick asks: a question carries the time at which it leaves."""
    return Result(replace(state, device=None, nonce=0, ping_nonce=0), events=(event,))


def _fresh(entropy: Entropy) -> int:
    """A nonce of 64 bits that is not 0."""
    while True:
        nonce = int.from_bytes(entropy(8), "little")
        if nonce:
            return nonce


def tick(config: Config, state: State, utc_us: int, entropy: Entropy) -> Result:
    """What is due at utc_us: the first or a repeated HOST_HELLO, a PING, or the finding that the device is lost."""
    if state.device is None:
        due = state.nonce == 0 or not 0 <= utc_us - state.asked_utc_us < config.hello_retry_us
        return _ask(state, utc_us, entropy) if due else Result(state)
    if state.doubted and not 0 <= utc_us - state.asked_utc_us < config.hello_retry_us:
        asked = _ask(state, utc_us, entropy)
        return replace(asked, state=replace(asked.state, device=state.device, ping_nonce=state.ping_nonce))
    if state.ping_nonce:
        if 0 <= utc_us - state.pinged_utc_us < config.pong_timeout_us:
            return Result(state)
        if state.heard_utc_us <= state.pinged_utc_us:
            return _ask(state, utc_us, entropy, (Event.LOST,))
    elif state.pinged_utc_us and 0 <= utc_us - state.pinged_utc_us < config.ping_after_us:
        return Result(state)
    nonce = _fresh(entropy)
    ping = packet.make(packet.PING, {"nonce": nonce})
    return Result(replace(state, ping_nonce=nonce, pinged_utc_us=utc_us), codec.encode(ping))


def seal(state: State, plain: bytes) -> tuple[State, bytes]:
    """Packets for the device as the line's bytes, with number and tag of the session; as they are without one."""
    if state.device is None or state.session is None:
        return state, plain
    said, sealed = state.said, b""
    for one in codec.Decoder().feed(plain):
        if one.type in UNSEALED:
            sealed += codec.encode(one)
            continue
        said += 1
        sealed += codec.encode(trust.seal(state.session, one._replace(seq=said)))
    return replace(state, said=said), sealed


def receive(state: State, given: Packet, utc_us: int, keyring: trust.Keyring = trust.ANYBODY) -> Result:
    """Takes one packet from the device, of any type, heard at utc_us. Sends nothing: the next tick does."""
    if given.layout.from_host:
        return Result(state)
    if given.type == packet.HELLO:
        return _hello(state, given, utc_us, keyring)
    if given.type == packet.REFUSE:
        ours = state.nonce != 0 and given.fields["nonce"] == state.nonce
        return Result(state, events=(Event.REFUSED if ours else Event.STALE,), heeded=False)
    if not _is_genuine(state, given, keyring):
        return Result(_doubtful(state, given), heeded=False)
    if not proved(state, given):
        backlog = given.flags & table.FLAG_RESENT or state.session  # what the device kept of an earlier boot
        return Result(state) if state.device is None or backlog else _ask_next(state, Event.OTHER_BOOT)
    if given.type == packet.PONG:
        if state.ping_nonce == 0 or given.fields["nonce"] != state.ping_nonce:
            return Result(state, events=(Event.STALE,))
        return Result(replace(state, ping_nonce=0, heard_utc_us=utc_us), events=(Event.PONG,))
    return Result(replace(state, heard_utc_us=utc_us))


def _is_genuine(state: State, given: Packet, keyring: trust.Keyring) -> bool:
    """Whether to heed it: the session's tag where there is one, and no tag where nobody could check it."""
    if state.device is None or state.session is None:
        return keyring.unpaired and not trust.is_tagged(given)
    if keyring.believes:
        return trust.is_tagged(given) if state.session == trust.UNKNOWN else older.genuine(state.session, given)
    return trust.genuine(state.session, given)


def _doubtful(state: State, given: Packet) -> State:
    """Another boot without proof: the device restarted, or a stranger says so. The device is asked, and stays linked."""
    return replace(state, doubted=state.doubted or (state.device is not None and given.boot != state.device.boot))


def _keyed(state: State, device: Device, given: Packet, keyring: trust.Keyring) -> trust.Key | None | Event:
    """The session's key; None: the device has none and is heeded all the same; or why it is not."""
    if keyring.believes:
        return _believed(state, device, given, keyring)
    if (
        device.protocol_newest == table.VERSION
        and device.layout_digest != table.LAYOUT_DIGEST
        and not keyring.simulated
    ):
        return Event.REFUSED
    key = keyring.key_of(device.device_id)
    if key is None:
        known_elsewhere = trust.is_tagged(given)
        emulated = trust.is_test_device(device.device_id)
        if emulated or known_elsewhere or not keyring.unpaired:
            return Event.EMULATED if emulated else Event.UNPAIRED
        return None
    if key.published and not keyring.simulated:
        return Event.EMULATED
    session = trust.session_key(key, device.nonce, state.nonce, device.boot)
    return session if trust.genuine(session, given) else Event.FORGED


def _believed(state: State, device: Device, given: Packet, keyring: trust.Keyring) -> trust.Key | None | Event:
    """A session of a recording: with its key where that is known, for what is of another session did not count then."""
    if not trust.is_tagged(given):
        return None if keyring.unpaired else Event.UNPAIRED
    key = keyring.key_of(device.device_id)
    session = trust.UNKNOWN if key is None else trust.session_key(key, device.nonce, state.nonce, device.boot)
    return session if older.genuine(session, given) else trust.UNKNOWN


def _hello(state: State, given: Packet, utc_us: int, keyring: trust.Keyring) -> Result:
    """An announcement calls for a question (once per boot); an answer closes it."""
    fields = {name: value for name, value in given.fields.items() if isinstance(value, int)}
    host_nonce = fields.pop("host_nonce")
    if host_nonce == 0:
        if proved(state, given):
            return Result(replace(state, heard_utc_us=utc_us))
        if given.boot == state.announced_boot:
            return Result(state)
        if state.device is not None and state.session is not None:  # anybody can announce
            return Result(_doubtful(state, given), events=(Event.ANNOUNCED,))
        return _ask_next(replace(state, announced_boot=given.boot), Event.ANNOUNCED)
    if host_nonce != state.nonce:
        return Result(state, events=(Event.STALE,))
    device = Device(given.boot, **fields)
    if not device.protocol_oldest <= table.VERSION <= device.protocol_newest:
        return Result(state, events=(Event.INCOMPATIBLE,))
    key = _keyed(state, device, given, keyring)
    if isinstance(key, Event):
        return Result(state, events=(key,), heeded=False)
    linked = replace(state, device=device, nonce=0, heard_utc_us=utc_us, pinged_utc_us=0, session=key)
    return Result(linked, events=(Event.LINKED,))
