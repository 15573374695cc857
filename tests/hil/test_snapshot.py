"""A board cut out of one process goes on in another as if nothing had been; what does not fit is refused in one line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge import core as edge_core
from edge.firmware import open_flash
from front.env import ROOT
from hw_sim import snapshot
from hw_sim.board import Board, Faults, NoSamples
from hw_sim.chip.chip import REGISTERS, ChipOptions
from hw_sim.chip.core import lib
from hw_sim.link_counts import LinkCounts, Silence
from hw_sim.rig import Rig, fingerprint
from hw_sim.sample_sources import Recorded
from hw_sim.scene import Scene
from hw_sim.snapshot import SnapshotError
from tests.alarm_host import AlarmHost
from wire import codec, packet

pytestmark = pytest.mark.hil
T0_UTC_US = 1_768_516_200_000_000
END_S = 30.0
FSTAT = REGISTERS["FSTAT"].address
ALARM = {"nonce": 7, "set_for_utc_us": T0_UTC_US + 22_000_000, "sunrise_s": 5}
GO_ON = """
import sys
from pathlib import Path
from hw_sim.rig import Rig
for name in sys.argv[2:]:
    with Rig.restore(Path(name).read_bytes()) as rig:
        rig.run(float(sys.argv[1]) - rig.board.now_us / 1e6)
        print(rig.counts.digest, rig.counts.data_digest, len(rig.packets), rig.pins, sep="|")
"""


def scene(seconds: float = 60.0) -> Scene:
    return Scene.load("single", seed=3, duration_s=seconds)


def foreign_flash() -> bytes:
    """Foreign bytes that must be erased, but for the key's two sectors: a device with a damaged key heeds nobody."""
    _, native = edge_core.load()
    sector = int(native.SW_STORE_SECTOR_BYTES)
    before, key = int(native.SW_TRUST_SECTOR) * sector, 2 * sector
    return bytes(before) + open_flash()[before:].ljust(key, b"\xff") + bytes(65536 - before - key)


def night(**more: Any) -> Rig:
    """A sleeper, a set clock, an alarm on its way to the device, and a flash that must be erased for it."""
    rig = Rig(scene(), seed=3, t0_utc_us=T0_UTC_US, rtc_valid=True, **more)
    rig.board.load_flash(foreign_flash())
    rig.send(codec.encode(packet.make(packet.ALARM_SET, ALARM)))
    return rig


def ending(rig: Rig) -> str:
    return "|".join(map(str, (rig.counts.digest, rig.counts.data_digest, len(rig.packets), rig.pins)))


def until(rig: Rig, there: Callable[[Rig], bool], step_s: float) -> None:
    """Runs in steps until it is so."""
    for _ in range(20_000):
        if there(rig):
            return
        rig.run(step_s)
    raise AssertionError("it never came to that")


def in_a_frame(rig: Rig) -> bool:
    return bool(lib.chip_register(rig.board.chip.pointer, FSTAT) & 0x3FFF)


def flash_works(rig: Rig) -> bool:
    return int(rig.board.memory.flash.busy_until_us) > rig.board.now_us + 1000


def cuts(rig: Rig) -> dict[str, bytes]:
    """Snapshots at the awkward places of one run."""
    found = {"before power-on": rig.snapshot()}
    until(rig, flash_works, 0.005)
    found["flash erase"] = rig.snapshot()
    until(rig, lambda rig: rig.board.now_us >= 10_000_000, 0.25)
    until(rig, in_a_frame, 0.0003)
    found["in a frame"] = rig.snapshot()
    rig.board.give(codec.encode(packet.make(packet.PING, {"nonce": 9})) + b"\x05half a pa")
    found["bytes in the receiver"] = rig.snapshot()
    rig.send(b"cket" + codec.encode(packet.make(packet.ALARM_READ, {"nonce": 10}))[:9])
    found["bytes on their way"] = rig.snapshot()
    until(rig, lambda rig: bool(rig.pins), 0.1)
    found["light on"] = rig.snapshot()
    return found


