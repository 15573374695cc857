"""Recordings of the line: every byte comes back, and a file that was cut gives back nearly all."""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcap.reader import make_reader

from wire import recording
from wire.recording import FLUSH_US, FROM_DEVICE, TICK, TO_DEVICE, Event, NoRecordingError, Recorder, RecordingError

T0_US = 1_770_000_000_000_000

pieces = st.lists(
    st.tuples(st.sampled_from([FROM_DEVICE, TO_DEVICE, TICK]), st.integers(0, 40_000_000), st.binary(min_size=1)),
    max_size=40,
)


def write(path: Path, events: list[Event], *, end: dict[str, str] | None = None) -> None:
    with Recorder(path, {"version": "1", "seed": "7"}) as recorder:
        for topic, utc_us, data in events:
            if topic == TICK:
                recorder.tick(utc_us)
            elif topic == FROM_DEVICE:
                recorder.from_device(utc_us, data)
            else:
                recorder.to_device(utc_us, data)
        recorder.close(end)


def seconds(n: int) -> list[Event]:
    """A line that says something of its own each second."""
    every = []
    for second in range(n):
        utc_us = T0_US + second * 1_000_000
        every += [
            Event(FROM_DEVICE, utc_us + 900_000, bytes((second + i) * 37 % 256 for i in range(150))),
            Event(TICK, utc_us + 1_000_000, b""),
            Event(TO_DEVICE, utc_us + 1_000_000, second.to_bytes(4, "little")),
        ]
    return every


@given(pieces)
def test_every_byte_and_time_comes_back(tmp_path_factory: pytest.TempPathFactory, given_pieces: list[tuple]) -> None:
    events = [Event(topic, T0_US + at, b"" if topic == TICK else data) for topic, at, data in given_pieces]
    path = tmp_path_factory.mktemp("line") / "link.mcap"
    write(path, events, end={"edge": '{"frames": 3}'})
    found = recording.read(path)
    assert (found.events, found.whole) == (events, True)
    assert found.metadata == {"run": {"version": "1", "seed": "7"}, "end": {"edge": '{"frames": 3}'}}


def test_all_byte_values_in_both_directions(tmp_path: Path) -> None:
    every = bytes(range(256))
    write(tmp_path / "l.mcap", [Event(FROM_DEVICE, T0_US, every), Event(TO_DEVICE, T0_US, every[::-1])])
    found = recording.read(tmp_path / "l.mcap")
    assert (found.bytes_of(FROM_DEVICE), found.bytes_of(TO_DEVICE)) == (every, every[::-1])


def test_a_file_cut_anywhere_gives_back_its_beginning(tmp_path: Path) -> None:
    events = seconds(15)
    write(tmp_path / "whole.mcap", events)
    content = (tmp_path / "whole.mcap").read_bytes()
    cut = tmp_path / "cut.mcap"
    known = 0
    for size in range(0, len(content), 3):
        cut.write_bytes(content[:size])
        try:
            found = recording.read(cut)
        except NoRecordingError:
            assert known == 0
            continue
        assert found.events == events[: len(found.events)]
        assert len(found.events) >= known and not found.whole
        known = len(found.events)
    assert known == len(events)


def test_a_writer_that_is_killed_loses_seconds(tmp_path: Path) -> None:
    events = seconds(600)
    recorder = Recorder(tmp_path / "l.mcap", {})
    for _, utc_us, data in events[::3]:
        recorder.from_device(utc_us, data)
    found = recording.read(tmp_path / "l.mcap")  # never closed
    assert not found.whole
    assert events[-1].utc_us - found.events[-1].utc_us <= FLUSH_US + 1_000_000
    recorder.close()


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :]


def test_damage_anywhere_costs_one_chunk_and_no_byte_of_another(tmp_path: Path) -> None:
    events = seconds(120)
    write(tmp_path / "l.mcap", events)
    content = (tmp_path / "l.mcap").read_bytes()
    chunk = 3 * (FLUSH_US // 1_000_000 + 1)
    lost = []
    for at in range(8, len(content), 61):
        (tmp_path / "d.mcap").write_bytes(flipped(content, at))
        found = recording.read(tmp_path / "d.mcap")
        start = next(
            (i for i, (a, b) in enumerate(zip(found.events, events, strict=False)) if a != b), len(found.events)
        )
        lost.append(len(events) - len(found.events))
        assert found.events == events[:start] + events[start + lost[-1] :]
        assert lost[-1] <= chunk and (not lost[-1] or (found.damaged, found.whole) == (1, False))
    assert max(lost) > chunk // 2  # chunks were hit


def test_damage_in_several_chunks_leaves_the_others(tmp_path: Path) -> None:
    events = seconds(300)
    write(tmp_path / "l.mcap", events)
    content = (tmp_path / "l.mcap").read_bytes()
    for at in (len(content) // 4, len(content) // 2):
        content = content[:at] + bytes(3000) + content[at + 3000 :]
    (tmp_path / "l.mcap").write_bytes(content)
    found = recording.read(tmp_path / "l.mcap")
    assert len(found.events) > len(events) // 2 and found.events[-1] == events[-1] and found.damaged >= 2


def test_a_message_is_not_believed_that_no_checksum_covers(tmp_path: Path) -> None:
    """A walk that took damaged chunks apart without their checksum would give back wrong bytes."""
    events = [Event(FROM_DEVICE, T0_US, bytes([n])) for n in range(200)]
    write(tmp_path / "l.mcap", events)  # two chunks: the first message is flushed at once
    content = (tmp_path / "l.mcap").read_bytes()
    for at in range(0, len(content), 2):
        (tmp_path / "d.mcap").write_bytes(flipped(content, at))
        with contextlib.suppress(NoRecordingError):
            assert recording.read(tmp_path / "d.mcap").events in ([], events[:1], events[1:], events)


def test_the_stock_reader_reads_it(tmp_path: Path) -> None:
    events = seconds(5)
    write(tmp_path / "l.mcap", events)
    with (tmp_path / "l.mcap").open("rb") as file:
        read = [(channel.topic, message.data) for _, channel, message in make_reader(file).iter_messages()]
    assert sorted(read) == sorted((one.topic, one.data) for one in events)


def test_a_recording_is_private(tmp_path: Path) -> None:
    write(tmp_path / "l.mcap", [])
    assert stat.S_IMODE((tmp_path / "l.mcap").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [None, b"", b"no recording at all", b"\x89MCAP0\r\n"])
def test_what_is_no_recording_is_one_line(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "l.mcap"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(NoRecordingError, match=r"l\.mcap: "):
        recording.read(path)


def test_a_file_that_cannot_be_written_is_one_line() -> None:
    with pytest.raises(RecordingError, match="/dev/full: cannot be written: No space left"):
        Recorder(Path("/dev/full"), {})


def test_nothing_is_written_after_the_end(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "l.mcap", {})
    recorder.close()
    recorder.from_device(T0_US, b"late")
    recorder.close()
    assert recording.read(tmp_path / "l.mcap").events == []
