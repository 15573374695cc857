"""A recording of raw radar samples, where somebody asked for one by the name of a file.

Rule: off by default, and loud: whoever looks at the terminal, the log or the file knows what it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from front.output import say

if TYPE_CHECKING:
    from edge.firmware import ChainOps
    from edge.raw_adc import RawRecorder


@contextmanager
def recorder(path: Path | None, about: Mapping[str, Any]) -> Iterator[RawRecorder | None]:
    """None without a path. about: what the header says beside the configuration. Raises RawError."""
    if path is None:
        yield None
        return
    from edge.config import RadarConfig
    from edge.raw_adc import WARNING, RawRecorder

    with RawRecorder(path, RadarConfig(), about, say) as raw:
        say(f"RECORDING RAW RADAR SAMPLES into {path}. {WARNING}.")
        yield raw
    say(f"{raw.frames} frames of raw radar samples are in {path}")


@contextmanager
def spare(path: str, about: Mapping[str, Any]) -> Iterator[RawRecorder | None]:
    """As recorder, for a device: an alarm that is armed must ring, so what is wrong with the file is said and let be."""
    from edge.raw_adc import RawError

    with ExitStack() as stack:
        try:
            raw = stack.enter_context(recorder(Path(path) if path else None, about))
        except RawError as error:
            say(f"{error} (going on without raw samples)")
            raw = None
        yield raw


def tapped(raw: RawRecorder) -> tuple[ChainOps, tuple[Any, ...]]:
    """The C chain with the recorder before it, and what must stay alive."""
    from edge.firmware import c_chain

    return raw.tapped(*c_chain())


def process(simulator: Any, adc: Path, radar: Path | None, core: str, probes: Any) -> dict[str, Any]:
    """As run_process; a raw recording says itself how it was made. Raises InputError, RawError, RecordingError, RigError."""
    from edge import raw_adc

    if not raw_adc.is_raw(adc):
        found: dict[str, Any] = simulator.run_process(adc, radar, core=core, probes=probes)
        return found
    from hw_sim.recording import of_frames

    raw = raw_adc.read(adc)
    found = simulator.process_recording(of_frames(adc, raw.radar, raw.samples, radar), core=core, probes=probes)
    return {**found, "recording": {"frames_damaged": raw.damaged, "gaps": raw_adc.gaps(raw), "cut": raw.cut}}
