"""The functions of vrb.h as a Python object, and the register list that the C programs use too."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from hw_sim.chip.core import ffi, lib

_TEXT = (Path(__file__).parent / "register_list.h").read_text()
WORDS = [int(word, 16) for word in re.findall(r"0x([0-9A-F]{8})", _TEXT)]
LIST = {name: int(value) for name, value in re.findall(r"#define LIST_(\w+) (\d+)", _TEXT)}
CHIRPS, SAMPLES = LIST["CHIRPS"], LIST["SAMPLES"]
FRAME_START, FSM_RESET, FIFO_RESET = 1, 4, 8
MAIN, SFCTL, FSTAT = 0x00, 0x06, 0x5F
SECOND_NS = 10**9


class Vrb:
    """One board. json: as for vrb_open, as keyword arguments."""

    def __init__(self, **set_up: Any) -> None:
        self.pointer = lib.vrb_open(json.dumps(set_up).encode())
        assert self.pointer != ffi.NULL, ffi.string(lib.vrb_why())

    def __enter__(self) -> Vrb:
        return self

    def __exit__(self, *_: object) -> None:
        lib.vrb_close(self.pointer)

    def xfer(self, tx: bytes) -> bytes:
        rx = bytearray(len(tx))
        lib.vrb_xfer(self.pointer, tx, ffi.from_buffer("uint8_t[]", rx), len(tx))
        return bytes(rx)

    def window(self, *parts: bytes) -> bytes:
        lib.vrb_cs(self.pointer, 0)
        rx = b"".join(self.xfer(part) for part in parts)
        lib.vrb_cs(self.pointer, 1)
        return rx

    def read(self, address: int) -> int:
        return int.from_bytes(self.window(bytes([address << 1, 0, 0, 0]))[1:], "big")

    def write(self, address: int, value: int) -> None:
        self.window((address << 25 | 1 << 24 | value).to_bytes(4, "big"))

    def programme(self, mask: int = 7, **changes: int) -> int:
        """The list with these antennas, an interrupt for each frame; changes: more registers, R33=7. Samples a frame."""
        for k, word in enumerate(WORDS):
            word = word & ~(7 << 20) | mask << 20 if k == LIST["ANTENNAS_WORD"] else word
            self.window(word.to_bytes(4, "big"))
        for name, value in changes.items():
            self.write(int(name[1:], 16), value)
        n = int(self.view().frame_samples)
        self.write(SFCTL, self.read(SFCTL) & ~0x1FFF | min(n // 2 - 1, 0x1FFF))
        return n

    def view(self) -> Any:
        view = ffi.new("chip_radar_view *")
        lib.chip_radar(lib.vrb_chip(self.pointer), view)
        return view

    def start(self) -> None:
        self.write(MAIN, self.read(MAIN) | FRAME_START)

    def fifo(self, n_samples: int) -> list[int]:
        """So many samples in one burst."""
        return samples(self.window(b"\xff\xc0\0\0", b"\xff" * (n_samples * 3 // 2))[4:])

    def advance(self, ns: int) -> int:
        return int(lib.vrb_advance(self.pointer, ns))

    def wait(self, ns: int = SECOND_NS) -> int:
        return int(lib.vrb_wait_irq(self.pointer, ns))

    @property
    def now_ns(self) -> int:
        return int(lib.vrb_time_ns(self.pointer))

    def lend(self, frames: Any) -> int:
        """frames: uint16, kept by the caller."""
        if len(frames) == 0:
            return int(lib.vrb_lend(self.pointer, ffi.NULL, 0))
        return int(lib.vrb_lend(self.pointer, ffi.from_buffer("uint16_t[]", frames), frames.size))


def samples(data: bytes) -> list[int]:
    """12-bit samples of FIFO bytes."""
    b = np.frombuffer(data, np.uint8).astype(int).reshape(-1, 3)
    pairs = np.stack([b[:, 0] << 4 | b[:, 1] >> 4, (b[:, 1] & 15) << 8 | b[:, 2]], axis=1)
    return [int(x) for x in pairs.ravel()]


def ramp(frame: int, lengths: list[int]) -> list[int]:
    """A frame of the documented ramp; lengths: samples of each chirp, all antennas."""
    return [(k + 7 * chirp + 131 * frame) & 0xFFF for chirp, n in enumerate(lengths) for k in range(n)]
