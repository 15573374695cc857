"""Where the device under test is: the words of --sw-target and what each needs on this machine.

Rule: nothing heavy is imported here; a wrong word is one line.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ARM = ("gcc-arm-none-eabi libnewlib-arm-none-eabi", "arm-none-eabi-gcc"), ("qemu-system-arm", "qemu-system-arm")
AARCH64 = ("gcc-aarch64-linux-gnu libc6-dev-arm64-cross", "aarch64-linux-gnu-gcc"), ("qemu-user", "qemu-aarch64")
COMPILER = (("gcc libc6-dev", "gcc"),)
BUILT: dict[str, tuple[tuple[str, str], ...]] = {
    "host": (),
    "posix": COMPILER,
    "arm": ARM,
    "arm_m7": ARM,
    "arm_m33": ARM,
    "aarch64": AARCH64,
    "sanitized": COMPILER,
    "unguarded": COMPILER,
    "unspared": COMPILER,
    "without": COMPILER,
}
"""Homes of our own firmware on the emulated board: (Debian packages, the program they bring) each needs."""
REQUIRE = {"arm": "arm", "arm_m7": "arm", "arm_m33": "arm", "aarch64": "arm"}
"""The word of STILLWAVE_REQUIRE that turns the skip of a target without its tools into a failure."""
PLACES = {"serial": "PORT", "replay": "FILE", "program": "PATH"}
EXPECTED = f"expected {', '.join(list(BUILT)[:3])}, {', '.join(f'{k}:{v}' for k, v in PLACES.items())}"
EXPECTED += f" or one of {', '.join(list(BUILT)[3:])}"


class TargetError(ValueError):
    """A target that cannot be meant; one line."""


@dataclass(frozen=True)
class Target:
    """One target. word: as given. kind: host, posix, ..., serial, replay or program. place: port, file or path.

    name: short, unique among the targets of a run, fit for a test's id and a folder's name.
    """

    word: str
    kind: str
    place: str
    name: str

    @property
    def emulated(self) -> bool:
        """The device sits on the emulated board."""
        return self.kind not in ("serial", "replay")

    @property
    def speaks_packets(self) -> bool:
        """The far end is a Stillwave device, or may be one; a stranger's program has a line of its own."""
        return self.kind != "program"


def parse(words: Iterable[str]) -> list[Target]:
    """Targets in the order given, each once; words may hold several between commas. Raises TargetError."""
    found: dict[str, Target] = {}
    for word in [part.strip() for one in words for part in one.split(",")]:
        if not word:
            raise TargetError(f"--sw-target: an empty word; {EXPECTED}")
        found.setdefault(word, _one(word, {target.name for target in found.values()}))
    return list(found.values())


def _one(word: str, taken: set[str]) -> Target:
    kind, colon, place = word.partition(":")
    if (not colon and kind not in BUILT) or (colon and (kind not in PLACES or not place)):
        raise TargetError(f"--sw-target {word}: {EXPECTED}")
    if kind == "replay" and not Path(place).is_file():
        raise TargetError(f"--sw-target {word}: no such recording")
    if kind == "program" and not (Path(place).is_file() and os.access(place, os.X_OK)):
        raise TargetError(f"--sw-target {word}: no such program, or not executable")
    if kind in ("replay", "program"):
        place = str(Path(place).resolve())
    short = kind if not colon else f"{kind}-{re.sub(r'[^A-Za-z0-9_.-]+', '_', Path(place).name)}"
    name = next(name for name in (short, *(f"{short}-{n}" for n in range(2, 1000))) if name not in taken)
    return Target(word, kind, place, name)


def check_kinds(kinds: Iterable[str]) -> None:
    """Raises TargetError for a word of sw_targets that is no kind of target."""
    known = (*BUILT, *PLACES)
    for kind in kinds:
        if kind not in known:
            raise TargetError(f"sw_targets({kind!r}): expected one of {', '.join(known)}")


def missing_tools(target: Target) -> str:
    """One line with the apt-get command that brings what this target lacks here; empty when nothing is missing."""
    needs = BUILT.get(target.kind, ())
    if target.kind == platform.machine():
        needs = needs[:1]  # it runs without an emulator
    lacking = [(package, tool) for package, tool in needs if shutil.which(tool) is None]
    if not lacking:
        return ""
    tools, packages = ", ".join(tool for _, tool in lacking), " ".join(package for package, _ in lacking)
    return f"target {target.kind}: {tools} not found; apt-get install --no-install-recommends {packages}"


def required(target: Target) -> str:
    """The word of STILLWAVE_REQUIRE by which this target may not be skipped; empty when it may be."""
    word = REQUIRE.get(target.kind, "")
    words = [entry.strip() for entry in os.environ.get("STILLWAVE_REQUIRE", "").split(",")]
    return word if word and word in words else ""
