"""Records of an MCAP file in the order in which they were written, also of a file that was cut or damaged.

Rule: a chunk whose checksum differs is left out whole, and whatever the bytes say, memory stays bounded and nothing is
raised. Where a record's length cannot be right, the next intact chunk or metadata is searched for.
Source: the MCAP specification: magic, then records of opcode u8, length u64, content.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import lz4.frame
import zstandard
from mcap.data_stream import ReadDataStream
from mcap.records import Attachment, Channel, Chunk, Header, Message, Metadata, Schema
from mcap.stream_reader import breakup_chunk

MAGIC = b"\x89MCAP0\r\n"
#: Longer ones are damage: nobody writes them, and nobody shall hold them.
RECORD_MAX = 1 << 26

_HEADER, _MESSAGE, _CHUNK, _DATA_END = 1, 5, 6, 15
_KNOWN_TO = 15
_READ: dict[int, Any] = {1: Header, 3: Schema, 4: Channel, 5: Message, 6: Chunk, 9: Attachment, 12: Metadata}
_BLOCK = 1 << 20
_HEAD = 9  # opcode and length
_NEXT = re.compile(rb"[\x06\x0c].{3}[\x00-\x03]\x00{4}", re.DOTALL)  # a chunk or metadata, shorter than RECORD_MAX


@dataclass(slots=True)
class Condition:
    """What the walk came across. whole: the file has its end and nothing is damaged; damaged: places left out."""

    whole: bool = False
    damaged: int = 0
    profile: str = ""
    mcap: bool = False  # it begins as an MCAP file


class _Content:
    """The bytes of an open file by place; nothing is mapped, so that a bad sector is an OSError."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.size = file.seek(0, 2)

    def read(self, at: int, n: int) -> bytes:
        self._file.seek(at)
        return self._file.read(n)

    def candidates(self, start: int) -> Iterator[int]:
        """Places that look like the beginning of a chunk or of metadata."""
        for block in range(start, self.size, _BLOCK):
            for match in _NEXT.finditer(self.read(block, _BLOCK + _HEAD - 1)):
                if match.start() < _BLOCK:
                    yield block + match.start()


def walk(path: Path, condition: Condition, search: bool = False) -> Iterator[Any]:
    """Schema, Channel, Message, Attachment and Metadata records; chunks are taken apart.

    Fills condition on the way. search: also a file that does not begin as MCAP. Raises OSError alone.
    """
    with path.open("rb") as file:
        content = _Content(file)
        condition.mcap = content.read(0, len(MAGIC)) == MAGIC
        if condition.mcap or search:
            yield from _walk(content, condition)


def _walk(content: _Content, condition: Condition) -> Iterator[Any]:
    at = len(MAGIC) if condition.mcap else 0
    ended = False
    while at < content.size and not ended:
        opcode, length = _head(content, at)
        if not 1 <= opcode <= _KNOWN_TO or length > min(content.size - at - _HEAD, RECORD_MAX):
            at = _resumed(content, at + 1, condition)
            continue
        found = _taken_apart(opcode, content, at + _HEAD, length, condition)
        if found is None:
            condition.damaged += 1
        else:
            yield from found
        at += _HEAD + length
        ended = opcode == _DATA_END
    end = content.read(max(content.size - len(MAGIC), 0), len(MAGIC))
    condition.whole = ended and condition.mcap and not condition.damaged and end == MAGIC


def _head(content: _Content, at: int) -> tuple[int, int]:
    """Opcode and length of the record there; (0, 0) where none fits any more."""
    head = content.read(at, _HEAD)
    return (head[0], int.from_bytes(head[1:], "little")) if len(head) == _HEAD else (0, 0)


def _resumed(content: _Content, start: int, condition: Condition) -> int:
    """Where it goes on behind a place that makes no sense; the end when nothing intact follows."""
    for at in content.candidates(start):
        opcode, length = _head(content, at)
        if length > content.size - at - _HEAD:
            continue
        if _taken_apart(opcode, content, at + _HEAD, length, Condition()) is not None:
            condition.damaged += 1
            return at
    return content.size


def _taken_apart(opcode: int, content: _Content, start: int, length: int, condition: Condition) -> list[Any] | None:
    """What a record holds for the reader; None when it is damaged."""
    if opcode not in _READ:
        return []  # an index: what it says, the records say themselves
    stream = ReadDataStream(BytesIO(content.read(start, length)))
    try:
        if opcode == _CHUNK:
            return list(breakup_chunk(_unpacked(Chunk.read(stream)), validate_crc=True))
        if opcode == _MESSAGE:
            return [Message.read(stream, length)]
        if opcode == _HEADER:
            condition.profile = str(Header.read(stream).profile)
            return []
        return [_READ[opcode].read(stream)]
    except Exception:  # reader and decompressors have no error class in common: whatever they raise is damage
        return None


def _unpacked(chunk: Chunk) -> Chunk:
    """The same without compression, and never more of it than it says itself. Raises whatever the decompressors raise."""
    n = chunk.uncompressed_size
    if n > RECORD_MAX:
        raise ValueError(f"chunk of {n} bytes")
    data = bytes(chunk.data)
    if chunk.compression == "zstd":
        data = zstandard.ZstdDecompressor(max_window_size=RECORD_MAX).stream_reader(data).read(n)
    elif chunk.compression == "lz4":
        data = lz4.frame.LZ4FrameDecompressor().decompress(data, max_length=n)
    if len(data) != n:
        raise ValueError(f"chunk of {n} bytes holds {len(data)}")
    return replace(chunk, compression="", data=data)
