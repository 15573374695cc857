"""A whole board in one piece of bytes: header with fingerprint, then everything that decides what happens next.

Rule: a snapshot goes on to the very bytes the first run would have sent, or is refused in one line that says what
differs. Who is at the other end of the line, recorders and levers that still wait are no part of the board.

Layout, integers little-endian: MAGIC, u32 format, u32 n, n bytes of fingerprint (JSON, text by name), u64 m, SHA-256 of
all before and of the m bytes that follow: the state, MessagePack, deflated.
"""

from __future__ import annotations

import hashlib
import struct
import sys
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import msgspec
import numpy as np

from hw_sim import memory
from hw_sim.board import Board, PinEdge, Samples
from hw_sim.chip.core import ffi, lib
from hw_sim.link_counts import LinkCounts, Pull
from hw_sim.quanta import Quanta
from hw_sim.radar_view import RadarView
from hw_sim.scenario import Scenario, Side
from hw_sim.scene import Scene
from hw_sim.version import version

MAGIC = b"\x89SWboard"
FORMAT = 3
HEAD = struct.Struct("<8sII")
BODY = struct.Struct("<Q32s")


class SnapshotError(ValueError):
    """A snapshot cannot be taken or used; one line."""


class Block(msgspec.Struct):
    """Samples lent to the chip. frames: their bytes, None when the source makes them again."""

    first_clock: int
    n_frames: int
    view: dict[str, Any]
    frames: bytes | None = None


class BoardState(msgspec.Struct):
    """chip, board: memory without addresses. flash: the sectors that anything was done to."""

    chip: bytes
    board: bytes
    flash: dict[int, bytes]
    block: Block | None
    source_ended: bool
    pin_log: list[PinEdge]


class LineState(msgspec.Struct):
    """What the rig holds between board and host; names as in Levers and Quanta."""

    standby_spans_us: list[tuple[int, int]]
    quantum_us: int
    line_cut: bool
    heard: bytes
    to_device: bytes
    fine_us: tuple[int, int]
    t0_utc_us: int
    standby_since_us: int | None
    passed: list[int]
    board_faults: dict[str, Any]
    faults: list[tuple[str, float, int, int | None, bool, bool]]


class SceneState(msgspec.Struct):
    """What a scene is made of."""

    scenario: Scenario
    seed: int
    duration_s: float
    side: Side


class State(msgspec.Struct):
    """The whole. made_with: how the rig was made. counts: see save_counts. device: its memory, piece by piece.

    packets: as heard; decoders: of the line, (held, skipping, counters).
    """

    made_with: dict[str, Any]
    scene: SceneState | None
    board: BoardState
    line: LineState
    counts: dict[str, Any]
    device: list[bytes]
    packets: list[tuple[Any, ...]]
    decoders: list[tuple[bytes, bool, dict[str, int]]]


def pack(fingerprint: Mapping[str, str], state: State) -> bytes:
    """The bytes of a snapshot."""
    names = msgspec.json.encode(dict(fingerprint))
    head = HEAD.pack(MAGIC, FORMAT, len(names)) + names
    body = zlib.compress(msgspec.msgpack.encode(state), 1)
    return head + BODY.pack(len(body), hashlib.sha256(head + body).digest()) + body


def unpack(data: bytes, fingerprint: Mapping[str, str]) -> State:
    """The state, when the fingerprint is ours. Raises SnapshotError."""
    theirs = fingerprint_of(data)
    _, _, n = HEAD.unpack_from(data)
    at = HEAD.size + n
    if len(data) < at + BODY.size:
        raise SnapshotError(f"snapshot: cut off after {len(data)} bytes")
    size, digest = BODY.unpack_from(data, at)
    body = data[at + BODY.size :]
    if len(body) != size:
        raise SnapshotError(f"snapshot: {len(body)} bytes of state, expected {size}: cut off, or something behind it")
    if hashlib.sha256(data[:at] + body).digest() != digest:
        raise SnapshotError("snapshot: damaged, its checksum does not hold")
    for name in [*fingerprint, *sorted(theirs.keys() - fingerprint.keys())]:
        if theirs.get(name) != fingerprint.get(name):
            was, ours = theirs.get(name, "nothing"), fingerprint.get(name, "nothing")
            raise SnapshotError(f"snapshot: another {name}: it has {was}, this is {ours}")
    return msgspec.msgpack.decode(zlib.decompress(body), type=State)


