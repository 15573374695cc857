"""A whole file of what is readable in one that was cut or damaged. Works on every MCAP file, not on recordings alone.

Rule: the damaged file is only read; every message, time, schema and metadata is passed on as it is, in order.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from mcap.records import Attachment, Channel, Message, Metadata, Schema
from mcap.writer import CompressionType, Writer

from wire.mcap_walk import Condition, walk
from wire.recording import CHUNK_BYTES, NoRecordingError, RecordingError

RECOVERED = "recovered"


@dataclass(frozen=True)
class Recovered:
    """messages: passed on; seconds: between the first and the last; whole: nothing was missing; damaged: places."""

    messages: int
    seconds: float
    whole: bool
    damaged: int


def recover(source: Path, out: Path) -> Recovered:
    """Writes out, once it is whole.

    Raises NoRecordingError: source cannot be read, or nothing in it; RecordingError: out cannot be written.
    """
    part = out.with_name(f"{out.name}.part")
    condition = Condition()
    try:
        with part.open("wb") as file:
            part.chmod(0o600)
            copy = _Copy(file, condition)
            for record in _records(source, condition):
                copy.take(record)
            if not copy.messages:
                raise NoRecordingError(f"{source}: nothing in it can be read")
            found = copy.finish()
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
    except OSError as error:
        raise RecordingError(f"{out}: cannot be written: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return found


def _records(source: Path, condition: Condition) -> Iterator[Any]:
    try:
        yield from walk(source, condition, search=True)
    except OSError as error:
        raise NoRecordingError(f"{source}: cannot be read: {error.strerror or error}") from error


class _Copy:
    """Passes records on; a channel or schema gets the number that the new file has for it."""

    def __init__(self, file: IO[bytes], condition: Condition) -> None:
        self._file = file
        self._condition = condition
        self._writer: Any = None
        self._schemas: dict[int, Schema] = {}
        self._channels: dict[int, Channel] = {}
        self._numbers: dict[Any, int] = {}  # of a schema or channel in the new file, by its content
        self._first_ns = self._last_ns = 0
        self.messages = 0

    def take(self, record: Any) -> None:
        """One record of the source, in its order."""
        if isinstance(record, Schema):
            self._schemas[record.id] = record
        elif isinstance(record, Channel):
            self._channels[record.id] = record
        elif isinstance(record, Message):
            self._message(record)
        elif isinstance(record, Metadata):
            self._started().add_metadata(record.name, dict(record.metadata))
        elif isinstance(record, Attachment):
            one = record
            self._started().add_attachment(one.create_time, one.log_time, one.name, one.media_type, one.data)

    def finish(self) -> Recovered:
        """Ends the new file; says in it what was recovered, when there was something to recover."""
        seconds = max(self._last_ns - self._first_ns, 0) / 1e9
        found = Recovered(self.messages, seconds, self._condition.whole, self._condition.damaged)
        writer = self._started()
        if not found.whole:
            said = {"messages": found.messages, "seconds": f"{seconds:.3f}", "damaged": found.damaged}
            writer.add_metadata(RECOVERED, {key: str(value) for key, value in said.items()})
        writer.finish()
        return found

    def _started(self) -> Any:
        if self._writer is None:
            self._writer = Writer(self._file, chunk_size=CHUNK_BYTES, compression=CompressionType.ZSTD)
            self._writer.start(self._condition.profile, "stillwave")
        return self._writer

    def _message(self, record: Message) -> None:
        channel = self._channels.get(record.channel_id)
        if channel is None:  # what it belongs to was lost
            self._condition.damaged += 1
            return
        number = self._channel(channel)
        self._first_ns = record.log_time if not self.messages else self._first_ns
        self._last_ns = record.log_time
        self.messages += 1
        self._started().add_message(number, record.log_time, record.data, record.publish_time, record.sequence)

    def _channel(self, channel: Channel) -> int:
        schema = self._schemas.get(channel.schema_id)
        schema_number = 0
        if schema is not None:
            key: Any = (schema.name, schema.encoding, schema.data)
            if key not in self._numbers:
                self._numbers[key] = self._started().register_schema(*key)
            schema_number = self._numbers[key]
        key = (channel.topic, channel.message_encoding, schema_number, tuple(sorted(channel.metadata.items())))
        if key not in self._numbers:
            self._numbers[key] = self._started().register_channel(*key[:3], dict(channel.metadata))
        return self._numbers[key]
