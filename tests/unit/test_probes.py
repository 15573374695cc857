"""Probes: what the table says of the structs is so, what they show is what the blocks hold, and no byte changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from edge import probes
from edge.blocks.half_burst import half_burst
from edge.blocks.range_fft import range_fft
from edge.core import load
from hw_sim.rig import Rig, RigError
from hw_sim.scene import Scene

FFI, LIB = load()
SECONDS = 20.0
ALL = list(probes.table())


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene.load("sitter", seed=5, duration_s=SECONDS)


@pytest.fixture(scope="module")
def watched(scene: Scene) -> tuple[str, dict[str, Any]]:
    """Digest of the line, and every frame of every probe."""
    with Rig(scene, seed=5, probes=ALL) as rig:
        rig.run(SECONDS)
        return rig.counts.digest, rig.probed()


@pytest.mark.parametrize("probe", probes.table().values(), ids=lambda probe: probe.name)
def test_the_axes_fill_the_member(probe: probes.Probe) -> None:
    whole = FFI.sizeof("sw_chain_out" if probe.of_output else "sw_chain")
    assert int(np.prod(probe.shape)) * probe.dtype.itemsize == probe.bytes
    assert probe.offset % probe.dtype.itemsize == 0 and probe.offset + probe.bytes <= whole
    assert probe.unit and probe.name.count(".") == 1 and probe.block < LIB.SW_AFTER_COUNT


def test_no_name_or_place_stands_twice() -> None:
    n = FFI.new("uint32_t *")
    LIB.sw_probe_table(n)
    places = {(probe.offset, probe.block, probe.of_output) for probe in probes.table().values()}
    assert len(ALL) == n[0] == len(places)


def test_all_probes_at_once_change_no_byte(scene: Scene, watched: tuple[str, dict[str, Any]]) -> None:
    with Rig(scene, seed=5) as rig:
        rig.run(SECONDS)
        assert rig.counts.packets_sent > 10
        assert watched[0] == rig.counts.digest


def test_every_probe_shows_every_frame(watched: tuple[str, dict[str, Any]]) -> None:
    seen = watched[1]
    frames = len(seen["vitals.frame"])
    assert frames > 19 * SECONDS and np.array_equal(seen["vitals.frame"], np.arange(frames))
    for name, probe in probes.table().items():
        assert (len(seen[name]), seen[name].ndim) == (frames, 1 + len(probe.seen_axes))


def test_what_is_seen_fits_together(watched: tuple[str, dict[str, Any]]) -> None:
    seen = watched[1]
    profile, moving, background = seen["range.profile"], seen["clutter.moving"], seen["clutter.background"]
    assert profile.shape[1:] == (3, 128) and profile.dtype == np.complex64
    watch = np.flatnonzero(background[-1].any(axis=0))
    assert len(watch) > 20 and np.allclose(profile[..., watch] - background[..., watch], moving[..., watch], atol=1e-3)
    expected = np.array([range_fft(mean)[0] for mean in seen["half_burst.mean"][::40]])
    assert np.abs(profile[::40] - expected).max() < 2e-3
    assert np.array_equal(np.rint(1000 * seen["candidates.distance_m"][-1]), seen["vitals.distance_mm"][-1])


def test_half_bursts_are_those_of_the_samples() -> None:
    frame = np.random.default_rng(1).integers(1, 4095, (8, 256, 3)).astype(np.uint16)
    memory = FFI.new("char[]", LIB.sw_chain_size() + 16)
    base = int(FFI.cast("uintptr_t", memory))
    chain = FFI.cast("sw_chain *", base + -base % 16)
    config, timing = FFI.new("sw_radar_config *"), FFI.new("sw_radar_timing *")
    LIB.sw_config_default(config)
    assert LIB.sw_radar_registers(config, FFI.new("uint32_t[]", LIB.SW_RADAR_REGISTER_COUNT), timing) == 0
    assert LIB.sw_chain_init(chain, config, timing) == 0
    watch = probes.Watch(["half_burst.mean"])
    watch.attach(chain)
    LIB.sw_chain_step(chain, FFI.from_buffer("uint16_t *", frame), 0, 0, FFI.new("sw_chain_out *"))
    assert np.allclose(watch.latest["half_burst.mean"], half_burst(frame), rtol=1.2e-7, atol=0)


def test_a_frame_goes_to_the_caller_who_wants_it(scene: Scene) -> None:
    frames: list[Mapping[str, Any]] = []
    with Rig(scene, seed=5, probes=["range.profile", "vitals.t_us"], on_frame=frames.append) as rig:
        rig.run(2.0)
        assert len(frames) > 20 and rig.probed() == {}
        assert np.array_equal(rig.probe("range.profile"), frames[-1]["range.profile"])


def test_what_the_caller_raises_ends_the_run(scene: Scene) -> None:
    def object_to(_: Mapping[str, Any]) -> None:
        raise ValueError("enough")

    with (
        Rig(scene, seed=5, probes=["candidates.snr"], on_frame=object_to) as rig,
        pytest.raises(ValueError, match="enough"),
    ):
        rig.run(2.0)


def test_what_lasts_can_be_read_unasked(scene: Scene) -> None:
    with Rig(scene, seed=5) as rig:
        rig.run(3.0)
        assert rig.probe("clutter.background").any()
        assert rig.probe("vitals.frame") == rig.device.firmware.state.last.frame  # type: ignore[union-attr]
        with pytest.raises(RigError, match=r"range\.profile: its memory is gone"):
            rig.probe("range.profile")


def test_probes_survive_a_reboot(scene: Scene) -> None:
    with Rig(scene, seed=5, probes=["vitals.frame"]) as rig:
        rig.run(3.0)
        rig.reboot()
        rig.run(3.0)
        assert (rig.probed()["vitals.frame"] == 0).sum() == 2


def test_where_nothing_can_be_seen_is_one_line(scene: Scene) -> None:
    with pytest.raises(RigError, match=r"probe clutter\.nothing: expected one of half_burst\.mean, "):
        Rig(scene, probes=["clutter.nothing"])
    with pytest.raises(RigError, match="for target host and core c alone"):
        Rig(scene, probes=["range.profile"], core="numba")