def fingerprint_of(data: bytes) -> dict[str, str]:
    """What a snapshot says it was made with. Raises SnapshotError when it is none."""
    if len(data) < HEAD.size or data[: len(MAGIC)] != MAGIC:
        raise SnapshotError("snapshot: expected one of a board, this is something else")
    _, version, n = HEAD.unpack_from(data)
    if version != FORMAT:
        raise SnapshotError(f"snapshot: format {version}, this program reads {FORMAT}")
    try:
        return msgspec.json.decode(data[HEAD.size : HEAD.size + n], type=dict[str, str])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise SnapshotError("snapshot: damaged or cut off in its fingerprint") from None


def board_fingerprint() -> dict[str, str]:
    """The simulator's part of the fingerprint."""
    return {
        "board": ffi.string(lib.board_source_hash()).decode()[:16],
        "version": version() or "not installed",
        "words": f"{8 * ffi.sizeof('void *')} bit, {sys.byteorder}-endian",
    }


def take(rig: Any, fingerprint: Mapping[str, str]) -> bytes:
    """The bytes of a rig. Raises SnapshotError."""
    if rig.made_with["target"] != "host":
        raise SnapshotError(f"snapshot: target {rig.made_with['target']}: expected host")
    if rig.board.running:
        raise SnapshotError("snapshot: the board is inside a step; take it between two runs, or by a lever")
    state = State(
        made_with=rig.made_with,
        scene=save_scene(rig.scene),
        board=save_board(rig.board, embed=rig.scene is None),
        line=save_line(rig),
        counts=save_counts(rig.counts),
        device=[memory.save(rig.device.firmware.ffi, *place) for place in rig.device.places()],
        packets=[tuple(one) for one in rig.packets],
        decoders=[(one._held, one._skipping, asdict(one.counters)) for one in rig.decoders],
    )
    return pack(fingerprint, state)


def put(rig: Any, state: State) -> None:
    """A state into a rig that was just made, all but its packets. Raises SnapshotError."""
    places = rig.device.places()
    if [len(piece) for piece in state.device] != [size for _, size, _ in places]:
        raise SnapshotError("snapshot: the device's memory has another size")
    for (address, size, kinds), piece in zip(places, state.device, strict=True):
        memory.load(rig.device.firmware.ffi, address, size, kinds, piece)
    load_board(rig.board, state.board, rig.source)
    load_line(rig, state.line)
    load_counts(rig.counts, state.counts)
    for decoder, (held, skipping, counters) in zip(rig.decoders, state.decoders, strict=True):
        decoder._held, decoder._skipping, decoder.counters = held, skipping, type(decoder.counters)(**counters)


# --- the board


def save_board(board: Board, embed: bool) -> BoardState:
    """embed: the lent samples go in, for a source that cannot make them again. Raises SnapshotError."""
    frames, fed = board.chip.frames, board.fed
    saved = ffi.new("uint8_t[]", lib.chip_size())
    data = ffi.NULL if frames is None or not frames.size else ffi.cast("const uint16_t *", ffi.from_buffer(frames))
    if lib.chip_save(board.chip.pointer, data, 0 if frames is None else frames.size, saved) != 0:
        raise SnapshotError("snapshot: the chip stands at samples that nobody holds any more")
    block = None
    if frames is not None and fed is not None:
        view = {name: getattr(fed[1], name) for name in RadarView.__dataclass_fields__}
        block = Block(fed[0], len(frames), view, frames.tobytes() if embed else None)
    held = memory.save(ffi, board.context, ffi.sizeof("board"), {"board": 0})
    flash = board.nor_flash.sectors()
    return BoardState(bytes(ffi.buffer(saved)), held, flash, block, board.source_ended, board.pin_log())


def load_board(board: Board, state: BoardState, source: Any) -> None:
    """Into a fresh board. source: makes the lent samples again unless they are in the state. Raises SnapshotError."""
    frames = None if state.block is None else _frames_of(state.block, source)
    data = ffi.NULL if frames is None or not frames.size else ffi.cast("const uint16_t *", ffi.from_buffer(frames))
    if len(state.chip) != lib.chip_size():
        raise SnapshotError(f"snapshot: {len(state.chip)} bytes of chip, expected {lib.chip_size()}")
    lib.chip_load(board.chip.pointer, state.chip, data)
    board.chip.frames = frames
    board.fed = None if state.block is None else (state.block.first_clock, _view_of(state.block))
    board.nor_flash.load_sectors(state.flash)
    memory.load(ffi, board.context, ffi.sizeof("board"), {"board": 0}, state.board)
    board.source_ended = state.source_ended
    board.forget_pins(state.pin_log)


