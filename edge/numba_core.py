"""The reference chain in the firmware's place for the C chain: `--core numba`.

The one rule: compiled functions are made on demand, in chain_ops(), so that nothing here is needed, or compiled,
by a firmware that runs its own chain.
"""

from __future__ import annotations

import math
from typing import Any

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
    ops = ChainOps(
        state=state.ctypes.data,
        init=int(ffi.cast("uintptr_t", init)),
        step=step.address,
        parameters_hash=lib.sw_chain_parameters_hash(),
        place=int(ffi.cast("uintptr_t", place)),
    )
    return ops, (state, init, step, place)


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
