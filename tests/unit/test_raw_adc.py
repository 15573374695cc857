"""Raw samples in a local file: what went in comes out through chip and firmware, and a wrong file is one line."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge import raw_adc
from edge.config import RadarConfig
from edge.raw_adc import RawError, RawRecorder
from front import commands
from front import raw as front_raw
from front.env import InputError
from front.night import Asked
from front.output import Folder
from hw_sim.process_run import Playback
from hw_sim.recording import RecordingError, of_frames
from hw_sim.rig import Rig

RADAR = RadarConfig(rx_mask=0b101, n_samples=64, n_chirps=4)
SHAPE = (4, 64, 2)
PERIOD_US = 50_000


def frames(n: int) -> np.ndarray[Any, np.dtype[np.uint16]]:
    return np.random.default_rng(1).integers(0, 4096, (n, *SHAPE)).astype(np.uint16)


def written(path: Path, n: int = 5, config: RadarConfig = RADAR) -> np.ndarray[Any, np.dtype[np.uint16]]:
    made = frames(n)
    with RawRecorder(path, config, {"seed": 7}) as recorder:
        for number, one in enumerate(made):
            recorder.frame(one.reshape(-1), number * PERIOD_US, 0)
    return made


def test_frames_come_back_as_they_went_in(tmp_path: Path) -> None:
    made = written(tmp_path / "r.adc")
    found = raw_adc.read(tmp_path / "r.adc")
    assert np.array_equal(found.samples, made) and found.samples.shape == (5, *SHAPE)
    assert found.t_us.tolist() == [n * PERIOD_US for n in range(5)]
    assert (found.damaged, found.cut, raw_adc.gaps(found)) == (0, False, 0)


def test_the_file_says_loudly_what_it_is_and_is_the_owners_alone(tmp_path: Path) -> None:
    written(tmp_path / "r.adc")
    content = (tmp_path / "r.adc").read_bytes()
    assert content.startswith(b"STILLWAVE RAW ADC 1\n") and b"RAW RADAR SAMPLES" in content[:200]
    assert stat.S_IMODE((tmp_path / "r.adc").stat().st_mode) == 0o600


def test_a_recording_is_never_written_over(tmp_path: Path) -> None:
    written(tmp_path / "r.adc")
    with pytest.raises(RawError, match="is there already"):
        RawRecorder(tmp_path / "r.adc", RADAR, {})


def test_nothing_is_recorded_unless_a_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert Asked().raw_adc is None
    with front_raw.recorder(None, {}) as nothing:
        assert nothing is None
    assert capsys.readouterr().err == ""
    with front_raw.recorder(tmp_path / "r.adc", {}) as recorder:
        assert recorder is not None
    assert "RECORDING RAW RADAR SAMPLES" in capsys.readouterr().err


@pytest.mark.parametrize("cut", [1, 100, 400])
def test_a_cut_file_keeps_its_whole_frames(tmp_path: Path, cut: int) -> None:
    made = written(tmp_path / "r.adc")
    content = (tmp_path / "r.adc").read_bytes()
    (tmp_path / "c.adc").write_bytes(content[:-cut])
    found = raw_adc.read(tmp_path / "c.adc")
    assert np.array_equal(found.samples, made[:4]) and found.cut


def test_a_damaged_frame_is_left_out_and_the_gap_is_counted(tmp_path: Path) -> None:
    made = written(tmp_path / "r.adc")
    content = bytearray((tmp_path / "r.adc").read_bytes())
    content[-2 * (16 + 768) - 20] ^= 1  # in the third frame
    (tmp_path / "d.adc").write_bytes(content)
    found = raw_adc.read(tmp_path / "d.adc")
    assert np.array_equal(found.samples, made[[0, 1, 3, 4]])
    assert (found.damaged, raw_adc.gaps(found)) == (1, 1)


@pytest.mark.parametrize(
    "content", [b"", b"hello", raw_adc.MAGIC, raw_adc.MAGIC + b"{}\n", raw_adc.MAGIC + b'{"frame": 3, "radar": {}}\n']
)
def test_what_is_no_raw_recording_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.adc").write_bytes(content)
    with pytest.raises(RawError) as raised:
        raw_adc.read(tmp_path / "x.adc")
    assert "x.adc" in str(raised.value) and "\n" not in str(raised.value)


def test_another_configuration_than_the_headers_is_refused(tmp_path: Path) -> None:
    made = written(tmp_path / "r.adc")
    raw = raw_adc.read(tmp_path / "r.adc")
    same, other = tmp_path / "same.json", tmp_path / "other.json"
    same.write_text(json.dumps(raw_adc.sdk_form(RADAR)))
    other.write_text(json.dumps(raw_adc.sdk_form(RadarConfig(rx_mask=0b101, n_samples=64, n_chirps=4, if_gain_db=33))))
    assert np.array_equal(of_frames(Path("r.adc"), raw.radar, raw.samples, same).frames, made)
    with pytest.raises(
        RecordingError, match=r"other\.json: if_gain_db: expected 23.* as in the header of r\.adc, got 33"
    ):
        of_frames(Path("r.adc"), raw.radar, raw.samples, other)


def test_an_npy_without_a_configuration_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", frames(1))
    with pytest.raises(RecordingError, match="--radar"):
        commands.process(tmp_path / "a.npy", None, "c", Folder(None, False), None, False)


def through(source: Any, path: Path) -> RawRecorder:
    """Ten frames of the default configuration through chip, FIFO, bus and driver into a raw recording."""
    with RawRecorder(path, RadarConfig(), {}) as recorder, Rig(source=source, raw=recorder) as rig:
        rig.run(3)
    return recorder


def test_what_the_player_puts_into_the_chip_the_recorder_gets_back(tmp_path: Path) -> None:
    """The whole way: chip, FIFO, SPI, driver; the first frames may be the self test's."""
    made = np.random.default_rng(2).integers(0, 4096, (40, 8, 256, 3)).astype(np.uint16)
    through(Playback(made), tmp_path / "r.adc")
    found = raw_adc.read(tmp_path / "r.adc")
    first = next(n for n in range(len(made)) if np.array_equal(made[n], found.samples[0]))
    assert first == 0 and np.array_equal(found.samples[:30], made[:30])


