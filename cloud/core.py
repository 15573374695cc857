"""The cloud's core: one event in, rows to store and bytes to send out.

Rule: no clock, no port, no file in here. A packet's number is acknowledged by `acknowledge`, which the
caller calls only after it has committed the rows of the tick.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from cloud import ingest, occupancy, session
from cloud.observations import Anchor, Boot, Row, Transition, Vitals
from wire import handshake
from wire.packet import Packet
from wire.table import Reason, text_of

QUIET_AFTER_US = 30_000_000  # streaming, yet no data
_FAILURES = {text_of(Reason, Reason[name]) for name in ("RADAR_FAILED", "SELF_TEST_FAILED", "SATURATED", "GAP")}


@dataclass(frozen=True)
class Tick:
    """The time, UTC in us: everything that came before it has been handed over."""

    utc_us: int


class Result(NamedTuple):
    """What an event leads to: rows for the store, bytes for the device."""

    rows: list[Row]
    send: bytes


@dataclass
class Memory:
    """What survives a restart beside the tables: one JSON value in the store's meta."""

    bed: occupancy.Bed = field(default_factory=occupancy.Bed)
    tracker: session.Tracker = field(default_factory=session.Tracker)
    data_utc_us: int = 0  # last data packet
    streaming: bool = False


@dataclass
class State:
    """The whole state. entropy(n): n random bytes; utc_us: the last tick."""

    entropy: handshake.Entropy
    config: handshake.Config = field(default_factory=handshake.Config)
    link: handshake.State = field(default_factory=handshake.State)
    ingest: ingest.Ingest = field(default_factory=ingest.Ingest)
    memory: Memory = field(default_factory=Memory)
    utc_us: int = 0
    rows: list[Row] = field(default_factory=list)  # of this quantum
    send: bytearray = field(default_factory=bytearray)  # of this quantum
    written: dict[int, Boot] = field(default_factory=dict)
    acknowledged: tuple[int, int] = (0, 0)  # boot, seq


def restore(state: State, boots: list[Boot], anchors: list[Anchor], memory: str | None) -> None:
    """Take up where an earlier process on the same store stopped."""
    for row in boots:
        state.ingest.boots[row.boot] = ingest.BootState(row)
        state.written[row.boot] = row
    for anchor in anchors:
        state.ingest.boots[anchor.boot].offset_us = anchor.utc_us - anchor.t_us
    if memory:
        state.memory = msgspec.json.decode(memory, type=Memory)


def remember(state: State) -> str:
    """The part of the state that `restore` takes back."""
    return msgspec.json.encode(state.memory).decode()


def step(state: State, event: Packet | Tick) -> Result:
    """Handle one event. Never raises, whatever the packet holds; rows and bytes come out at the tick."""
    if isinstance(event, Tick):
        return _tick(state, event.utc_us)
    before = state.link
    noticed = handshake.receive(before, event, state.utc_us, state.entropy)
    state.link = noticed.state
    state.send += noticed.send
    if handshake.Event.LINKED in noticed.events:
        _linked(state, event, before.asked_utc_us)
    elif handshake.Event.PONG in noticed.events:
        state.rows += ingest.set_clock(state.ingest, event, before.pinged_utc_us, state.utc_us)
    else:
        ingest.take(state.ingest, event, state.utc_us)
    return Result([], b"")


def acknowledge(state: State) -> bytes:
    """An ACK when the committed sequence of the device's boot has grown. Call after the commit, and only then."""
    device = state.link.device
    if device is None or device.boot not in state.written:
        return b""
    boot = state.ingest.boots[device.boot]
    if any(one.boot == device.boot for one in state.ingest.waiting):
        return b""
    up_to = device.boot, ingest.committed_up_to(boot, state.utc_us)
    if up_to == state.acknowledged or not up_to[1]:
        return b""
    state.acknowledged = up_to
    return handshake.ack(*up_to)


def _linked(state: State, hello: Packet, asked_utc_us: int) -> None:
    """The device answered: its identity and its clock."""
    device = state.link.device
    assert device is not None
    boot = ingest.boot_of(state.ingest, hello.boot)
    new = hello.boot not in state.written
    boot.row = boot.row._replace(
        device_id=device.device_id, config_hash=device.config_hash, parameters_hash=device.parameters_hash
    )
    state.rows += ingest.set_clock(state.ingest, hello, asked_utc_us, state.utc_us)
    if new:
        state.memory.streaming = False
        state.rows += _see(state.memory, occupancy.Event.BOOTED, asked_utc_us, "the device has started")


def _tick(state: State, utc_us: int) -> Result:
    memory = state.memory
    noticed = handshake.tick(state.config, state.link, utc_us, state.entropy)
    state.link, state.utc_us = noticed.state, utc_us
    rows = state.rows
    for raw, seen in ingest.flush(state.ingest):
        memory.data_utc_us = utc_us
        rows += [raw, seen, *_observe(memory, seen)]
    waiting = {one.boot for one in state.ingest.waiting}
    for boot in state.ingest.boots.values():
        if state.written.get(boot.row.boot) != boot.row and boot.row.boot not in waiting:
            state.written[boot.row.boot] = boot.row
            rows.append(boot.row)
    if handshake.Event.LOST in noticed.events:
        rows += _see(memory, occupancy.Event.LOST, utc_us, occupancy.NO_ANSWER)
    elif memory.streaming and utc_us - memory.data_utc_us > QUIET_AFTER_US:
        rows += _see(memory, occupancy.Event.LOST, utc_us, occupancy.NO_PACKETS)
    changed = session.step(memory.tracker, memory.bed.state, utc_us)
    if changed:
        rows.append(changed)
    send = bytes(state.send) + noticed.send
    state.rows, state.send = [], bytearray()
    return Result(rows, send)


def _see(memory: Memory, event: occupancy.Event, utc_us: int, reason: str) -> list[Row]:
    row = occupancy.step(memory.bed, event, utc_us, reason)
    return [row] if row else []


def _observe(memory: Memory, seen: Vitals | Transition) -> list[Row]:
    """What one observation says about the bed."""
    if isinstance(seen, Vitals):
        memory.streaming = True
        if seen.confidence >= occupancy.PERSON_FROM:
            return _see(memory, occupancy.Event.PERSON, seen.utc_us, "a person in the user's place")
        return _see(memory, occupancy.Event.WEAK, seen.utc_us, "confidence below one half")
    memory.streaming = seen.to_state == "streaming"
    if memory.streaming:
        event = occupancy.Event.PERSON
    elif seen.to_state == "standby":
        event = occupancy.Event.STANDBY
    elif seen.reason in _FAILURES or seen.to_state != "monitoring":
        event = occupancy.Event.FAILED
    else:
        event = occupancy.Event.NOBODY
    return _see(memory, event, seen.utc_us, seen.reason)
