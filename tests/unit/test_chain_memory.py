"""The memory of one frame: nothing that is still read is overwritten, and nothing that is dead is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from operator import attrgetter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge import chain_memory, probes
from edge.chain_memory import DRIVER, Part, parts
from hw_sim.board import Faults
from hw_sim.rig import HostTarget, Rig
from hw_sim.scene import Scene
from tests.chains import FFI, LIB, Radar, run_c

SECONDS = 14  # the first fits of the phase circles are among them
BLOCK = {name: block for block, name in probes.blocks().items()}
KEPT: list[Any] = []


@pytest.fixture(scope="module")
def radar() -> Radar:
    return Radar()


@pytest.fixture(scope="module")
def frames(radar: Radar) -> NDArray[np.uint16]:
    """Somebody lies there: uint16[frame, chirp, sample, rx]."""
    shape, n = radar.view.frame_shape, 20 * SECONDS
    out = np.zeros((n, int(np.prod(shape))), np.uint16)
    Scene.load("sitter", seed=3, duration_s=float(SECONDS)).frames(0.0, radar.frame_us, n, radar.view, out)
    return out.reshape(n, *shape)


def poisoned(rows: tuple[Part, ...]) -> Callable[[Any], None]:
    """After each block every byte of the frame's memory that no part needs any more becomes NaN."""

    def watch(chain: Any) -> None:
        memory = np.frombuffer(FFI.buffer(FFI.addressof(chain, "memory")), np.uint8)
        dead = {block: np.ones(len(memory), np.bool_) for block in BLOCK.values()}
        for part in rows:
            for block in (block for block in dead if part.alive_after(block)):
                dead[block][part.span.start : part.span.stop] = False

        def ended(_: Any, block: int, __: Any) -> None:
            memory[dead[block]] = 0xFF

        hook = FFI.callback("sw_block_hook", ended)
        KEPT.append(hook)
        LIB.sw_chain_watch(chain, hook, FFI.NULL, (1 << LIB.SW_AFTER_COUNT) - 1)

    return watch


def test_dead_memory_is_not_read(radar: Radar, frames: NDArray[np.uint16]) -> None:
    plain = run_c(radar, frames)
    assert plain["wave_validity"].any()  # circles were fitted
    assert run_c(radar, frames, change=poisoned(parts())).tobytes() == plain.tobytes()


@pytest.mark.parametrize(
    "field", ["arriving.halves", "watching.range.profile", "watching.range.difference", "watching.cleared"]
)
def test_a_part_that_dies_a_block_too_early_is_noticed(radar: Radar, frames: NDArray[np.uint16], field: str) -> None:
    early = tuple(replace(part, read=part.read - 1) if part.field == field else part for part in parts())
    assert early != parts()
    assert run_c(radar, frames, change=poisoned(early)).tobytes() != run_c(radar, frames).tobytes()


def line_poisoned(where: str | None) -> tuple[str, int]:
    """Digest and data packets of a device to which all sorts of things happen; between steps this memory becomes NaN."""
    faults = Faults(irq_miss_every=90, brown_out_at_us=12_012_345)
    levers = {300: ("set_standby", True), 400: ("set_standby", False), 900: ("reset",), 1100: ("reboot",)}
    levers |= {700: ("board.busy", 400_000), 1500: ("board.busy", 400_000)}
    with Rig(Scene.load("sitter", seed=3, duration_s=25.0), seed=3, faults=faults) as rig:
        for step in range(1800):
            rig.run(0.0137)
            if where is not None:
                assert isinstance(rig.device, HostTarget)
                samples = rig.device.firmware.state.driver.samples
                chain = FFI.cast("sw_chain *", samples)
                field = FFI.buffer(FFI.addressof(chain, *where.split(".")))
                field[:] = b"\xff" * len(field)
            if step in levers:
                name, *args = levers[step]
                attrgetter(str(name))(rig)(*args)
        assert rig.edge_counters()["overflows"] > 0
        return rig.counts.digest, rig.counts.packets_sent


def test_nothing_lives_in_it_from_one_frame_to_the_next() -> None:
    """Frames that are lost, broken off and read again, standby, reset and a power cycle included."""
    plain = line_poisoned(None)
    assert plain[1] > 5
    assert line_poisoned("memory") == plain
    assert line_poisoned("clutter.background") != plain


def test_what_is_in_use_together_lies_apart() -> None:
    assert chain_memory.clashes(parts()) == []


@pytest.mark.parametrize(
    ("field", "changes", "clash"),
    [
        ("arriving.samples", {"read": BLOCK["range_fft"]}, "arriving.samples and turning.other"),
        ("turning.other", {"read": BLOCK["clutter"]}, "turning.other and watching.cleared"),
        ("watching.fit", {"written": DRIVER}, "arriving.samples and watching.fit"),
    ],
)
def test_a_planted_overlap_is_seen(field: str, changes: dict[str, int], clash: str) -> None:
    planted = tuple(replace(part, **changes) if part.field == field else part for part in parts())
    assert clash in chain_memory.clashes(planted)


def test_a_step_may_use_samples_in_its_own_memory_up(radar: Radar, frames: NDArray[np.uint16]) -> None:
    where: list[Any] = []

    def remember(chain: Any) -> None:
        where.append(LIB.sw_chain_samples(chain))

    run_c(radar, frames[:1], change=remember)
    assert int(FFI.cast("uintptr_t", where[0])) % 16 == 0
    room = 2 * (LIB.SW_MAX_FRAME_SAMPLES + LIB.SW_FRAME_SPARE)
    assert len(parts()[0].span) == room


def test_the_document_has_the_tables_of_the_core() -> None:
    document = chain_memory.DOCUMENT.read_text()
    assert chain_memory.placed(document) == document, f"run: {chain_memory.COMMAND}"