def _view_of(block: Block) -> RadarView:
    """As it was: decoding makes lists of its tuples, and lists have no hash."""
    found: dict[str, Any] = {}
    for name, value in block.view.items():
        found[name] = tuple(value) if isinstance(value, list) else value
    return RadarView(**found)


def _frames_of(block: Block, source: Any) -> Samples:
    view = _view_of(block)
    if block.frames is not None:
        return np.frombuffer(block.frames, np.uint16).reshape(block.n_frames, -1).copy()
    frames: Samples = source.block(block.first_clock, view)
    if len(frames) != block.n_frames:
        raise SnapshotError(f"snapshot: the scene gives {len(frames)} frames where it gave {block.n_frames}")
    return frames


# --- what the rig holds around it


def save_line(rig: Quanta) -> LineState:
    """Raises SnapshotError while levers wait: functions cannot be put into bytes."""
    if rig._due:
        first_s = rig._due[0][0] / 1e6
        raise SnapshotError(
            f"snapshot: {len(rig._due)} levers still wait, the first at {first_s:g} s; name them afterwards"
        )
    return LineState(
        standby_spans_us=rig.standby_spans_us,
        quantum_us=rig.quantum_us,
        line_cut=rig.line_cut,
        heard=rig._heard,
        to_device=rig._to_device,
        fine_us=rig._fine_us,
        t0_utc_us=rig.t0_utc_us,
        standby_since_us=rig.silence.standby_since_us,
        passed=rig.line.passed,
        board_faults=asdict(rig.faults.base),
        faults=rig.faults.save(),
    )


def load_line(rig: Quanta, state: LineState) -> None:
    """Into a rig without a host."""
    rig.standby_spans_us = state.standby_spans_us
    rig.quantum_us, rig.line_cut = state.quantum_us, state.line_cut
    rig._heard, rig._to_device, rig._fine_us = state.heard, state.to_device, state.fine_us
    rig.t0_utc_us, rig.silence.standby_since_us = state.t0_utc_us, state.standby_since_us
    rig.line.passed = list(state.passed)
    rig.faults.load(state.board_faults, state.faults)


NOT_COUNTED = ("read", "silent", "_digest", "_open", "_pulls")
"""Fields of LinkCounts that are no plain values: the rig's functions, and what is stored in another form."""


def save_counts(counts: LinkCounts) -> dict[str, Any]:
    """Every field by name."""
    plain = {one.name: getattr(counts, one.name) for one in fields(counts) if one.name not in NOT_COUNTED}
    return plain | {
        "_open": list(counts._open.items()),
        "_pulls": [(one.boot, one.seq, one.n, one.until_us) for one in counts._pulls],
    }


def load_counts(counts: LinkCounts, state: dict[str, Any]) -> None:
    """The running digest is made again from the bytes."""
    for name, value in state.items():
        setattr(counts, name, value)
    counts._sent = bytearray(state["_sent"])
    counts._digest = hashlib.sha256(counts._sent)
    counts._open = Counter({tuple(question): n for question, n in state["_open"]})
    counts._pulls = [Pull(*one) for one in state["_pulls"]]


def save_scene(scene: Scene | None) -> SceneState | None:
    return None if scene is None else SceneState(scene.scenario, scene.seed, scene.duration_s, scene.side)


def load_scene(state: SceneState | None, given: Scene | None) -> Scene | None:
    """The scene itself, or the given one when it is the same. Raises SnapshotError."""
    if given is None:
        return (
            None
            if state is None
            else Scene(state.scenario, seed=state.seed, duration_s=state.duration_s, side=state.side)
        )
    now = save_scene(given)
    for name in SceneState.__struct_fields__:
        if state is None or getattr(now, name) != getattr(state, name):
            was = "no scene" if state is None else getattr(state, name)
            raise SnapshotError(
                f"snapshot: another {name} of the scene: {_short(was)}, given {_short(getattr(now, name))}"
            )
    return given


def _short(value: object) -> str:
    text = getattr(value, "description", None) or str(value)
    return text if len(text) <= 60 else text[:57] + "..."
