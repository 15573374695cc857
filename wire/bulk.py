"""Many packets at once: a whole stream to structured arrays and back, for nights that are looked at as a whole.

Rule: what comes out is what wire.codec gives, packet by packet, with the same counters; a test compares. Only the way is
another one: blocks of one length are the rows of a matrix.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wire import codec, table

Bytes = npt.NDArray[np.uint8]
#: A longer block may hold full runs, which shift everything behind them: it is decoded by itself.
PLAIN_MAX = 254

_HEAD = table.HEADER.n_bytes
_BODY_MIN = _HEAD + codec.CRC_BYTES


@dataclass(frozen=True)
class Found:
    """packets: type -> rows in the order of the stream: at (where its block begins), header, payload. rest: of a block that
    has not ended."""

    packets: dict[int, npt.NDArray[np.void]]
    counters: codec.Counters
    rest: bytes


def dtype(type_: int) -> np.dtype[np.void]:
    """Of the rows of a packet type. Raises KeyError for a type that packet.h does not list."""
    layout = table.LAYOUTS[type_]
    return np.dtype([("at", "<i8"), ("header", table.HEADER.dtype), ("payload", layout.dtype)])


def decode(stream: bytes) -> Found:
    """Every intact packet of the stream; the part of a payload that this version does not know is dropped."""
    counters = codec.Counters()
    data = np.frombuffer(stream, np.uint8)
    ends = np.flatnonzero(data == 0)
    starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    sizes = ends - starts
    counters.too_long = int((sizes > codec.BLOCK_MAX).sum())
    rest = stream[int(ends[-1]) + 1 if len(ends) else 0 :]
    counters.too_long += len(rest) > codec.BLOCK_MAX
    found: dict[int, list[npt.NDArray[np.void]]] = {}
    for size in np.unique(sizes[(sizes > 0) & (sizes <= codec.BLOCK_MAX)]).tolist():
        at = starts[sizes == size]
        blocks = np.lib.stride_tricks.sliding_window_view(data, size)[at]
        for places, bodies in _bodies(blocks, at, counters):
            for type_, rows in _rows(bodies, places, counters).items():
                found.setdefault(type_, []).append(rows)
    packets = {type_: np.concatenate(rows) for type_, rows in found.items()}
    return Found({type_: rows[np.argsort(rows["at"])] for type_, rows in packets.items()}, counters, rest)


def _bodies(
    blocks: Bytes, at: npt.NDArray[np.int64], counters: codec.Counters
) -> list[tuple[npt.NDArray[np.int64], Bytes]]:
    """COBS taken off: (at, uint8[block, body byte]) of every length of body."""
    if blocks.shape[1] > PLAIN_MAX:
        return _long_bodies(blocks, at, counters)
    n, size = blocks.shape
    flat = blocks.reshape(-1)
    ends = np.arange(1, n + 1) * size
    code_at = ends - size
    good = np.ones(n, bool)
    rows = np.arange(n)
    while len(rows):
        codes = flat[code_at]
        flat[code_at] = 0
        code_at = code_at + codes
        good[rows[code_at > ends]] = False
        going = code_at < ends
        rows, code_at, ends = rows[going], code_at[going], ends[going]
    counters.bad_cobs += int(n - good.sum())
    return [(at[good], blocks[good, 1:])]


def _long_bodies(
    blocks: Bytes, at: npt.NDArray[np.int64], counters: codec.Counters
) -> list[tuple[npt.NDArray[np.int64], Bytes]]:
    by_size: dict[int, list[tuple[int, bytes]]] = {}
    for place, block in zip(at.tolist(), blocks, strict=True):
        body = codec.cobs_decode(block.tobytes())
        if body is None:
            counters.bad_cobs += 1
        else:
            by_size.setdefault(len(body), []).append((place, body))
    return [
        (
            np.array([place for place, _ in found], np.int64),
            np.frombuffer(b"".join(body for _, body in found), np.uint8).reshape(len(found), size),
        )
        for size, found in by_size.items()
    ]


def _rows(bodies: Bytes, at: npt.NDArray[np.int64], counters: codec.Counters) -> dict[int, npt.NDArray[np.void]]:
    """The packets of bodies of one length, by type; what is not intact is counted."""
    n, size = bodies.shape
    if size < _BODY_MIN:
        counters.too_short += n
        return {}
    intact = _crcs(bodies[:, : -codec.CRC_BYTES]) == _numbers(bodies[:, -codec.CRC_BYTES :])
    counters.bad_crc += int(n - intact.sum())
    bodies, at = bodies[intact], at[intact]
    header = np.ascontiguousarray(bodies[:, :_HEAD]).view(table.HEADER.dtype).reshape(-1)
    version = header["version"] == table.VERSION
    flags = header["flags"] & (255 - table.FLAG_RESENT) == table.FLAG_TAG_ABSENT
    counters.bad_version += int((~version).sum())
    counters.bad_flags += int((version & ~flags).sum())
    found = {}
    for type_ in np.unique(header["type"][version & flags]).tolist():
        these = version & flags & (header["type"] == type_)
        if type_ not in table.LAYOUTS:
            counters.unknown_type += int(these.sum())
            continue
        layout = table.LAYOUTS[type_]
        if size - _BODY_MIN < layout.n_bytes:
            counters.too_short += int(these.sum())
            continue
        rows = np.zeros(int(these.sum()), dtype(type_))
        rows["at"], rows["header"] = at[these], header[these]
        payload = np.ascontiguousarray(bodies[these, _HEAD : _HEAD + layout.n_bytes])
        rows["payload"] = payload.view(layout.dtype).reshape(-1)
        counters.packets += len(rows)
        found[type_] = rows
    return found


def _crcs(bodies: Bytes) -> npt.NDArray[np.uint32]:
    """CRC-32 of every row."""
    n, size = bodies.shape
    data = np.ascontiguousarray(bodies).reshape(-1).data
    crc32 = zlib.crc32
    return np.array([crc32(data[at : at + size]) for at in range(0, n * size, size)], np.uint32)


def _numbers(four: Bytes) -> npt.NDArray[np.uint32]:
    """Little-endian u32 of every row of four bytes."""
    return np.ascontiguousarray(four).view("<u4").reshape(-1)


def encode(rows: npt.NDArray[np.void]) -> bytes:
    """Rows of one type (dtype(type), at is not used) as the line's bytes.

    Raises ValueError for a type whose packets are longer than PLAIN_MAX on the line, or rows of another type.
    """
    n, size = len(rows), _HEAD + rows.dtype["payload"].itemsize + codec.CRC_BYTES
    if size >= PLAIN_MAX:
        raise ValueError(f"packets of {size} bytes, at most {PLAIN_MAX - 1}")
    types = np.unique(rows["header"]["type"]).tolist()
    if any(type_ not in table.LAYOUTS or table.LAYOUTS[type_].dtype != rows.dtype["payload"] for type_ in types):
        raise ValueError(f"rows of packet types {types}: their payloads are not of that type")
    line = np.zeros((n, size + 2), np.uint8)
    line[:, 1 : 1 + _HEAD] = _as_bytes(rows["header"])
    line[:, 1 + _HEAD : -1 - codec.CRC_BYTES] = _as_bytes(rows["payload"])
    crcs = _crcs(line[:, 1 : -1 - codec.CRC_BYTES]).astype("<u4")
    line[:, -1 - codec.CRC_BYTES : -1] = crcs.view(np.uint8).reshape(n, codec.CRC_BYTES)
    flat = line.reshape(-1)
    zeros = np.flatnonzero(flat == 0)  # the first byte, which will hold a code, the body's zeros, the delimiter
    flat[zeros[:-1]] = np.diff(zeros)
    line[:, -1] = 0
    return line.tobytes()


def _as_bytes(rows: npt.NDArray[np.void]) -> Bytes:
    return np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), rows.dtype.itemsize)
