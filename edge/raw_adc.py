"""Raw samples of the radar in a local file, frame by frame as they came out of the chip: for whoever takes a night apart.

Rule: off unless it was asked for by the name of a file; the file says loudly what it is, is its owner's alone, and is
never written over. Raw samples go nowhere else: no packet holds them. The radar's configuration stands in the header,
and recording ends rather than hold frames of another one.

The file: MAGIC, one line of JSON, a line break; then frames of equal length: time u64 us, flags u32, crc32 u32 of all
the rest of the frame (little-endian), and the samples [chirp][sample][rx] of 12 bits, two in three bytes as in the
chip's FIFO.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from edge.config import RadarConfig
from edge.core import load
from edge.firmware import ChainOps

MAGIC = b"STILLWAVE RAW ADC 1\n"
WARNING = "RAW RADAR SAMPLES OF WHOEVER WAS IN THE ROOM: private; nothing but this file holds them; delete it after use"
HEADER_MAX = 65_536
_HEAD = struct.Struct("<QII")


class RawError(Exception):
    """The file cannot be written, or is no raw recording; one line that names it."""


@dataclass(frozen=True)
class Raw:
    """A file that was read. radar: the SDK's JSON; samples: uint16[frame, chirp, sample, rx]; t_us: uint64[frame].

    damaged: frames left out because their checksum is wrong; cut: the last frame is not whole.
    """

    header: dict[str, Any]
    radar: dict[str, Any]
    samples: NDArray[np.uint16]
    t_us: NDArray[np.uint64]
    damaged: int
    cut: bool


def sdk_form(config: RadarConfig) -> dict[str, Any]:
    """The configuration as the radar SDK's JSON file has it."""
    shape = {
        "rx_antennas": [number for number in (1, 2, 3) if config.rx_mask >> (number - 1) & 1],
        "tx_antennas": [1],
        "num_samples_per_chirp": config.n_samples,
        "num_chirps_per_frame": config.n_chirps,
        "sample_rate_Hz": config.sample_rate_hz,
        "start_frequency_Hz": config.start_khz * 1000,
        "end_frequency_Hz": config.end_khz * 1000,
        "chirp_repetition_time_s": config.chirp_period_ns / 1e9,
        "frame_repetition_time_s": config.frame_period_ns / 1e9,
        "tx_power_level": config.tx_power_level,
        "if_gain_dB": config.if_gain_db,
        "hp_cutoff_Hz": config.hp_cutoff_khz * 1000,
    }
    return {"device_config": {"fmcw_single_shape": shape}}


def pack(samples: NDArray[np.uint16]) -> bytes:
    """12-bit samples, an even number, two in three bytes."""
    first, second = samples[0::2], samples[1::2]
    out = np.empty((len(first), 3), np.uint8)
    out[:, 0] = first >> 4
    out[:, 1] = (first & 15) << 4 | second >> 8
    out[:, 2] = second & 255
    return out.tobytes()


