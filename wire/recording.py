"""A recording of the serial line: every byte of both directions with its time, and the host's ticks, as an MCAP file.

Rule: the bytes are verbatim and in order. No key is in the file and nothing about a person beside the bytes. A file
that was cut loses at most its last FLUSH_US: `read` gives back everything before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from mcap.records import Channel, Message, Metadata
from mcap.stream_reader import StreamReader
from mcap.writer import CompressionType, Writer

FROM_DEVICE = "/uart/from_device"
TO_DEVICE = "/uart/to_device"
TICK = "/tick"  # no bytes: the time the host was told, after everything that came before
TOPICS = (FROM_DEVICE, TO_DEVICE, TICK)

RUN = "run"  # metadata at the beginning: versions, seed, scenario
END = "end"  # metadata at the end: the run's counters, each as JSON
PROFILE = "stillwave-line-1"

CHUNK_BYTES = 65_536
#: Recorded time after which what has gathered is written out.
FLUSH_US = 10_000_000
#: A longer record is damage; the reader does not try to hold it.
RECORD_MAX = 16 * CHUNK_BYTES
_NS = 1000


class RecordingError(Exception):
    """The file cannot be written; one line that names it."""


class NoRecordingError(RecordingError):
    """The file is missing or is no recording of a line; one line that names it."""


class Event(NamedTuple):
    """One piece of the recording: topic is one of TOPICS; data is empty for a tick."""

    topic: str
    utc_us: int
    data: bytes


@dataclass(frozen=True)
class Recording:
    """What `read` found. whole: the file has its end; metadata: name -> key -> text."""

    events: list[Event]
    metadata: dict[str, dict[str, str]]
    whole: bool

    def bytes_of(self, topic: str) -> bytes:
        """All bytes of one direction."""
        return b"".join(event.data for event in self.events if event.topic == topic)


class Recorder:
    """Writes one recording; a context manager. metadata: what is known at the beginning, texts."""

    def __init__(self, path: Path, metadata: Mapping[str, str]) -> None:
        """Raises RecordingError."""
        self._path = path
        self._flushed_utc_us = 0
        self._file: IO[bytes] | None = None
        try:
            self._file = path.open("wb")
            path.chmod(0o600)  # a night is private
            self._writer: Any = Writer(self._file, chunk_size=CHUNK_BYTES, compression=CompressionType.ZSTD)
            self._writer.start(PROFILE, "stillwave")
            self._writer.add_metadata(RUN, dict(metadata))
            self._channels = {topic: self._writer.register_channel(topic, "bytes", 0) for topic in TOPICS}
            self._file.flush()
        except OSError as error:
            raise self._failed(error) from error

    def from_device(self, utc_us: int, data: bytes) -> None:
        """Bytes the host received. Raises RecordingError, as all writing does."""
        self._add(FROM_DEVICE, utc_us, data)

    def to_device(self, utc_us: int, data: bytes) -> None:
        """Bytes the host sent."""
        self._add(TO_DEVICE, utc_us, data)

    def tick(self, utc_us: int) -> None:
        """The host was told the time: it has everything recorded before."""
        self._add(TICK, utc_us, b"")

    def close(self, metadata: Mapping[str, str] | None = None) -> None:
        """Ends the file, with metadata of the end. Does nothing when it is closed already."""
        if self._file is None:
            return
        try:
            self._writer.flush()
            if metadata is not None:
                self._writer.add_metadata(END, dict(metadata))
            self._writer.finish()
            self._file.close()
        except OSError as error:
            raise self._failed(error) from error
        finally:
            self._file = None

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


def read(path: Path) -> Recording:
    """The recording, as far as it goes. Raises NoRecordingError."""
    events: list[Event] = []
    metadata: dict[str, dict[str, str]] = {}
    topics: dict[int, str] = {}
    whole = False
    try:
        with path.open("rb") as file:
            for record in _records(file):
                if isinstance(record, Message) and record.channel_id in topics:
                    events.append(Event(topics[record.channel_id], record.log_time // _NS, record.data))
                elif isinstance(record, Channel) and record.topic in TOPICS:
                    topics[record.id] = record.topic
                elif isinstance(record, Metadata):
                    metadata[record.name] = dict(record.metadata)
                elif record is None:
                    whole = True
    except OSError as error:
        raise NoRecordingError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not metadata and not topics:
        raise NoRecordingError(f"{path}: no recording of a serial line (MCAP expected)")
    return Recording(events, metadata, whole)


def _records(file: IO[bytes]) -> Iterator[Any]:
    """Records in the order of the file up to the first that is damaged; None at the end of a whole file."""
    try:
        yield from StreamReader(file, validate_crcs=True, record_size_limit=RECORD_MAX).records
        yield None
    except OSError:
        raise
    except Exception:  # reader and decompressors have no error class in common: whatever they raise is damage
        return
