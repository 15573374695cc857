"""The reference chain in the firmware's place for the C chain: `--core numba`.

The one rule: compiled functions are made on demand, in chain_ops(), so that nothing here is needed, or compiled,
by a firmware that runs its own chain.
"""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np

from edge.core import load
from edge.firmware import ChainOps


def chain_ops() -> tuple[ChainOps, tuple[Any, ...]]:
    """The chain as addresses, and what must stay alive while they are in use."""
    from edge.blocks import chain

    ffi, lib = load()
    state = np.zeros(1, chain.STATE)
    step = _compiled_step()
    init = ffi.callback(
        "int32_t(void *, const sw_radar_config *, const sw_radar_timing *)",
        lambda _, config, timing: _init(state, config, timing),
        error=lib.SW_ERROR_PARAMETER,
    )
    place = ffi.callback("void(void *, const sw_place *)", lambda _, where: _place(state, where))
    correct = ffi.callback("void(void *, const sw_correction *)", lambda _, what: _correct(state, what))
    measure = ffi.callback("void(void *, uint32_t, uint32_t)", lambda _, frames, raw: _measure(state, frames, raw))
    still_at = ffi.cast("sw_still *", state.ctypes.data + _offset("calibration", "still"))
    still = ffi.callback("const sw_still *(void *)", lambda _: still_at)
    calls = {"init": init, "place": place, "correct": correct, "measure": measure, "still": still}
    ops = ChainOps(
        state=state.ctypes.data,
        step=step.address,
        parameters_hash=lib.sw_chain_parameters_hash(),
        **{name: int(ffi.cast("uintptr_t", call)) for name, call in calls.items()},
    )
    return ops, (state, step, *calls.values())


def _offset(*names: str) -> int:
    """Of a member in the chain's state."""
    from edge.blocks import chain

    kind, at = chain.STATE, 0
    for name in names:
        kind, offset = cast(dict[str, Any], kind.fields)[name][:2]
        at += offset
    return at


def _init(state: np.ndarray[Any, Any], config: Any, timing: Any) -> int:
    """Set the radar's geometry and start the chain: 0, or a negative sw_error."""
    from edge.blocks import chain
    from edge.blocks.geometry import from_registers

    state[0]["geometry"] = from_registers(config, timing)
    state[0]["shape"] = (config.n_chirps, config.n_samples, timing.n_rx)
    chain.init(state[0])
    return 0


def _place(state: np.ndarray[Any, Any], where: Any) -> None:
    """Tell the chain where the user lies; where: sw_place."""
    from edge.blocks import chain

    low, high = (math.radians(cdeg / 100) for cdeg in (where.azimuth_low_cdeg, where.azimuth_high_cdeg))
    chain.place(state[0], where.near_mm / 1000, where.far_mm / 1000, low, high)


def _correct(state: np.ndarray[Any, Any], what: Any) -> None:
    """Tell the chain its correction; what: sw_correction *, or NULL."""
    from edge.blocks import calibration, chain

    ffi, lib = load()
    gain, echo = np.ones(calibration.RX, np.complex64), np.zeros((0, 0), np.complex64)
    if what != ffi.NULL:
        gain[:] = [complex(what.gain_re[rx], what.gain_im[rx]) for rx in range(calibration.RX)]
        if what.echo != ffi.NULL:
            echo = np.ascontiguousarray(calibration.kept_echo(bytes(ffi.buffer(what.echo, lib.SW_ECHO_BYTES))))
    chain.correct(state[0], gain, echo)


def _measure(state: np.ndarray[Any, Any], frames: int, raw: int) -> None:
    """Tell the chain to measure."""
    from edge.blocks import calibration

    calibration.measure(state[0]["calibration"], frames, bool(raw))


def _compiled_step() -> Any:
    """A C function with the signature of sw_chain_ops.step that runs chain.step on its state."""
    from numba import cfunc, from_dtype, types
    from numba.np.numpy_support import carray

    from edge.blocks import chain, vitals

    signature = types.void(
        types.CPointer(from_dtype(chain.STATE)),
        types.CPointer(types.uint16),
        types.uint64,
        types.uint32,
        types.CPointer(from_dtype(vitals.OUT)),
    )
    run: Any = chain.step

    @cfunc(signature)
    def step(state_pointer: Any, samples: Any, t_us: Any, flags: Any, out_pointer: Any) -> None:
        state = carray(state_pointer, 1)[0]
        shape = state.shape
        frame = carray(samples, (shape[0], shape[1], shape[2]))
        run(state, frame, np.int64(t_us), np.int64(flags), carray(out_pointer, 1)[0])

    return step