def test_a_run_goes_on_in_another_process_to_the_same_bytes(tmp_path: Path) -> None:
    with night() as rig:
        files = []
        for number, (name, data) in enumerate(cuts(rig).items()):
            files.append(tmp_path / f"{number} {name}")
            files[-1].write_bytes(data)
        rig.run(END_S - rig.board.now_us / 1e6)
        expected = ending(rig)
    assert any(pin == "buzzer" for _, pin, _ in rig.pins)
    done = subprocess.run(
        [sys.executable, "-c", GO_ON, str(END_S), *map(str, files[3:])],
        capture_output=True, text=True, cwd=ROOT, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == [expected] * len(files[3:])


@pytest.mark.parametrize("place", ["before power-on", "flash erase", "in a frame"])
def test_a_cut_without_more_bytes_is_no_cut(place: str) -> None:
    with night() as rig:
        data = cuts(rig)[place]
    with night() as whole:
        whole.run(END_S)
    with Rig.restore(data) as rest:
        rest.run(END_S - rest.board.now_us / 1e6)
        assert ending(rest) == ending(whole)


SLOW_BUS = ChipOptions(spi_hz=10_000_000)
BAD_WIRES = Faults(miso_flip_ppm=3, irq_miss_every=7, irq_late_us=300, miso_from_us=6_000_000)


@settings(deadline=None, derandomize=True, max_examples=12)
@given(st.integers(0, 11_900_000), st.sampled_from([(None, None), (SLOW_BUS, None), (None, BAD_WIRES)]))
def test_a_run_may_be_cut_anywhere(cut_us: int, kind: tuple[ChipOptions | None, Faults | None]) -> None:
    with night(chip=kind[0], faults=kind[1]) as rig:
        rig.run(cut_us / 1e6)
        data = rig.snapshot()
        rig.run(12.0 - cut_us / 1e6)
        with Rig.restore(data) as rest:
            assert rest.snapshot() == data
            assert rest.board.chip_options == rig.board.chip_options
            rest.run(12.0 - cut_us / 1e6)
            assert rest.snapshot() == rig.snapshot()
            assert rest.counts.digest == rig.counts.digest


def test_one_past_has_many_futures() -> None:
    with night() as rig:
        rig.run(12.0)
        data = rig.snapshot()
    digests = []
    cancel = codec.encode(packet.make(packet.ALARM_CANCEL, {"nonce": 8}))
    for act in (lambda rig: None, lambda rig: rig.send(cancel), lambda rig: rig.reboot(), lambda rig: None):
        with Rig.restore(data) as rig:
            act(rig)
            rig.run(10.0)
            digests.append(rig.counts.digest)
    assert digests[0] == digests[3] and len(set(digests)) == 3


def test_a_lever_takes_it_inside_a_quantum_with_a_host_at_the_line() -> None:
    taken: list[bytes] = []
    with night() as rig:
        rig.attach(AlarmHost(None))
        rig.at(12_345_678, lambda: taken.append(rig.snapshot()))
        rig.run(12.5)
        expected = rig.board.now_us, len(rig.packets)
    with Rig.restore(taken[0]) as rest:
        assert rest.board.now_us == 12_345_678 and rest.host is None
        rest.run(0.154322)
        assert (rest.board.now_us, len(rest.packets)) == expected


def test_a_chain_outside_of_the_firmware_goes_along() -> None:
    seen: list[int] = []
    with night(log=lambda out: seen.append(out.frame)) as rig:
        rig.run(10.0)
        data = rig.snapshot()
        rig.run(5.0)
        after = ending(rig)
    with Rig.restore(data, log=lambda out: seen.append(out.frame)) as rest:
        n_before = len(seen)
        rest.run(5.0)
        assert ending(rest) == after
    assert len(seen) - n_before == 100


def test_who_looks_on_afterwards_sees_every_frame() -> None:
    with night(probes=["clutter.background"]) as rig:
        rig.run(10.0)
        data = rig.snapshot()
        rig.run(5.0)
        seen = rig.probed()["clutter.background"][200:]
    with Rig.restore(data, probes=["clutter.background"]) as rest:
        rest.run(5.0)
        assert len(seen) == 100 and np.array_equal(rest.probed()["clutter.background"][-100:], seen)
    with Rig.restore(data) as rest:
        rest.run(5.0)
        assert ending(rest) == ending(rig)


@pytest.mark.sw_scene("single")
def test_the_board_of_a_fixture_can_be_forked(sw_board: Any, sw_clock: Any) -> None:
    sw_clock.run(6.0)
    if sw_board.target != "host":
        with pytest.raises(SnapshotError, match=f"target {sw_board.target}: expected host"):
            sw_board.rig.snapshot()
        return
    with Rig.restore(sw_board.rig.snapshot()) as other:
        other.run(5.0)
        sw_clock.run(5.0)
        assert other.counts.digest == sw_board.rig.counts.digest


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_numba_chain_goes_along() -> None:
    with night(core="numba") as rig:
        rig.run(10.0)
        data = rig.snapshot()
        rig.run(10.0)
    with Rig.restore(data) as rest:
        rest.run(10.0)
        assert ending(rest) == ending(rig)


def test_frames_without_a_scene_go_along() -> None:
    frames = np.random.Generator(np.random.Philox(1)).integers(0, 4096, (400, 6144), np.uint16)
    with Rig(source=Recorded(frames)) as rig:
        rig.run(12.3456)
        data = rig.snapshot()
        rig.run(5.0)
    with Rig.restore(data, source=NoSamples()) as rest:
        rest.run(5.0)
        assert ending(rest) == ending(rig)
        assert rest.board.chip.counters() == rig.board.chip.counters()


# --- what is refused

SMALL = snapshot.State(
    made_with={"seed": 1, "target": "host", "core": "c", "radar": {}, "chip": {}},
    scene=None,
    board=snapshot.BoardState(b"", b"", {}, None, False, []),
    line=snapshot.LineState([], 1, False, b"", b"", (0, 0), 0, None, [0, 0], {}, []),
    counts={},
    device=[],
    packets=[],
    decoders=[],
)
PACKED = snapshot.pack(fingerprint("c"), SMALL)


def refusal(data: bytes) -> str:
    with pytest.raises(SnapshotError) as caught:
        Rig.restore(data)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.integers(0, len(PACKED) - 1))