def unpack(packed: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """The reverse. packed: uint8[..., 3 n]; returns uint16[..., 2 n]."""
    triples = packed.reshape(*packed.shape[:-1], -1, 3).astype(np.uint16)
    out = np.empty((*triples.shape[:-1], 2), np.uint16)
    out[..., 0] = triples[..., 0] << 4 | triples[..., 1] >> 4
    out[..., 1] = (triples[..., 1] & 15) << 8 | triples[..., 2]
    return out.reshape(*packed.shape[:-1], -1)


class RawRecorder:
    """Writes one file; a context manager. about: what else the header says. say: one line when recording ends early."""

    def __init__(
        self, path: Path, config: RadarConfig, about: Mapping[str, Any], say: Callable[[str], None] | None = None
    ) -> None:
        """Raises RawError."""
        self.path, self.config = path, config
        self.frames = 0
        self.ended = ""
        self._say = say or (lambda line: None)
        self._n = config.n_rx * config.n_samples * config.n_chirps
        shape = {"chirp": config.n_chirps, "sample": config.n_samples, "rx": config.n_rx}
        header = {"warning": WARNING, "frame": shape, "radar": sdk_form(config), **about}
        try:
            self._file: IO[bytes] | None = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
            self._file.write(MAGIC + json.dumps(header).encode() + b"\n")
        except FileExistsError:
            raise RawError(f"{path}: is there already; a raw recording is never written over") from None
        except OSError as error:
            raise RawError(f"{path}: cannot be written: {error.strerror or error}") from None

    def frame(self, samples: NDArray[np.uint16], t_us: int, flags: int) -> None:
        """One frame, uint16[chirp * sample * rx] in FIFO order. Trouble ends the recording, never the device."""
        if self._file is None:
            return
        body = pack(samples)
        crc = zlib.crc32(body, zlib.crc32(struct.pack("<QI", t_us, flags)))
        try:
            self._file.write(_HEAD.pack(t_us, flags, crc) + body)
            self.frames += 1
        except OSError as error:
            self._end(f"cannot be written: {error.strerror or error}")

    def tapped(self, chain: ChainOps, kept: tuple[Any, ...]) -> tuple[ChainOps, tuple[Any, ...]]:
        """The same chain, every frame recorded before it is worked on; and what must stay alive, kept among it."""
        ffi, _ = load()
        kinds = {name: ffi.typeof(ffi.new("sw_chain_ops *").__getattribute__(name)) for name in ("init", "step")}
        base = {name: ffi.cast(kind, getattr(chain, name)) for name, kind in kinds.items()}

        def init(state: Any, config: Any, timing: Any) -> int:
            if self._file is not None and any(getattr(config, key) != n for key, n in asdict(self.config).items()):
                self._end("the radar's configuration was changed; recording ended")
            return int(base["init"](state, config, timing))

        def step(state: Any, samples: Any, t_us: int, flags: int, out: Any) -> None:
            self.frame(np.frombuffer(ffi.buffer(samples, 2 * self._n), np.uint16), t_us, flags)
            base["step"](state, samples, t_us, flags, out)

        calls = {name: ffi.callback(kinds[name], call) for name, call in (("init", init), ("step", step))}
        addresses = {name: int(ffi.cast("uintptr_t", one)) for name, one in calls.items()}
        return replace(chain, **addresses), (*kept, *calls.values())

    def _end(self, why: str) -> None:
        self.ended = f"{self.path}: {why}"
        self._say(self.ended)
        self.close()

    def close(self) -> None:
        """The file is whole. Never raises: what is there stays."""
        file, self._file = self._file, None
        try:
            if file is not None:
                file.close()
        except OSError as error:
            self.ended = self.ended or f"{self.path}: cannot be written: {error.strerror or error}"
            self._say(self.ended)

    def __enter__(self) -> RawRecorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_raw(path: Path) -> bool:
    """The file begins as a raw recording does."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def read(path: Path) -> Raw:
    """All frames that are whole. Raises RawError."""
    try:
        content = np.fromfile(path, np.uint8)
    except OSError as error:
        raise RawError(f"{path}: cannot be read: {error.strerror or error}") from None
    head = content[: len(MAGIC) + HEADER_MAX].tobytes()
    if not head.startswith(MAGIC):
        raise RawError(f"{path}: no raw recording; expected a file that begins with {MAGIC.decode().strip()}")
    end = head.find(b"\n", len(MAGIC))
    try:
        header = json.loads(head[len(MAGIC) : end])
        shape = [int(header["frame"][key]) for key in ("chirp", "sample", "rx")]
        radar = dict(header["radar"])
        n = int(np.prod(shape, dtype=np.int64))
        if end < 0 or min(shape) < 1 or n > 1 << 20 or n % 2:
            raise ValueError("frame")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RawError(f"{path}: header: expected frame and radar in one line of JSON, got {error}") from None
    body = content[end + 1 :]
    size = _HEAD.size + n // 2 * 3
    rows = body[: len(body) // size * size].reshape(-1, size)
    good = [_is_whole(row.tobytes()) for row in rows]
    whole = rows[np.array(good, bool)] if len(rows) else rows
    samples = unpack(whole[:, _HEAD.size :]).reshape(-1, *shape)
    t_us = whole[:, :8].copy().view("<u8").reshape(-1)
    return Raw(header, radar, samples, t_us, len(rows) - len(whole), len(body) % size != 0)


def _is_whole(frame: bytes) -> bool:
    return zlib.crc32(frame[_HEAD.size :], zlib.crc32(frame[:12])) == int.from_bytes(frame[12:16], "little")


def gaps(raw: Raw) -> int:
    """How often frames are missing: between neighbours lies more than one and a half periods."""
    period_us = raw.radar["device_config"]["fmcw_single_shape"]["frame_repetition_time_s"] * 1e6
    return int(np.sum(np.diff(raw.t_us.astype(np.int64)) > 1.5 * period_us))
