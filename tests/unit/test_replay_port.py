"""`replay --to` a port: the recorded device's bytes, in order and in time, for whoever opens the port."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from front import replay, replay_port
from front.env import InputError
from front.replay import Asked
from front.replay_port import Chosen, Playing, Stalled, play
from wire import recording
from wire.pty import Pty
from wire.recording import NoRecordingError, Recorder
from wire.transport import Transport

T0_US = 1_770_000_000_000_000


class Ear:
    """A sink that writes down what it took and when. takes: bytes of each write; the last goes on."""

    fd = -1

    def __init__(self, takes: Sequence[int] = (1 << 20,)) -> None:
        self.heard: list[tuple[float, bytes]] = []
        self._takes = list(takes)
        self.begun_s = time.monotonic()

    def write(self, data: bytes) -> int:
        n = self._takes.pop(0) if len(self._takes) > 1 else self._takes[0]
        if n:
            self.heard.append((time.monotonic() - self.begun_s, data[:n]))
        return min(n, len(data))

    def hear(self) -> int:
        return 0

    def wait(self) -> None: ...

    def drain(self) -> None: ...

    @property
    def data(self) -> bytes:
        return b"".join(data for _, data in self.heard)


def recorded(path: Path, n: int = 40, gap_us: int = 5_000) -> Path:
    """A device that says a numbered piece every gap, a host that answers, and ticks."""
    with Recorder(path, {}) as recorder:
        for i in range(n):
            recorder.from_device(T0_US + i * gap_us, b"%04d " % i)
            recorder.to_device(T0_US + i * gap_us, b"host")
            recorder.tick(T0_US + i * gap_us)
    return path


def said(first: int, behind: int) -> bytes:
    return b"".join(b"%04d " % i for i in range(first, behind))


def test_only_the_devices_bytes_in_order(tmp_path: Path) -> None:
    ear, done = Ear(), Playing()
    play(Chosen(recorded(tmp_path / "l.mcap"), 0.0, None), ear, None, False, done)
    assert ear.data == said(0, 40) and (done.chunks, done.n_bytes, done.loops) == (40, 200, 1)


def test_never_before_its_time_and_all_in_its_order(tmp_path: Path) -> None:
    chosen, ear, done = Chosen(recorded(tmp_path / "l.mcap"), 0.0, None), Ear(), Playing()
    play(chosen, ear, 0.5, False, done)
    assert ear.data == said(0, 40)
    assert all(at_s >= 0.010 * i for i, (at_s, _) in enumerate(ear.heard))
    assert done.as_json(True)["on_time_share"] <= 1.0


@pytest.mark.parametrize(
    ("start", "end", "first", "behind"), [(0.05, None, 10, 40), (0.0, 0.05, 0, 10), (0.05, 0.1, 10, 20)]
)
def test_a_part(tmp_path: Path, start: float, end: float | None, first: int, behind: int) -> None:
    chosen, ear = Chosen(recorded(tmp_path / "l.mcap"), start, end), Ear()
    play(chosen, ear, None, False, Playing())
    assert ear.data == said(first, behind)


def test_a_loop_goes_on_in_time(tmp_path: Path) -> None:
    class Twice(Ear):
        def write(self, data: bytes) -> int:
            if len(self.heard) == 25:
                raise KeyboardInterrupt
            return super().write(data)

    ear, done = Twice(), Playing()
    with pytest.raises(KeyboardInterrupt):
        play(Chosen(recorded(tmp_path / "l.mcap", 10), 0.0, None), ear, 1.0, True, done)
    assert ear.data == said(0, 10) * 2 + said(0, 5) and done.loops == 2
    assert ear.heard[10][0] >= 0.045  # the second time begins when the first has ended


def test_a_clock_that_was_set_back_in_the_recording_waits_for_nobody(tmp_path: Path) -> None:
    with Recorder(tmp_path / "l.mcap", {}) as recorder:
        for at_s in (0, 1, -3600, -3599, 2):
            recorder.from_device(T0_US + at_s * 1_000_000, b"x")
    assert [one.due_us for one in Chosen(tmp_path / "l.mcap", 0.0, None).pieces()] == [
        0,
        1_000_000,
        1_000_000,
        1_000_000,
        2_000_000,
    ]


def test_a_slow_listener_gets_everything(tmp_path: Path) -> None:
    ear = Ear([0, 1, 0, 2, 3])
    play(Chosen(recorded(tmp_path / "l.mcap", 5), 0.0, None), ear, None, False, Playing())
    assert ear.data == said(0, 5)


def test_a_listener_that_takes_nothing_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_port, "STALLS_S", 0.05)
    with pytest.raises(Stalled, match="has taken nothing for 0.05 s"):
        play(Chosen(recorded(tmp_path / "l.mcap", 5), 0.0, None), Ear([0]), None, False, Playing())


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"start": -1.0}, "--start -1: expected 0 or more"),
        ({"start": 2.0, "end": 1.0}, "--end 1: expected more than 2"),
        ({"start": 1000.0}, "nothing of the device in this part"),
        ({"what_if": ("a=b",)}, "--what-if a=b: expected --to cloud"),
    ],
)
def test_wrong_options_are_one_line(tmp_path: Path, given: dict, line: str) -> None:
    with pytest.raises(InputError, match=line):
        replay.to_port(Asked(recorded(tmp_path / "l.mcap"), **given), f"pty:{tmp_path / 'port'}", True)
    assert not (tmp_path / "port").is_symlink()


@pytest.mark.parametrize("to", ["pty:", ""])
def test_no_place_is_one_line(tmp_path: Path, to: str) -> None:
    with pytest.raises(InputError, match="expected pty:LINK, a port, or cloud"):
        replay.to_port(Asked(recorded(tmp_path / "l.mcap")), to, True)


def test_a_foreign_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "l.mcap").write_bytes(b"RIFF" * 99)
    with pytest.raises(NoRecordingError, match="no recording of a serial line"):
        replay.to_port(Asked(tmp_path / "l.mcap"), f"pty:{tmp_path / 'port'}", True)


def test_a_cut_recording_is_played_as_far_as_it_goes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, heard = recorded(tmp_path / "l.mcap", 3000), []
    with Recorder(path, {}) as recorder:
        for i in range(3000):
            recorder.from_device(T0_US + i * 20_000, b"%04d " % i)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    reader = threading.Thread(target=lambda: heard.append(listen(tmp_path / "port")))
    reader.start()
    replay.to_port(Asked(path, speed="max"), f"pty:{tmp_path / 'port'}", True)
    reader.join()
    out, err = capsys.readouterr()
    assert heard[0] == recording.read(path).bytes_of(recording.FROM_DEVICE) and 0 < len(heard[0]) < 15_000
    assert json.loads(out.splitlines()[-1])["bytes"] == len(heard[0]) and "was cut or damaged" in err


def listen(link: Path) -> bytes:
    """Opens the port as soon as it is there and reads until it goes away."""
    end_s = time.monotonic() + 20.0
    while not link.is_symlink() and time.monotonic() < end_s:
        time.sleep(0.005)
    found = b""
    with Transport(str(link)) as port:
        try:
            while time.monotonic() < end_s:
                found += port.read(0.5)
        except Exception:
            return found
    return found


def test_all_bytes_arrive_at_whoever_opens_the_pty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, noise = tmp_path / "l.mcap", [bytes((i * 7 + k) % 256 for k in range(997)) for i in range(300)]
    with Recorder(path, {}) as recorder:
        for i, one in enumerate(noise):
            recorder.from_device(T0_US + i * 1000, one)
    heard: list[bytes] = []
    reader = threading.Thread(target=lambda: heard.append(listen(tmp_path / "port")))
    reader.start()
    replay.to_port(Asked(path), f"pty:{tmp_path / 'port'}", True)
    reader.join()
    assert heard[0] == b"".join(noise)
    first, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["event"], first["port"], last["bytes"]) == ("ready", str(tmp_path / "port"), 300 * 997)


def test_into_a_port_that_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever holds the other end of the port hears the device."""
    with Pty(tmp_path / "port") as other:
        heard = [b""]
        stop = threading.Event()

        def listener() -> None:
            while not stop.is_set() or (more := other.read()):
                heard[0] += other.read() if stop.is_set() is False else more
                time.sleep(0.002)

        reader = threading.Thread(target=listener)
        reader.start()
        replay.to_port(Asked(recorded(tmp_path / "l.mcap"), speed="max"), str(tmp_path / "port"), True)
        time.sleep(0.05)
        stop.set()
        reader.join()
    assert heard[0] == said(0, 40)
