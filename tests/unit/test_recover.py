"""`recover`: everything up to the last flush comes back, from any cut, and from other people's files."""

from __future__ import annotations

import os
import struct
import tracemalloc
from pathlib import Path
from random import Random
from typing import Any

import lz4.frame
import pytest
import zstandard
from mcap.reader import make_reader
from mcap.writer import CompressionType, Writer

from wire import recording
from wire.mcap_walk import MAGIC
from wire.recording import CONFIG, FROM_DEVICE, TO_DEVICE, Event, NoRecordingError, Recorder, RecordingError, read
from wire.recover import recover

T0_US = 1_770_000_000_000_000
TAIL = 65_536
STEP = 5


def recorded(path: Path, n: int = 400, size: int = 400) -> tuple[list[Event], list[tuple[int, int]]]:
    """Noise that no compression makes smaller; what was written, and (bytes of the file, events in it) at each flush."""
    rng = Random(3)
    events, flushed = [], []
    with Recorder(path, {"version": "1"}, packets=True) as recorder:
        recorder.note(CONFIG, T0_US, {"what": "line"})
        for i in range(n):
            event = Event(FROM_DEVICE if i % 3 else TO_DEVICE, T0_US + 100 * i, rng.randbytes(size))
            events.append(event)
            (recorder.from_device if i % 3 else recorder.to_device)(event.utc_us, event.data)
            if i % 10 == 9:
                recorder.flush()
                flushed.append((path.stat().st_size, i + 1))
    return events, flushed


