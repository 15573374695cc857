"""Flash, RAM and worst stack of the firmware, each beside its limit: a table, and exit 1 above one of them.

Compiles core and bridge for a Cortex-M4 when that compiler is installed, and takes the limits from the linked image;
without it the core for this machine. Exit 1 as well for any data or bss in the core, and for a stack without a bound.
"""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SRC, TARGETS = ROOT / "native" / "src", ROOT / "native" / "targets"
FLAGS = ["-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fcallgraph-info=su"]
INCLUDES = ["-Inative/include", "-Iwire", "-Inative/targets", "-Inative/targets/cortex_m"]
M4 = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]
STACK_ROWS = 8
STATE_LIMIT = 160 * 1024
"""Of the firmware's state; what is left of the image's RAM limit is for stack and what is yet to come."""
CORE_FLASH_LIMIT = 160 * 1024
HOST_STACK_LIMIT = 8 * 1024
# whom a pointer called in a file may mean; in all other files of the core it is the HAL
CHAIN = {"sw_chain_init", "sw_chain_step", "sw_chain_place"}
MEANT = {"user_place.c": {"sw_chain_place"}, "chain.c": set(), "bridge_hal.c": {"read_some", "write_all"}}
STATE = """#include "firmware_memory.h"
char sw_state_bytes[SW_FIRMWARE_BYTES];
"""
stack: Any = type("stack", (), runpy.run_path(str(ROOT / "native" / "stack.py")))


def compile_one(source: Path, prefix: str, extra: list[str], work: Path) -> Path:
    """Path of the object; its call graph lies beside it."""
    out = work / f"{source.stem}.o"
    command = [f"{prefix}gcc", *FLAGS, *extra, *INCLUDES, "-c", str(source), "-o", str(out)]
    subprocess.run(command, cwd=ROOT, check=True)
    return out


def sizes(path: Path, prefix: str) -> list[int]:
    """[text, data, bss] in bytes."""
    listing = subprocess.run([f"{prefix}size", str(path)], capture_output=True, text=True, check=True).stdout
    return [int(word) for word in listing.splitlines()[1].split()[:3]]


def symbols(path: Path) -> dict[str, int]:
    """Values of the image's symbols sw_*."""
    listing = subprocess.run(["arm-none-eabi-nm", str(path)], capture_output=True, text=True, check=True).stdout
    return {name: int(value, 16) for value, name in re.findall(r"^([0-9a-f]+) \w (sw_\w+)$", listing, re.MULTILINE)}


def meant_by(hal: Iterable[str]) -> Any:
    """File -> names of the functions that a pointer called there may mean."""

    def meant(file: str) -> set[str]:
        if file == "firmware.c":
            return CHAIN | set(hal)
        return MEANT.get(file, set(hal))

    return meant


def within(rows: list[tuple[str, int, int]]) -> bool:
    """Prints name, value, limit and what is left. Returns whether all are within their limits."""
    print(f"{'':<28}{'bytes':>8} {'limit':>8} {'left':>8}")
    for name, value, limit in rows:
        print(f"  {name:<26}{value:>8} {limit:>8} {limit - value:>8}")
    over = [f"{name} {value} above {limit}" for name, value, limit in rows if value > limit]
    for line in over:
        print(f"size: {line}", file=sys.stderr)
    return not over


def core_table(objects: dict[str, Path], prefix: str, title: str) -> tuple[int, list[str]]:
    """Prints text, data and bss of each source. Returns all text, and the sources with data or bss."""
    print(f"{title:<20}{'text':>6} {'data':>6} {'bss':>6}")
    total, dirty = [0, 0, 0], []
    for name, path in objects.items():
        found = sizes(path, prefix)
        total = [a + b for a, b in zip(total, found, strict=True)]
        print(f"  {name:<18}{found[0]:>6} {found[1]:>6} {found[2]:>6}")
        if found[1] or found[2]:
            dirty.append(name)
    print(f"  {'core':<18}{total[0]:>6} {total[1]:>6} {total[2]:>6}")
    return total[0], dirty


def main() -> int:
    """Prints the tables. Returns the exit code."""
    arm = shutil.which("arm-none-eabi-gcc") is not None
    prefix, extra = ("arm-none-eabi-", M4) if arm else ("", [])
    core = sorted(SRC.glob("*.c"))
    home = [TARGETS / "bridge_hal.c", *sorted((TARGETS / "cortex_m").glob("*.c"))] if arm else []
    graph = stack.Calls()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        objects = {source.name: compile_one(source, prefix, extra, work) for source in [*core, *home]}
        for name, path in objects.items():
            graph.read(name, path.with_suffix(".ci").read_text())
        (work / "state.c").write_text(STATE)
        state = sizes(compile_one(work / "state.c", prefix, extra, work), prefix)[2]
        inside = {source.name: objects[source.name] for source in core}
        text, dirty = core_table(inside, prefix, "Cortex-M4, -O3" if arm else "this machine, -O3")
    hal = [one for one, file in graph.files.items() if file == "bridge_hal.c" and ":hal_" in one]
    roots = ["sw_start"] if arm else ["sw_firmware_init", "sw_firmware_step"]
    try:
        deep, path = stack.deepest(graph, roots, meant_by(map(stack.bare_name, hal)))
    except stack.StackError as error:
        print(f"size: {error}", file=sys.stderr)
        return 1
    print("largest stack frames")
    for function, used in sorted(graph.frames.items(), key=lambda one: -one[1])[:STACK_ROWS]:
        print(f"  {used:>6}  {graph.files[function]}: {stack.bare_name(function)}")
    print(f"deepest calls: {stack.path_text(path, graph.frames)}")
    rows = [("flash of the core", text, CORE_FLASH_LIMIT), ("state", state, STATE_LIMIT)]
    ok = True
    if arm:
        builder = runpy.run_path(str(TARGETS / "build.py"))
        try:
            found = symbols(builder["build"]("arm"))
        except builder["BuildError"] as error:
            print(f"size: {error}", file=sys.stderr)
            found, ok = {}, False
    if arm and found:
        rows += [
            ("flash of the image", found["sw_flash_bytes"], found["sw_flash_limit"]),
            ("RAM of the image, stack too", found["sw_ram_bytes"], found["sw_ram_limit"]),
        ]
    rows.append(("worst stack", deep, found["sw_stack_bytes"] if arm and found else HOST_STACK_LIMIT))
    ok = within(rows) and ok
    for name in dirty:
        print(f"size: data or bss in the core: {name}", file=sys.stderr)
    return 0 if ok and not dirty else 1


if __name__ == "__main__":
    sys.exit(main())
