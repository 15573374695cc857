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
    """packets: type -> rows in the order of the stream: at (where its block begins), header, payload, tag (zeros without one,
    checked by nobody). rest: of a block that has not ended."""

    packets: dict[int, npt.NDArray[np.void]]
    counters: codec.Counters
    rest: bytes


def dtype(type_: int) -> np.dtype[np.void]:
    """Of the rows of a packet type. Raises KeyError for a type that packet.h does not list."""
    layout = table.LAYOUTS[type_]
    return np.dtype(
        [("at", "<i8"), ("header", table.HEADER.dtype), ("payload", layout.dtype), ("tag", "u1", (codec.TAG_BYTES,))]
    )


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
    header = _viewed(bodies[:, :_HEAD], table.HEADER.dtype)
    types, flags = header["type"], header["flags"]
    version = (header["version"] == table.VERSION) | np.isin(types, codec.OF_EVERY_VERSION)
    known_flags = flags & (255 - codec.FLAGS) == 0
    known = np.isin(types, list(table.LAYOUTS))
    counters.bad_version += int((~version).sum())
    counters.bad_flags += int((version & ~known_flags).sum())
    counters.unknown_type += int((version & known_flags & ~known).sum())
    found: dict[int, npt.NDArray[np.void]] = {}
    for type_ in np.unique(types[version & known_flags & known]).tolist():
        of_type = version & known_flags & (types == type_)
        parts = []
        for tag_bytes in (0, codec.TAG_BYTES):
            tagged = flags & table.FLAG_TAG_ABSENT == 0 if tag_bytes else flags & table.FLAG_TAG_ABSENT != 0
            parts.append(_of_type(type_, bodies[of_type & tagged], at[of_type & tagged], tag_bytes, counters))
        if rows := [one for one in parts if len(one)]:
            found[type_] = np.concatenate(rows)
    return found


def _of_type(
    type_: int, bodies: Bytes, at: npt.NDArray[np.int64], tag_bytes: int, counters: codec.Counters
) -> npt.NDArray[np.void]:
    """Intact bodies of one length and type, all with or all without a tag, as rows."""
    n, size = bodies.shape
    layout, end = table.LAYOUTS[type_], size - codec.CRC_BYTES - tag_bytes
    if end - _HEAD < layout.n_bytes:
        counters.too_short += n
        n = 0
    elif end - _HEAD > codec.PAYLOAD_MAX:
        counters.too_long += n
        n = 0
    rows = np.zeros(n, dtype(type_))
    if n:
        rows["at"] = at
        rows["header"] = _viewed(bodies[:, :_HEAD], table.HEADER.dtype)
        rows["payload"] = _viewed(bodies[:, _HEAD : _HEAD + layout.n_bytes], layout.dtype)
        rows["tag"][:, :tag_bytes] = bodies[:, end : end + tag_bytes]
    counters.packets += n
    return rows


def _viewed(bodies: Bytes, dtype: np.dtype[np.void]) -> npt.NDArray[np.void]:
    """Rows of bytes as rows of dtype."""
    return np.ascontiguousarray(bodies).view(dtype).reshape(-1)


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
    """Rows of one type (dtype(type), at is not used) as the line's bytes; tags as they are given.

    Raises ValueError for packets longer than PLAIN_MAX on the line, rows of several types, or some with and some without
    a tag.
    """
    types, tagged = np.unique(rows["header"]["type"]), np.unique(rows["header"]["flags"] & table.FLAG_TAG_ABSENT == 0)
    if any(
        type_ not in table.LAYOUTS or table.LAYOUTS[type_].dtype != rows.dtype["payload"] for type_ in types.tolist()
    ):
        raise ValueError(f"rows of packet types {types.tolist()}: their payloads are not of that type")
    if len(tagged) > 1:
        raise ValueError("rows with and without a tag: expected one of both")
    parts = [_as_bytes(rows["header"]), _as_bytes(rows["payload"]), *([rows["tag"]] if tagged.any() else [])]
    n, size = len(rows), sum(part.shape[1] for part in parts) + codec.CRC_BYTES
    if size >= PLAIN_MAX:
        raise ValueError(f"packets of {size} bytes, at most {PLAIN_MAX - 1}")
    line = np.zeros((n, size + 2), np.uint8)
    np.concatenate(parts, axis=1, out=line[:, 1 : -1 - codec.CRC_BYTES])
    crcs = _crcs(line[:, 1 : -1 - codec.CRC_BYTES]).astype("<u4")
    line[:, -1 - codec.CRC_BYTES : -1] = crcs.view(np.uint8).reshape(n, codec.CRC_BYTES)
    flat = line.reshape(-1)
    zeros = np.flatnonzero(flat == 0)  # the first byte, which will hold a code, the body's zeros, the delimiter
    flat[zeros[:-1]] = np.diff(zeros)
    line[:, -1] = 0
    return line.tobytes()


def _as_bytes(rows: npt.NDArray[np.void]) -> Bytes:
    return np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), rows.dtype.itemsize)