@pytest.fixture(autouse=True)
def _no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of files: nobody waits for the disk."""
    monkeypatch.setattr(os, "fsync", lambda fd: None)


def known(flushed: list[tuple[int, int]], size: int) -> int:
    """Events that a file of this size must give back."""
    return max((n for at, n in flushed if at <= size), default=0)


def check_cuts(folder: Path, cuts: Any, n: int, size: int) -> int:
    """Cuts a recording there and recovers each; returns how many cuts lost nothing that was flushed."""
    events, flushed = recorded(folder / "whole.mcap", n, size)
    content = (folder / "whole.mcap").read_bytes()
    cut, out = folder / "cut.mcap", folder / "out.mcap"
    good = 0
    for at in cuts(len(content)):
        cut.write_bytes(content[:at])
        expected = known(flushed, at)
        try:
            found = recover(cut, out)
        except NoRecordingError:
            assert expected == 0, at
            continue
        again = read(out)
        assert again.whole and not found.whole and again.events == events[: len(again.events)], at
        assert len(again.events) >= expected, at
        good += 1
    return good


def test_a_recording_cut_anywhere_near_its_end(tmp_path: Path) -> None:
    assert check_cuts(tmp_path, lambda size: range(max(size - TAIL, 0), size, 331), 300, 400) > 150


def test_a_small_recording_cut_at_every_third_byte(tmp_path: Path) -> None:
    assert check_cuts(tmp_path, lambda size: range(0, size, 3), 20, 5) > 100


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_fifth_byte_of_the_last_64_kib(tmp_path: Path) -> None:
    """All 65,536 take three minutes: STEP 1."""
    assert check_cuts(tmp_path, lambda size: range(size - TAIL, size, STEP), 200, 400) > 60_000 // STEP


def test_everything_of_a_whole_file_is_in_the_new_one(tmp_path: Path) -> None:
    recorded(tmp_path / "a.mcap", 50)
    found = recover(tmp_path / "a.mcap", tmp_path / "b.mcap")
    before, after = read(tmp_path / "a.mcap"), read(tmp_path / "b.mcap")
    assert found.whole and (before.events, before.notes, before.metadata) == (after.events, after.notes, after.metadata)


def test_what_was_recovered_is_said_in_the_file(tmp_path: Path) -> None:
    recorded(tmp_path / "a.mcap")
    content = (tmp_path / "a.mcap").read_bytes()
    (tmp_path / "a.mcap").write_bytes(content[:50_000] + bytes(5000) + content[55_000:])
    found = recover(tmp_path / "a.mcap", tmp_path / "b.mcap")
    assert not found.whole and found.damaged >= 1
    assert read(tmp_path / "b.mcap").metadata["recovered"]["messages"] == str(found.messages)


def test_a_file_without_its_beginning(tmp_path: Path) -> None:
    with Recorder(tmp_path / "a.mcap", {}) as recorder:
        for second in range(100):
            recorder.tick(T0_US + second * 1_000_000)
            recorder.from_device(T0_US + second * 1_000_000, b"x" * 50)
    content = (tmp_path / "a.mcap").read_bytes()
    (tmp_path / "a.mcap").write_bytes(b"\0" * 100 + content[100:])
    assert recover(tmp_path / "a.mcap", tmp_path / "b.mcap").messages > 150


@pytest.mark.parametrize("chunked", [True, False])
def test_other_peoples_files_too(tmp_path: Path, chunked: bool) -> None:
    with (tmp_path / "a.mcap").open("wb") as file:
        writer: Any = Writer(file, compression=CompressionType.LZ4, use_chunking=chunked, chunk_size=2000)
        writer.start("ros2", "else")
        schema = writer.register_schema("Odd", "jsonschema", b"{}")
        channels = [writer.register_channel(topic, "json", schema, {"k": topic}) for topic in ("/a", "/b")]
        for n in range(500):
            writer.add_message(channels[n % 2], n, b"%d" % n, n + 1, n)
        writer.flush()
    with pytest.raises(NoRecordingError, match="an MCAP file, but not of a serial line"):
        read(tmp_path / "a.mcap")
    found = recover(tmp_path / "a.mcap", tmp_path / "b.mcap")
    with (tmp_path / "b.mcap").open("rb") as file:
        reader = make_reader(file)
        assert reader.get_header().profile == "ros2"
        messages = list(reader.iter_messages(log_time_order=False))
    assert found.messages == 500 and not found.whole
    assert [(c.topic, c.metadata, s and s.data, m.data, m.publish_time, m.sequence) for s, c, m in messages] == [
        (f"/{'ab'[n % 2]}", {"k": f"/{'ab'[n % 2]}"}, b"{}", b"%d" % n, n + 1, n) for n in range(500)
    ]


@pytest.mark.parametrize("content", [b"", b"no recording", recording.PROFILE.encode() * 5000, bytes(100_000)])
def test_nothing_readable_is_one_line_and_no_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mcap").write_bytes(content)
    with pytest.raises(NoRecordingError, match=r"a\.mcap: nothing in it can be read"):
        recover(tmp_path / "a.mcap", tmp_path / "b.mcap")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.mcap"]


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    recorded(tmp_path / "a.mcap", 10)
    with pytest.raises(RecordingError, match="cannot be written"):
        recover(tmp_path / "a.mcap", tmp_path / "none" / "b.mcap")


def test_a_length_that_lies_takes_no_memory(tmp_path: Path) -> None:
    """A record that claims exabytes is damage, and what follows it is found."""
    recorded(tmp_path / "a.mcap", 100)
    content = bytearray((tmp_path / "a.mcap").read_bytes())
    at = content.index(b"\x06", 600)
    content[at + 1 : at + 9] = b"\xff" * 8
    (tmp_path / "a.mcap").write_bytes(content)
    assert recover(tmp_path / "a.mcap", tmp_path / "b.mcap").messages > 50


@pytest.mark.parametrize("packed", ["zstd", "lz4"])
def test_a_chunk_that_unpacks_to_more_than_it_says_costs_no_memory(tmp_path: Path, packed: str) -> None:
    (tmp_path / "a.mcap").write_bytes(MAGIC + chunk_of_zeros(packed, 1 << 28, says=1000) + MAGIC)
    tracemalloc.start()
    with pytest.raises(NoRecordingError, match="nothing in it can be read"):
        recover(tmp_path / "a.mcap", tmp_path / "b.mcap")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1 << 25


def chunk_of_zeros(packed: str, n_bytes: int, says: int) -> bytes:
    """An MCAP chunk of n_bytes zeros that says it holds fewer."""
    data = zstandard.compress(bytes(n_bytes)) if packed == "zstd" else lz4.frame.compress(bytes(n_bytes))
    name = packed.encode()
    content = struct.pack("<QQQII", 0, 0, says, 0, len(name)) + name + struct.pack("<Q", len(data)) + data
    return b"\x06" + struct.pack("<Q", len(content)) + content


def test_a_note_nested_without_end_is_passed_over(tmp_path: Path) -> None:
    with Recorder(tmp_path / "a.mcap", {}) as recorder:
        recorder.note(CONFIG, T0_US, {"what": "line"})
        recorder._add(CONFIG, T0_US, b"[" * 200_000)
        recorder.tick(T0_US)
    found = read(tmp_path / "a.mcap")
    assert found.whole and len(found.notes) == 1 and len(found.events) == 1
