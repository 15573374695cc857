"""The cloud's core: one event in, rows to store and bytes to send out.

Rule: no clock, no port, no file in here. A packet's number is acknowledged by `acknowledge`, which the
caller calls only after it has committed the rows of the tick. What is concluded rests on settled packets alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

from cloud import conclude, device, ingest, occupancy, redo, settle
from cloud.memory import Memory, Notice
from cloud.observations import Boot, DataPacket, Gap, Row
from wire import codec, delivery, handshake, packet, table, trust
from wire.packet import Packet

#: A device that is there has answered and sent all it keeps within this.
HOLD_US = 12_000_000
PACKETS_GONE = table.text_of(table.Gap, table.Gap["PACKETS"])


@dataclass(frozen=True)
class Tick:
    """The time, UTC in us: everything that came before it has been handed over."""

    utc_us: int


class Result(NamedTuple):
    """What an event leads to: rows for the store, bytes for the device."""

    rows: list[Row]
    send: bytes


class Questions(Protocol):
    """Who decides what the device is asked at a tick: this core, or in a replay the host of then."""

    def link(
        self, config: handshake.Config, link: handshake.State, utc_us: int, entropy: handshake.Entropy
    ) -> handshake.Result: ...

    def device(
        self, memory: device.Device, settings: device.Settings, linked: bool, utc_us: int, entropy: handshake.Entropy
    ) -> bytes: ...


class Own:
    """The questions of this core."""

    link = staticmethod(handshake.tick)
    device = staticmethod(device.tick)


@dataclass
class State:
    """The whole state. entropy(n): n random bytes; utc_us: the last tick."""

    entropy: handshake.Entropy
    settings: device.Settings = field(default_factory=device.Settings)
    config: handshake.Config = field(default_factory=handshake.Config)
    pulling: delivery.Config = field(default_factory=delivery.Config)
    link: handshake.State = field(default_factory=handshake.State)
    ingest: ingest.Ingest = field(default_factory=ingest.Ingest)
    backlog: delivery.State = field(default_factory=lambda: delivery.State(earlier=True))  # of an earlier boot
    delivery: delivery.State = field(default_factory=delivery.State)
    delay: settle.Delay = field(default_factory=settle.Delay)
    memory: Memory = field(default_factory=Memory)
    redo: redo.Redo = field(default_factory=redo.Redo)
    utc_us: int = 0
    time_asked: int | None = None  # the device's nonce that a TIME answers at this tick
    knows_time: bool = True  # False: this host's clock is not worth telling
    rows: list[Row] = field(default_factory=list)  # of this quantum
    written: dict[int, Boot] = field(default_factory=dict)
    heard: set[int] = field(default_factory=set)  # keys of boots of which something came since their last ACK
    pressing: bool = False  # the device waits for an ACK: what came twice, or what it keeps since before this link
    holds: bool = False  # after a restart: what the device keeps must come before more is concluded
    holds_until_us: int | None = None
    questions: Questions = field(default_factory=Own)
    keyring: trust.Keyring = trust.ANYBODY
    trouble: handshake.Event | None = None  # why there is no link although something answers
    unheeded: int = 0  # packets that proved nothing


def restore(
    state: State, boots: list[ingest.BootState], gaps: list[Gap], unsettled: list[DataPacket], memory: Memory
) -> None:
    """Take up exactly where an earlier process on the same store stopped. unsettled: the packets from `unsettled_from` on."""
    state.memory = memory
    for boot in boots:
        state.ingest.boots[boot.row.boot] = boot
        state.written[boot.row.boot] = boot.row
        if boot.row.device_id is not None and boot.row.device_id not in state.ingest.devices:
            state.ingest.devices.append(boot.row.device_id)
    for gap in gaps:
        _gone(state, gap)
    for stored in unsettled:
        settle.add(state.delay, ingest.observe(stored), memory.seconds.next_s)
    state.delay.late.clear()  # what was late has been heeded in the tick of its coming
    state.holds = True


def relink(state: State) -> None:
    """The port was opened anew: whoever is there must answer, and hand over what it keeps."""
    state.link = replace(state.link, device=None, nonce=0, ping_nonce=0)


def unsettled_from(memory: Memory) -> int:
    """Packets from this UTC on, us, may not have been concluded yet."""
    return (memory.seconds.next_s - 1) * settle.SECOND_US


def step(state: State, event: Packet | Tick) -> Result:
    """Handle one event. Never raises, whatever the packet holds; rows and bytes come out at the tick."""
    if isinstance(event, Tick):
        return _tick(state, event.utc_us)
    before = state.link
    noticed = handshake.receive(before, event, state.utc_us, state.keyring)
    state.link = noticed.state
    state.trouble = next((one for one in noticed.events if one in handshake.TROUBLES), state.trouble)
    if not noticed.heeded:
        state.unheeded += 1
        return Result([], b"")
    if handshake.Event.LINKED in noticed.events:
        state.trouble = None
        _linked(state, event, before)
    elif handshake.Event.PONG in noticed.events:
        state.rows += ingest.set_clock(state.ingest, event, before.pinged_utc_us, state.utc_us)
        state.time_asked = _integer(event, "device_nonce")
        _told(state, event)
    elif event.type in device.ANSWERS:
        if handshake.proved(state.link, event):
            state.rows += device.receive(state.memory.device, event, state.utc_us)
    elif event.type in ingest.DATA:
        came = event.boot, event.seq, state.utc_us, delivery.is_resent(event)
        state.delivery, state.backlog = (delivery.heard(one, *came) for one in (state.delivery, state.backlog))
        new = ingest.take(state.ingest, event, state.utc_us)
        state.pressing |= not new
        if new and event.type == packet.GAP and state.link.device is not None:
            _gone(state, ingest.gap_of(state.ingest, event))  # at once: what is gone is not pulled, clock or not
        state.heard.add(ingest.key_of(state.ingest, event.boot))
    return Result([], b"")


def acknowledge(state: State) -> bytes:
    """An ACK for every boot of which anything came since its last one. Call after the commit, and only then."""
    state.pressing = False
    if state.link.device is None:
        return b""
    waiting = {key for _, key, _ in state.ingest.waiting}
    credit = ingest.WAITING_MAX - len(state.ingest.waiting)
    send = b""
    for key in sorted(state.heard - waiting):
        state.heard.remove(key)
        if key // ingest.PER_DEVICE != state.ingest.device or key not in state.ingest.boots:
            continue
        boot = state.ingest.boots[key]
        seq = _committed(state, boot)
        sack = ingest.sack(boot, seq)
        if seq or sack:
            send += handshake.ack(key % ingest.PER_DEVICE, seq, sack, credit)
    state.link, send = handshake.seal(state.link, send)
    return send


def late_from(state: State, *, now: bool = False) -> int | None:
    """UTC, us, from which stored packets are to be concluded again; None: nothing is due. now: without waiting for more."""
    return redo.wanted(state.redo, state.memory, state.utc_us, now=now)


def conclude_again(state: State, packets: list[DataPacket]) -> None:
    """packets: all that is stored from `late_from` on. The ticks to come conclude them."""
    redo.begin(state.redo, state.memory, packets)


def catch_up(state: State) -> list[Row]:
    """All of what is being concluded again, at once."""
    return redo.step(state.redo, state.memory, state.settings, None)


def finish(state: State) -> list[Row]:
    """The end of the night: what is left is concluded as it is."""
    return catch_up(state) + conclude.finish(state.memory, state.delay, state.settings, state.utc_us)


def _linked(state: State, hello: Packet, before: handshake.State) -> None:
    """The device answered: its identity and its clock."""
    asked_utc_us, heard_utc_us = before.asked_utc_us, before.heard_utc_us
    linked = state.link.device
    assert linked is not None
    ingest.is_device(state.ingest, linked.device_id)
    state.delivery, state.backlog = (replace(one, swept=0, passed=()) for one in (state.delivery, state.backlog))
    boot = ingest.boot_of(state.ingest, hello.boot)
    state.heard.add(boot.row.boot)
    state.pressing = True
    new = boot.row.boot not in state.written
    boot.row = boot.row._replace(
        device_id=linked.device_id, config_hash=linked.config_hash, parameters_hash=linked.parameters_hash
    )
    state.rows += ingest.set_clock(state.ingest, hello, asked_utc_us, state.utc_us)
    _told(state, hello)
    state.rows += redo.answered(state.redo, state.memory, boot.row.boot, heard_utc_us, state.utc_us)
    if new:
        _notice(state, occupancy.Event.BOOTED, asked_utc_us - hello.t_us, occupancy.STARTED)


def _notice(state: State, event: occupancy.Event, utc_us: int, reason: str) -> None:
    """Put it where it waits for its second; of one that is past, for the next second."""
    seconds = state.memory.seconds
    redo.noticed(state.redo, state.memory, Notice(utc_us, event, reason), state.utc_us)
    utc_us = max(utc_us, seconds.next_s * settle.SECOND_US)
    seconds.notices.append(Notice(utc_us, event, reason))
    seconds.notices.sort(key=lambda one: one.utc_us)
    state.memory.keep = state.memory.urgent = True


def _tick(state: State, utc_us: int) -> Result:
    memory = state.memory
    if not memory.seconds.next_s:
        conclude.begin(memory, utc_us)
    noticed = state.questions.link(state.config, state.link, utc_us, state.entropy)
    state.link, state.utc_us = noticed.state, utc_us
    state.settings = device.settings_at(state.settings, utc_us)
    if handshake.Event.LOST in noticed.events:
        _notice(state, occupancy.Event.LOST, utc_us, occupancy.NO_ANSWER)
    rows = state.rows
    rows += _observations(state, utc_us)
    rows += _boots(state)
    if not _holds(state, utc_us):
        rows += conclude.tick(memory, state.delay, state.settings, utc_us)
        rows += redo.step(state.redo, memory, state.settings)
    send = noticed.send + _time(state, utc_us) + _pull(state, utc_us)
    linked = state.link.device is not None
    send += state.questions.device(memory.device, state.settings, linked, utc_us, state.entropy)
    state.rows = []
    state.link, send = handshake.seal(state.link, send)
    return Result(rows, send)


def _holds(state: State, utc_us: int) -> bool:
    """True after a restart until the device has sent what was not committed before, or does not come."""
    if not state.holds:
        return False
    if state.holds_until_us is None:
        state.holds_until_us = utc_us + HOLD_US
    linked = state.link.device
    caught_up = (
        linked is not None
        and state.delivery.boot == linked.boot
        and _committed(state, ingest.boot_of(state.ingest, linked.boot)) >= state.delivery.newest
        and not state.ingest.waiting
    )
    state.holds = not caught_up and utc_us < state.holds_until_us
    return state.holds


def _observations(state: State, utc_us: int) -> list[Row]:
    """Rows of the packets that have come, as far as their time is known or never will be."""
    linked = state.link.device
    rows: list[Row] = []
    for raw, seen in ingest.flush(state.ingest, None if linked is None else linked.boot, utc_us):
        rows.append(raw)
        if seen is None:
            continue
        rows.append(seen)
        if isinstance(raw, DataPacket):
            redo.seen(state.redo, state.memory, seen, utc_us)
            settle.add(state.delay, seen, state.memory.seconds.next_s)
        if isinstance(seen, Gap):
            _gone(state, seen)
    return rows


def _gone(state: State, gap: Gap) -> None:
    """What the device no longer has is not waited for. A gap names nothing behind itself."""
    if gap.what == PACKETS_GONE:
        last = min(gap.last_seq, gap.seq - 1) if gap.of_boot == gap.boot else gap.last_seq
        boots = state.ingest.boots
        boot = boots.setdefault(gap.of_boot, ingest.BootState(Boot(gap.of_boot, None, None, None, 0, 0, 0)))
        ingest.never_comes(boot, gap.first_seq, last)
        state.heard.add(gap.of_boot)


def _boots(state: State) -> list[Row]:
    """Rows of the boots that have changed and whose packets are all timed."""
    waiting = {key for _, key, _ in state.ingest.waiting}
    changed = [
        boot.row
        for boot in state.ingest.boots.values()
        if state.written.get(boot.row.boot) != boot.row and boot.row.boot not in waiting
    ]
    state.written.update({row.boot: row for row in changed})
    return list(changed)


def _time(state: State, utc_us: int) -> bytes:
    """The answer to the PONG of this quantum: the device's clock is this tick's."""
    nonce, state.time_asked = state.time_asked, None
    if nonce is None or not state.knows_time:
        return b""
    return codec.encode(packet.make(packet.TIME, {"device_nonce": nonce, "utc_us": utc_us}))


def _told(state: State, answer: Packet) -> None:
    """A HELLO or PONG says what the device keeps."""
    kept = _integer(answer, "oldest_seq"), _integer(answer, "newest_seq")
    state.delivery = delivery.told(state.delivery, answer.boot, *kept)
    state.backlog = delivery.told_of_backlog(state.backlog, answer.boot, _integer(answer, "oldest_boot"))


def _committed(state: State, boot: ingest.BootState) -> int:
    wire_boot = boot.row.boot % ingest.PER_DEVICE
    return ingest.committed_up_to(boot, delivery.gone_before(state.delivery, wire_boot))


def _pull(state: State, utc_us: int) -> bytes:
    """Questions for packets that the device keeps and does not send by itself: of its boot, and of an earlier one."""
    if state.link.device is None:
        return b""
    state.delivery, send = _pull_of(state, state.delivery, utc_us)
    if not send and state.backlog.boot:
        state.backlog, send = _pull_of(state, state.backlog, utc_us)
    return send


def _pull_of(state: State, asked: delivery.State, utc_us: int) -> tuple[delivery.State, bytes]:
    boot = ingest.boot_of(state.ingest, asked.boot)
    committed = _committed(state, boot)
    hole = ingest.hole(boot, committed + 1)
    if hole and delivery.hopeless(state.pulling, asked, committed):
        ingest.never_comes(boot, committed + 1, committed + hole)
        state.heard.add(boot.row.boot)
        committed = _committed(state, boot)
        hole = ingest.hole(boot, committed + 1)
    asked, send = delivery.pull_passed(state.pulling, asked, boot.absent_from, boot.got.present_from, utc_us)
    asked, more = delivery.tick(state.pulling, asked, committed, utc_us, hole)
    return asked, send + more


def _integer(one: Packet, name: str) -> int:
    value = one.fields[name]
    assert isinstance(value, int)
    return value
