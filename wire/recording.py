"""A recording of a serial line: every byte of both directions with its time, and the host's ticks, as an MCAP file.

Rule: the bytes are verbatim and in order, whatever language they are; packets, configuration and events stand beside
them as JSON. No key is in the file and nothing about a person beside the bytes. What was flushed is read again from a
file that was cut anywhere, and a damaged place costs the chunk it is in.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple

from mcap.data_stream import RecordBuilder
from mcap.records import Channel, Message, Metadata
from mcap.writer import CompressionType, Writer

from wire import decoded
from wire.mcap_walk import Condition, walk

FROM_DEVICE = "/uart/from_device"
TO_DEVICE = "/uart/to_device"
TICK = "/tick"  # no bytes: the time the host was told, after everything that came before
TOPICS = (FROM_DEVICE, TO_DEVICE, TICK)
CONFIG = "/config"  # JSON: how line and device are set, at the beginning and whenever it changes
EVENT = "/event"  # JSON: what happened to the line
NOTES = (CONFIG, EVENT)

RUN = "run"  # metadata at the beginning: versions, seed, scenario
END = "end"  # metadata at the end: the run's counters, each as JSON
PROFILE = "stillwave-line-1"

CHUNK_BYTES = 65_536
#: Recorded time after which what has gathered is written out; whoever records a real line flushes by the clock, too.
FLUSH_US = 10_000_000
_NS = 1000
_NOTE_SCHEMA = {"type": "object", "properties": {"what": {"type": "string"}}, "required": ["what"]}


class RecordingError(Exception):
    """The file cannot be written; one line that names it."""


class NoRecordingError(RecordingError):
    """The file is missing or is no recording of a line; one line that names it."""


class Event(NamedTuple):
    """One piece of the recording: topic is one of TOPICS; data is empty for a tick."""

    topic: str
    utc_us: int
    data: bytes


class Note(NamedTuple):
    """One piece beside the bytes: topic is one of NOTES."""

    topic: str
    utc_us: int
    said: dict[str, Any]


@dataclass(frozen=True)
class Recording:
    """What `read` found. whole: the file has its end, undamaged; metadata: name -> key -> text; damaged: places lost.

    places: of each note, how many events come before it.
    """

    events: list[Event]
    metadata: dict[str, dict[str, str]]
    whole: bool
    damaged: int = 0
    notes: list[Note] = field(default_factory=list)
    places: list[int] = field(default_factory=list)

    def bytes_of(self, topic: str) -> bytes:
        """All bytes of one direction."""
        return b"".join(event.data for event in self.events if event.topic == topic)


class Recorder:
    """Writes one recording; a context manager. All writing raises RecordingError."""

    def __init__(
        self, path: Path, metadata: Mapping[str, str], *, packets: bool = False, durable: bool = False
    ) -> None:
        """metadata: what is known at the beginning, texts.

        packets: also as JSON on /packet/NAME. durable: flush() and close() wait for the disk.
        """
        self._path = path
        self._durable = durable
        self._flushed_utc_us = 0
        self._file: IO[bytes] | None = None
        self._ear = decoded.Ear() if packets else None
        self._channels: dict[str, int] = {}
        try:
            self._file = path.open("wb")
            path.chmod(0o600)  # a night is private
            self._writer: Any = Writer(self._file, chunk_size=CHUNK_BYTES, compression=CompressionType.ZSTD)
            self._writer.start(PROFILE, "stillwave")
            self._writer.add_metadata(RUN, dict(metadata))
            for topic in TOPICS:
                self._channels[topic] = self._writer.register_channel(topic, "bytes", 0)
            # once more outside of the first chunk: when that one is damaged, the others still have their names
            self._file.write(_channel_records(self._channels))
            self._file.flush()
        except OSError as error:
            raise self._failed(error) from error

    def from_device(self, utc_us: int, data: bytes) -> None:
        """Bytes the host received."""
        self._add(FROM_DEVICE, utc_us, data)
        self._overhear(True, utc_us, data)

    def to_device(self, utc_us: int, data: bytes) -> None:
        """Bytes the host sent."""
        self._add(TO_DEVICE, utc_us, data)
        self._overhear(False, utc_us, data)

    def tick(self, utc_us: int) -> None:
        """The host was told the time: it has everything recorded before."""
        self._add(TICK, utc_us, b"")

    def note(self, topic: str, utc_us: int, said: Mapping[str, Any]) -> None:
        """A configuration or an event beside the bytes. said: JSON, with `what`. Raises ValueError for another topic."""
        if topic not in NOTES:
            raise ValueError(f"{topic}: expected one of {', '.join(NOTES)}")
        if self._file is not None and topic not in self._channels:
            self._register(topic, _NOTE_SCHEMA)
        self._add(topic, utc_us, decoded.as_bytes(dict(said)))

    @property
    def ear(self) -> decoded.Ear | None:
        """Who overhears the line, when packets are written."""
        return self._ear

    def flush(self) -> None:
        """Everything so far is in the file; of a durable recording, on the disk."""
        if self._file is None:
            return
        try:
            self._writer.flush()
            if self._durable:
                os.fsync(self._file.fileno())
        except OSError as error:
            raise self._failed(error) from error

    def close(self, metadata: Mapping[str, str] | None = None) -> None:
        """Ends the file, with metadata of the end. Does nothing when it is closed already."""
        if self._file is None:
            return
        try:
            self._writer.flush()
            if metadata is not None:
                self._writer.add_metadata(END, dict(metadata))
            self._writer.finish()
            self._file.flush()
            if self._durable:
                os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise self._failed(error) from error
        finally:
            self._file = None

    def _overhear(self, from_device: bool, utc_us: int, data: bytes) -> None:
        if self._ear is None or self._file is None:
            return
        for one in self._ear.hear(from_device, data):
            topic = decoded.TOPIC + one.name
            if topic not in self._channels:
                self._register(topic, decoded.schema(one.name))
            self._add(topic, utc_us, decoded.as_bytes(one.content))
            if one.change is not None:
                self.note(CONFIG, utc_us, {"what": "device", **one.change})

    def _register(self, topic: str, schema: Mapping[str, Any]) -> None:
        """A channel of JSON."""
        number = self._writer.register_schema(topic[1:], decoded.SCHEMA_ENCODING, json.dumps(schema).encode())
        self._channels[topic] = self._writer.register_channel(topic, decoded.ENCODING, number)

    def _add(self, topic: str, utc_us: int, data: bytes) -> None:
        if self._file is None or (not data and topic != TICK):
            return
        try:
            self._writer.add_message(self._channels[topic], utc_us * _NS, data, utc_us * _NS)
            if not 0 <= utc_us - self._flushed_utc_us < FLUSH_US:
                self._flushed_utc_us = utc_us
                self._writer.flush()
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> RecordingError:
        self._file = None
        return RecordingError(f"{self._path}: cannot be written: {error.strerror or error}")

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _channel_records(channels: Mapping[str, int]) -> bytes:
    builder: Any = RecordBuilder()
    for topic, number in channels.items():
        Channel(id=number, topic=topic, message_encoding="bytes", schema_id=0, metadata={}).write(builder)
    return bytes(builder.end())


def read(path: Path) -> Recording:
    """The recording, as far as it can be read. Raises NoRecordingError."""
    events: list[Event] = []
    notes: list[Note] = []
    places: list[int] = []
    metadata: dict[str, dict[str, str]] = {}
    condition = Condition()
    for one in pieces(path, condition, metadata):
        if isinstance(one, Event):
            events.append(one)
        else:
            notes.append(one)
            places.append(len(events))
    return Recording(events, metadata, condition.whole, condition.damaged, notes, places)


def pieces(path: Path, condition: Condition, metadata: dict[str, dict[str, str]]) -> Iterator[Event | Note]:
    """The same, one after the other, for a file of any size; condition and metadata are filled on the way."""
    topics: dict[int, str] = {}
    try:
        for record in walk(path, condition):
            if isinstance(record, Message):
                topic = topics.get(record.channel_id, "")
                if topic in TOPICS:
                    yield Event(topic, record.log_time // _NS, record.data)
                elif topic in NOTES:
                    yield from _note(topic, record)
            elif isinstance(record, Channel):
                topics[record.id] = record.topic
            elif isinstance(record, Metadata):
                metadata[record.name] = dict(record.metadata)
    except OSError as error:
        raise NoRecordingError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not metadata and not set(topics.values()) & set(TOPICS):
        what = "an MCAP file, but not of a serial line" if topics else "no recording of a serial line (MCAP expected)"
        raise NoRecordingError(f"{path}: {what}")


def _note(topic: str, record: Message) -> Iterator[Note]:
    """A note of somebody else that is no JSON object is passed over."""
    try:
        said = json.loads(record.data)
    except (ValueError, RecursionError):
        return
    if isinstance(said, dict):
        yield Note(topic, record.log_time // _NS, said)
