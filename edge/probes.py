"""Probes: named places in the C chain's state and output, frame by frame, as numpy arrays with units.

Rule: a probe only reads. The names, their places and the moment they hold come from one table, native/src/probe.c.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.core import load

Array = NDArray[Any]
OnFrame = Callable[[Mapping[str, Array]], None]
"""Called after every frame with what was asked for, by name; the arrays are the caller's to keep."""
TIME = "vitals.t_us"
TYPES = {"FLOAT": np.float32, "INT32": np.int32, "UINT32": np.uint32, "INT16": np.int16, "UINT64": np.uint64}
# words of the table's axes, and the constant that says how long each is
LENGTHS = {
    "half": 2,
    "part": 2,  # real and imaginary: one complex number
    "sample": "SW_MAX_SAMPLES",
    "lane": "SW_LANES",
    "range_bin": "SW_MAX_BINS",
    "seen_bin": "SW_MAX_BINS",  # of which only the watched ones hold
    "watched_bin": "SW_WATCH_BINS",
    "channel": "SW_CHANNELS",
    "remembered": "SW_CIRCLE_SAMPLES",
    "waveform": "SW_WAVE_MAX",
}


class ProbeError(ValueError):
    """No such probe, or nothing to be seen there; one line."""


@dataclass(frozen=True)
class Probe:
    """One row of the table. axes, shape: as they lie in memory; block: after which it holds."""

    name: str
    unit: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    bytes: int
    block: int
    of_output: bool
    lasting: bool
    """It holds between two frames as well."""

    @property
    def seen_axes(self) -> tuple[str, ...]:
        """Axes of the array that is handed out: complex numbers whole, antennas before samples and bins."""
        names = [name for name in self.axes if name not in ("part", "lane")]
        if "lane" in self.axes:
            names.insert(len(names) - 1, "rx")
        return tuple("range_bin" if name.endswith("_bin") else name for name in names)


def _length(word: str) -> int:
    length = LENGTHS[word]
    return length if isinstance(length, int) else int(getattr(load()[1], str(length)))


@cache
def table() -> dict[str, Probe]:
    """All probes by name, in the order of the chain."""
    ffi, lib = load()
    n = ffi.new("uint32_t *")
    rows, found, one_frame = lib.sw_probe_table(n), {}, ffi.sizeof("sw_frame_memory")
    types = {getattr(lib, f"SW_PROBE_{name}"): np.dtype(kind) for name, kind in TYPES.items()}
    for row in (rows[i] for i in range(n[0])):
        name, unit, axes = (ffi.string(text).decode() for text in (row.name, row.unit, row.axes))
        shape = tuple(_length(word) for word in axes.split())
        place = (row.offset, row.bytes, row.block, bool(row.of_output), bool(row.of_output or row.offset >= one_frame))
        found[name] = Probe(name, unit, tuple(axes.split()), shape, types[row.type], *place)
    return found


def chosen(names: Iterable[str]) -> list[Probe]:
    """The probes of these names, each once. Raises ProbeError."""
    all_of_them, found = table(), {}
    for name in names:
        if name not in all_of_them:
            raise ProbeError(f"probe {name}: expected one of {', '.join(all_of_them)}")
        found[name] = all_of_them[name]
    return list(found.values())


class Watch:
    """What some probes show after every frame of one chain. on_frame: see OnFrame; without one all of it is kept."""

    def __init__(self, names: Iterable[str] = (), on_frame: OnFrame | None = None) -> None:
        self.ffi, self.lib = load()
        self.probes = chosen(names)
        self.latest: dict[str, Array] = {}
        self._on_frame = on_frame
        self._kept: dict[str, list[Array]] = {probe.name: [] for probe in self.probes}
        self._frame: dict[str, Array] = {}
        self._failed: BaseException | None = None
        self._state: Any = None
        hook = self.ffi.callback("sw_block_hook", self._ended, onerror=self._remember)
        self._hook = hook
        self._due: dict[int, list[Probe]] = {self.lib.SW_AFTER_VITALS: []}
        for probe in self.probes:
            self._due.setdefault(probe.block, []).append(probe)

    def attach(self, state: Any) -> None:
        """From now on this chain, an sw_chain * that is initialised; once more after every init."""
        self._state = self.ffi.cast("sw_chain *", state)
        blocks = sum(1 << block for block in self._due) if self.probes else 0
        self.lib.sw_chain_watch(self._state, self._hook, self.ffi.NULL, blocks)

    def read(self, name: str, output: Any = None) -> Array:
        """What a probe shows now; after a frame, not within one. output: the sw_chain_out of that frame.

        Raises ProbeError for one that holds only within a frame and is not watched.
        """
        (probe,) = chosen([name])
        if not probe.lasting:
            if name not in self.latest:
                raise ProbeError(f"probe {name}: its memory is gone after the frame; name it before the run")
            return self.latest[name]
        return self._taken(probe, output)

    def arrays(self) -> dict[str, Array]:
        """All frames so far, [frame, ...] by name; nothing with on_frame. Raises what on_frame raised."""
        self.check()
        return {name: np.stack(seen) for name, seen in self._kept.items() if seen}

    def check(self) -> None:
        """Raises what on_frame raised: no exception can leave a callback from C."""
        failed, self._failed = self._failed, None
        if failed is not None:
            raise failed

    def _remember(self, _: Any, error: BaseException, __: Any) -> None:
        self._failed = self._failed or error

    def _ended(self, _: Any, block: int, output: Any) -> None:
        for probe in self._due[block]:
            self._frame[probe.name] = self._taken(probe, output)
        if block != self.lib.SW_AFTER_VITALS:
            return
        self.latest, self._frame = self._frame, {}
        if self._on_frame is not None:
            self._on_frame(self.latest)
            return
        for name, seen in self.latest.items():
            self._kept[name].append(seen)

    def _taken(self, probe: Probe, output: Any) -> Array:
        """A copy in the form that is handed out."""
        base = self.ffi.cast("char *", output if probe.of_output else self._state) + probe.offset
        raw = np.frombuffer(self.ffi.buffer(base, probe.bytes), probe.dtype).reshape(probe.shape)
        return seen(raw, probe.axes, self._state.geometry)


def seen(raw: Array, axes: tuple[str, ...], geometry: Any) -> Array:
    """raw (axes as in the table) as handed out: only the antennas, samples and bins that the radar has.

    Of the watched bins those before the first one hold 0. geometry: the chain's sw_geometry.
    """
    bins = [name for name in axes if name.endswith("_bin")]
    ends = {"lane": geometry.n_rx, "sample": 2 * geometry.n_bins, "range_bin": geometry.n_bins}
    ends |= {"seen_bin": geometry.watch_last + 1, "watched_bin": geometry.watch_last + 1}
    found = raw[tuple(slice(ends.get(name)) for name in axes)].copy()
    if bins and bins[0] != "range_bin":
        at = axes.index(bins[0])
        np.moveaxis(found, at, 0)[: geometry.watch_first] = 0
    if "part" in axes:  # always the outermost
        both = np.empty(found.shape[1:], np.complex64)
        both.real, both.imag = found
        found = both
    return np.ascontiguousarray(np.swapaxes(found, -1, -2)) if "lane" in axes else found


def blocks() -> dict[int, str]:
    """Number -> name of each block, in small letters."""
    ffi, _ = load()
    names = {int(v): str(n).removeprefix("SW_AFTER_").lower() for v, n in ffi.typeof("sw_after").elements.items()}
    return {value: name for value, name in sorted(names.items()) if name != "count"}
