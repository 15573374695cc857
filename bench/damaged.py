"""A million damaged streams through the decoders of the line: `python -m bench.damaged [STREAMS] [--seed N]`.

Rule: the decoder in C runs under sanitizers, and a coverage-guided fuzzer of our own makes its streams (bench/line/fuzz.c
says which claims each must hold to); every tenth goes through both decoders in Python, whose packets and counters must be
the same. gcc is all that is needed.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from front.env import ROOT
from wire import bulk, codec

DECODER = ("framing.c", "packet.c", "blake2s.c")
FLAGS = ["-std=c11", "-O2", "-g", "-no-pie", "-I", str(ROOT / "native" / "include"), "-I", str(ROOT / "wire")]
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
COVER = ["-fsanitize-coverage=trace-pc"]
STREAMS = 1_000_000
_HEAD = struct.Struct("<10I")  # as fuzz.c dumps: bytes, packets, the decoder's counters


class FuzzError(Exception):
    """A claim did not hold, or the fuzzer cannot be built; one line."""


def build(folder: Path, planted: Mapping[str, tuple[str, str]] | None = None, base: Path | None = None) -> Path:
    """The fuzzer's program. planted: file -> (text, what to put in its place), bugs for a test; base: where an earlier build
    left what has not changed. Raises FuzzError."""
    planted = planted or {}
    if shutil.which("gcc") is None:
        raise FuzzError("gcc is missing; the fuzzer needs its sanitizers")
    objects = []
    for name in DECODER:
        text = (ROOT / "native" / "src" / name).read_text("utf-8")
        if base is not None and name not in planted:
            objects.append(base / f"{Path(name).stem}.o")
            continue
        if name in planted:
            old, new = planted[name]
            if old not in text:
                raise FuzzError(f"{name}: no {old!r} in it to replace")
            text = text.replace(old, new)
        (folder / name).write_text(text, "utf-8")
        objects.append(_compiled(folder / name, [*SANITIZE, *COVER]))
    objects.append(base / "fuzz.o" if base is not None else _compiled(ROOT / "bench" / "line" / "fuzz.c", [], folder))
    _run(["gcc", "-no-pie", *SANITIZE, *map(str, objects), "-o", str(folder / "fuzz")])
    return folder / "fuzz"


def _compiled(source: Path, flags: list[str], folder: Path | None = None) -> Path:
    to = (folder or source.parent) / f"{source.stem}.o"
    _run(["gcc", *FLAGS, *flags, "-c", str(source), "-o", str(to)])
    return to


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FuzzError(f"{' '.join(command)}: {done.stderr.strip()}")


def fuzz(program: Path, streams: int, seed: int, dump: Path | None = None) -> dict[str, Any]:
    """The fuzzer's figures. Raises FuzzError with its last words when a claim does not hold or a sanitizer stops it."""
    command = [str(program), str(streams), str(seed), *([str(dump)] if dump else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        words = [
            line
            for line in done.stderr.splitlines()
            if line.startswith("fuzz: ") or "ERROR" in line or "error:" in line
        ]
        raise FuzzError((words or [f"fuzz: exit {done.returncode}"])[0][:600])
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def dumped(path: Path) -> Iterator[tuple[bytes, int, codec.Counters]]:
    """(stream, packets that came out, counters) as C decoded them."""
    with path.open("rb") as file:
        while head := file.read(_HEAD.size):
            n, packets, *counts = _HEAD.unpack(head)
            yield file.read(n), packets, codec.Counters(*counts)


def compare(path: Path) -> int:
    """Streams that both Python decoders decode as C did. Raises FuzzError at the first that they do not."""
    n = 0
    for stream, packets, counters in dumped(path):
        decoder = codec.Decoder()
        one_by_one = decoder.feed(stream)
        at_once = bulk.decode(stream)
        counted = [dataclasses.asdict(one) for one in (counters, decoder.counters, at_once.counters)]
        sizes = {packets, len(one_by_one), sum(len(rows) for rows in at_once.packets.values())}
        if counted[0] != counted[1] or counted[0] != counted[2] or len(sizes) > 1:
            raise FuzzError(f"C, decoder and bulk disagree ({counted}, {sizes}): {stream.hex(' ')}")
        n += 1
    return n


def run(streams: int, seed: int) -> dict[str, Any]:
    """Everything once. Raises FuzzError."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = fuzz(build(folder), streams, seed, folder / "dump")
        return {**figures, "seed": seed, "also_in_python": compare(folder / "dump")}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.damaged", description=__doc__)
    parser.add_argument("streams", nargs="?", type=int, default=STREAMS)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    try:
        print(json.dumps(run(options.streams, options.seed)))
    except FuzzError as error:
        print(f"damaged: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