def test_what_is_cut_off_is_refused(n: int) -> None:
    refusal(PACKED[:n])


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.integers(0, len(PACKED) - 1), st.integers(1, 255))
def test_what_is_damaged_is_refused(at: int, bits: int) -> None:
    damaged = bytearray(PACKED)
    damaged[at] ^= bits
    refusal(bytes(damaged))


def test_something_behind_it_is_refused() -> None:
    assert "something behind it" in refusal(PACKED + b"\0")


def test_a_foreign_file_is_refused() -> None:
    assert "something else" in refusal((ROOT / "README.md").read_bytes())


@pytest.mark.parametrize("name", fingerprint("c"))
def test_another_build_is_refused_by_name(name: str) -> None:
    theirs = {**fingerprint("c"), name: "0123"}
    text = refusal(snapshot.pack(theirs, SMALL))
    assert f"another {name}: it has 0123, this is {fingerprint('c')[name]}" in text


def test_another_format_is_refused() -> None:
    assert "format 4, this program reads 3" in refusal(PACKED[:8] + b"\4" + PACKED[9:])


@pytest.mark.parametrize(
    ("given_scene", "says"),
    [
        (lambda: Scene.load("single", seed=4, duration_s=60.0), "another seed of the scene: 3, given 4"),
        (lambda: Scene.load("couple", seed=3, duration_s=60.0), "another scenario"),
        (lambda: Scene.load("single", seed=3, duration_s=61.0), "another duration_s"),
        (lambda: Scene.load("single", seed=3, duration_s=60.0, side="right"), "another side"),
    ],
)
def test_another_scene_is_refused(given_scene: Callable[[], Scene], says: str) -> None:
    with night() as rig:
        data = rig.snapshot()
    with pytest.raises(SnapshotError, match=says):
        Rig.restore(data, scene=given_scene())


def test_the_same_scene_may_be_given() -> None:
    with night() as rig:
        data = rig.snapshot()
    with Rig.restore(data, scene=scene()) as rest:
        assert rest.snapshot() == data


def test_waiting_levers_are_not_lost_in_silence() -> None:
    with night() as rig:
        rig.at(5_000_000, rig.reboot)
        with pytest.raises(SnapshotError, match="1 levers still wait, the first at 5 s"):
            rig.snapshot()


def test_inside_a_step_there_is_no_snapshot() -> None:
    said: list[str] = []

    def log(_: Any) -> None:
        try:
            rig.snapshot()
        except SnapshotError as error:
            said.append(str(error))

    with night(log=log) as rig:
        rig.run(6.0)
    assert "inside a step" in said[0]


def test_another_home_has_none() -> None:
    with Rig(target="posix") as rig, pytest.raises(SnapshotError, match="target posix: expected host"):
        rig.snapshot()


# --- nothing is forgotten

ELSEWHERE = {
    Rig: {
        "scene", "made_with", "board", "silence", "counts", "device", "_producer", "source",  # made anew, or states apart
        "host", "recorder", "_due", "_number", "_watch",  # not the board's
        "packets", "decoders", "_from_device", "_from_host",  # the observer
    },
    Board: {"chip", "memory", "last_words", "on_reset", "interrupted", "_trace", "_sink", "_timed", "running", "fed",
            "_born_timed", "made_with", "chip_options", "chip_faults"},
    Silence: {"_step_us", "_last_seen_us"},
}  # fmt: skip
KEPT = {
    Rig: {"line", "_heard", "_to_device", "_fine_us"} | set(snapshot.LineState.__struct_fields__),
    Board: {"source_ended", "_pin_log", "nor_flash"},
    Silence: {"standby_since_us"},
}


@pytest.mark.parametrize("kind", [Rig, Board, Silence])
def test_every_attribute_is_kept_or_named_as_not_kept(kind: type) -> None:
    with night() as rig:
        one = {Rig: rig, Board: rig.board, Silence: rig.silence}[kind]
        assert vars(one).keys() <= ELSEWHERE[kind] | KEPT[kind]


@pytest.mark.parametrize("flash_bytes", [65_536, 16_777_216])
def test_the_flash_is_kept_to_its_last_sector_and_costs_what_is_in_it(flash_bytes: int) -> None:
    with night(flash_bytes=flash_bytes) as rig:
        rig.board.load_flash(b"\xff" * (flash_bytes - 4) + b"last")
        rig.board.nor_flash.load_sectors({flash_bytes // 4096 - 1: bytes(4092) + b"last"})
        data = rig.snapshot()
    assert len(data) < 200_000
    with Rig.restore(data) as rest:
        assert rest.board.flash[-5:] == b"\0last" and len(rest.board.flash) == flash_bytes


def test_all_counts_are_kept() -> None:
    with night() as rig:
        rig.run(10.0)
        data = rig.snapshot()
    with Rig.restore(data) as rest:
        for name in set(LinkCounts.__dataclass_fields__) - {"read", "silent", "_digest"}:
            assert getattr(rest.counts, name) == getattr(rig.counts, name), name