def test_a_device_goes_on_without_a_file_that_cannot_be_had(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An alarm may be armed."""
    written(tmp_path / "r.adc")
    with front_raw.spare(str(tmp_path / "r.adc"), {}) as nothing:
        assert nothing is None
    assert "going on without raw samples" in capsys.readouterr().err


def test_a_changed_radar_configuration_ends_the_recording(tmp_path: Path) -> None:
    said: list[str] = []
    made = np.zeros((40, 8, 256, 3), np.uint16)
    other = RawRecorder(tmp_path / "r.adc", RadarConfig(if_gain_db=28), {}, said.append)
    with other as recorder, Rig(source=Playback(made), raw=recorder) as rig:
        rig.run(3)
    assert recorder.frames == 0 and len(said) == 1 and "configuration was changed" in said[0]


def test_a_full_disk_ends_the_recording_and_not_the_device(tmp_path: Path) -> None:
    said: list[str] = []
    recorder = RawRecorder(tmp_path / "r.adc", RADAR, {}, said.append)
    recorder._file = os.fdopen(os.open("/dev/full", os.O_WRONLY), "wb", buffering=0)
    for number, one in enumerate(frames(3)):
        recorder.frame(one.reshape(-1), number, 0)
    assert len(said) == 1 and "cannot be written" in said[0] and recorder.frames == 0


def test_raw_samples_of_an_image_are_refused(tmp_path: Path) -> None:
    from front.config import Config
    from front.night import options

    with pytest.raises(InputError, match="--target host"):
        options(Asked(target="posix", raw_adc=tmp_path / "r.adc"), Config())
