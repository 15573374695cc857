"""Memory of a C struct taken out and put back elsewhere: its pointers are those of the place it comes to.

Rule: which bytes are pointers is read from the declaration of the struct, never listed by hand.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

Place = tuple[int, int, Mapping[str, int]]
"""address, size, and the structs in it by name with their offsets"""


def pointers(ffi: Any, kind: Any, at: int = 0) -> Iterator[slice]:
    """The bytes of every pointer in a cffi type, arrays and inner structs included."""
    if kind.kind in ("pointer", "function"):
        yield slice(at, at + ffi.sizeof("void *"))
    elif kind.kind == "array" and kind.item.kind not in ("primitive", "enum"):
        for number in range(kind.length):
            yield from pointers(ffi, kind.item, at + number * ffi.sizeof(kind.item))
    elif kind.kind in ("struct", "union"):
        for _, field in kind.fields:
            yield from pointers(ffi, field.type, at + field.offset)


def save(ffi: Any, address: int, size: int, kinds: Mapping[str, int]) -> bytes:
    """The size bytes at an address. kinds: structs in them and where they begin.

    A pointer into these bytes becomes 1 + its distance from their begin, any other 0.
    """
    content = bytearray(ffi.buffer(ffi.cast("char *", address), size))
    for place in _all(ffi, kinds):
        distance = int.from_bytes(content[place], sys.byteorder) - address
        inside = 1 + distance if 0 <= distance < size else 0
        content[place] = inside.to_bytes(place.stop - place.start, sys.byteorder)
    return bytes(content)


def load(ffi: Any, address: int, size: int, kinds: Mapping[str, int], saved: bytes) -> None:
    """Puts saved bytes there; pointers to elsewhere stay as they are. Raises ValueError when the size is another."""
    if len(saved) != size:
        raise ValueError(f"{len(saved)} bytes of {', '.join(kinds) or 'memory'}, expected {size}")
    memory = ffi.buffer(ffi.cast("char *", address), size)
    content = bytearray(saved)
    for place in _all(ffi, kinds):
        inside = int.from_bytes(content[place], sys.byteorder)
        there = (address + inside - 1).to_bytes(place.stop - place.start, sys.byteorder)
        content[place] = there if inside else memory[place]
    memory[:] = bytes(content)


def _all(ffi: Any, kinds: Mapping[str, int]) -> Iterator[slice]:
    for kind, at in kinds.items():
        yield from pointers(ffi, ffi.typeof(kind), at)
