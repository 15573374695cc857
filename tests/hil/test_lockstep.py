"""The same seed puts the same bytes on the line: again, under load, paced, in another process, on another CPU."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hw_sim.board import Board, BoardFailed, Faults
from hw_sim.lockstep import pacer
from hw_sim.rig import Rig, RigError, run_night
from hw_sim.scene import Scene
from hw_sim.target import build_program, posix_target
from wire import codec, packet, recording

pytestmark = pytest.mark.hil
SECONDS = 60.0


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene.load("sitter", seed=5, duration_s=SECONDS)


def ask(rig: Rig, n: int) -> bytes:
    """The n-th question of a host that alternates."""
    if n % 2:
        return codec.encode(packet.make(packet.PING, {"nonce": n}))
    return codec.encode(packet.make(packet.HOST_HELLO, {"nonce": n, "utc_us": 1_700_000_000_000_000 + n}))


def digest(scene: Scene, *, seed: int = 5, quantum_us: int = 1_000_000, speed: float = 0.0, **options: Any) -> str:
    """Of all bytes of a run with a host that asks every ten seconds; the run must have lost nothing."""
    with Rig(scene, seed=seed, **options) as rig:
        rig.quantum_us = quantum_us
        for n in range(1, int(SECONDS / 10) + 1):
            rig.send(ask(rig, n))
            rig.run(10.0, pace=pacer(rig.board.now_us / 1e6, speed) if speed else None)
        counters = rig.edge_counters()
        assert counters["overflows"] == 0 and counters["frames"] == pytest.approx(20 * SECONDS, abs=20)
        assert counters["bytes_replied"] > 0 and counters["bytes_at_boot"] > 0 and rig.counts.packets_sent > 20
        return rig.counts.digest


@pytest.fixture(scope="module")
def reference(scene: Scene) -> str:
    return digest(scene)


@pytest.fixture
def load() -> Iterator[None]:
    """Two busy processes beside the run."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    yield
    for process in busy:
        process.kill()
        process.wait()


def test_the_same_seed_twice(scene: Scene, reference: str) -> None:
    assert digest(scene) == reference


def test_another_seed_is_another_run(scene: Scene, reference: str) -> None:
    assert digest(scene, seed=6) != reference


def test_under_load(scene: Scene, reference: str, load: None) -> None:
    assert digest(scene) == reference


def test_paced(scene: Scene, reference: str) -> None:
    began_s = time.monotonic()
    assert digest(scene, speed=40.0) == reference
    assert time.monotonic() - began_s >= SECONDS / 40.0


def test_short_quanta(scene: Scene, reference: str) -> None:
    assert digest(scene, quantum_us=50_000) == reference


def test_posix_is_host(scene: Scene, reference: str) -> None:
    assert digest(scene, target="posix") == reference


def test_arm_is_host(scene: Scene, reference: str, arm_tools: None) -> None:
    assert digest(scene, target="arm") == reference


def test_arm_under_load_is_host(scene: Scene, reference: str, arm_tools: None, load: None) -> None:
    assert digest(scene, target="arm") == reference


def test_sanitizers_find_nothing(scene: Scene, reference: str) -> None:
    assert digest(scene, target="sanitized") == reference


@pytest.mark.parametrize(
    ("planted", "says"),
    [("overflow", "AddressSanitizer: global-buffer-overflow"), ("undefined", "runtime error: shift exponent 32")],
)
def test_each_sanitizer_aborts_at_what_is_planted_for_it(
    planted: str, says: str, capfd: pytest.CaptureFixture[str]
) -> None:
    target = posix_target(Board(seed=1), build_program(planted))
    with pytest.raises(BoardFailed, match="target process is gone: .*: exit code 1$"):
        target.start([])
    target.close()
    assert says in capfd.readouterr().err


def test_a_log_of_frames_changes_no_byte(scene: Scene, reference: str) -> None:
    frames: list[int] = []
    assert digest(scene, log=lambda out: frames.append(out.frame)) == reference
    assert frames == list(range(len(frames))) and len(frames) > 1000


def test_an_interrupt_that_stops_is_noticed(scene: Scene, reference: str) -> None:
    with Rig(scene, seed=5, faults=Faults(irq_low_from_us=20_000_000)) as rig:
        rig.run(SECONDS)
        assert rig.counts.digest != reference
        assert rig.edge_counters()["bytes_unsolicited_while_silent"] == 0


def test_a_killed_target_ends_the_run(scene: Scene) -> None:
    with Rig(scene, seed=5, target="posix") as rig:
        rig.run(2.0)
        rig.device.process.kill()  # type: ignore[union-attr]
        with pytest.raises(BoardFailed, match="target process is gone"):
            rig.run(2.0)


@pytest.mark.parametrize(("target", "core"), [("toaster", "c"), ("host", "fortran"), ("posix", "numba")])
def test_what_does_not_exist_is_one_line(target: str, core: str) -> None:
    with pytest.raises(RigError, match=f"target {target}"):
        Rig(target=target, core=core)


def test_nights_of_one_seed_are_equal_to_the_byte(tmp_path: Path) -> None:
    nights = []
    for name, target in (("first", "host"), ("second", "posix")):
        out = tmp_path / name
        out.mkdir()
        night = run_night("sitter", out=out, seed=9, hours=0.025, target=target)
        assert night.db.is_file() and json.loads((out / "truth.json").read_text()) == night.truth
        nights.append(night)
    assert nights[0].run["link"] == nights[1].run["link"]
    assert nights[0].run["edge"] == nights[1].run["edge"]
    assert nights[0].run["edge"]["bytes_replied"] > 0 and nights[0].run["link"]["packets_sent"] > 20
    lines = [recording.read(tmp_path / name / "link.mcap") for name in ("first", "second")]
    assert lines[0].events == lines[1].events


def test_the_recording_of_a_night_holds_its_line(tmp_path: Path) -> None:
    night = run_night("sitter", out=tmp_path, seed=9, hours=0.02)
    line = recording.read(tmp_path / "link.mcap")
    sent = line.bytes_of(recording.FROM_DEVICE)
    assert hashlib.sha256(sent).hexdigest() == night.run["link"]["digest"]
    assert json.loads(line.metadata["end"]["edge"]) == night.run["edge"]
    assert line.metadata["run"]["seed"] == "9" and line.whole
    ticks = [event.utc_us for event in line.events if event.topic == recording.TICK]
    assert ticks == [night.truth["t0_utc_us"] + 1_000_000 * second for second in range(73)]
    questions = codec.Decoder().feed(line.bytes_of(recording.TO_DEVICE))
    assert packet.HOST_HELLO in {one.type for one in questions}
