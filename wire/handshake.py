"""The host's side of the link: prove that the device is there now, notice its reboots, acknowledge.

Rule: a device counts as present only when it echoes a nonce drawn for this question; a nonce is used once.
`receive` and `tick` are pure: state in, state out, bytes to send beside it; no clock, no random source.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from wire import codec, packet, table
from wire.packet import Packet

Entropy = Callable[[int], bytes]  # n -> n random bytes
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


@dataclass(frozen=True, slots=True)
class Result:
    """The new state, the bytes for the line, what was noticed."""

    state: State
    send: bytes = b""
    events: tuple[Event, ...] = ()


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
    asked = replace(state, device=None, nonce=nonce, asked_utc_us=utc_us, ping_nonce=0)
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


def receive(state: State, given: Packet, utc_us: int) -> Result:
    """Takes one packet from the device, of any type, heard at utc_us. Sends nothing: the next tick does."""
    if given.layout.from_host:
        return Result(state)
    if given.type == packet.HELLO:
        return _hello(state, given, utc_us)
    if not proved(state, given):
        backlog = bool(given.flags & table.FLAG_RESENT)  # what the device kept of an earlier boot
        return Result(state) if state.device is None or backlog else _ask_next(state, Event.OTHER_BOOT)
    if given.type == packet.PONG:
        if state.ping_nonce == 0 or given.fields["nonce"] != state.ping_nonce:
            return Result(state, events=(Event.STALE,))
        return Result(replace(state, ping_nonce=0, heard_utc_us=utc_us), events=(Event.PONG,))
    return Result(replace(state, heard_utc_us=utc_us))


def _hello(state: State, given: Packet, utc_us: int) -> Result:
    """An announcement calls for a question (once per boot); an answer closes it."""
    fields = {name: value for name, value in given.fields.items() if isinstance(value, int)}
    host_nonce = fields.pop("host_nonce")
    if host_nonce == 0:
        if proved(state, given):
            return Result(replace(state, heard_utc_us=utc_us))
        if given.boot == state.announced_boot:
            return Result(state)
        return _ask_next(replace(state, announced_boot=given.boot), Event.ANNOUNCED)
    if host_nonce != state.nonce:
        return Result(state, events=(Event.STALE,))
    device = Device(given.boot, **fields)
    if not device.protocol_oldest <= table.VERSION <= device.protocol_newest:
        return Result(state, events=(Event.INCOMPATIBLE,))
    linked = replace(state, device=device, nonce=0, heard_utc_us=utc_us, pinged_utc_us=0)
    return Result(linked, events=(Event.LINKED,))
