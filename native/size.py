"""Flash, RAM and stack of the firmware's C: a table, and exit 1 on any data or bss in its core.

Compiles native/src alone for a Cortex-M4 when that compiler is installed, for this machine otherwise.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLAGS = ["-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fstack-usage", "-Inative/include", "-Iwire"]
M4 = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]
STACK_ROWS = 12


def measure(source: Path, prefix: str, extra: list[str], work: Path) -> tuple[list[int], list[tuple[int, str]]]:
    """[text, data, bss] in bytes and (stack bytes, function) rows of one source."""
    out = work / f"{source.stem}.o"
    subprocess.run([f"{prefix}gcc", *FLAGS, *extra, "-c", str(source), "-o", str(out)], cwd=ROOT, check=True)
    listing = subprocess.run([f"{prefix}size", str(out)], capture_output=True, text=True, check=True).stdout
    sizes = [int(word) for word in listing.splitlines()[1].split()[:3]]
    stack = []
    for line in out.with_suffix(".su").read_text().splitlines():
        place, used, _ = line.split("\t")
        stack.append((int(used), f"{source.stem}: {place.rsplit(':', 1)[-1]}"))
    return sizes, stack


def state_bytes() -> int | None:
    """sw_firmware_size() of the built core, None when it is not built."""
    sys.path.insert(0, str(ROOT))
    from edge.core import CoreError, load

    try:
        return int(load()[1].sw_firmware_size())
    except CoreError:
        return None


def main() -> int:
    """Prints the table. Returns the exit code."""
    arm = shutil.which("arm-none-eabi-gcc") is not None
    prefix, extra = ("arm-none-eabi-", M4) if arm else ("", [])
    total, stacks, dirty = [0, 0, 0], [], []
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'Cortex-M4' if arm else 'this machine'}, -O3  {'text':>10} {'data':>6} {'bss':>6}")
        for source in sorted((ROOT / "native" / "src").glob("*.c")):
            sizes, stack = measure(source, prefix, extra, Path(folder))
            stacks += stack
            total = [a + b for a, b in zip(total, sizes, strict=True)]
            if sizes[1] or sizes[2]:
                dirty.append(source.name)
            print(f"  {source.name:<18}{sizes[0]:>8} {sizes[1]:>6} {sizes[2]:>6}")
    print(f"  {'all':<18}{total[0]:>8} {total[1]:>6} {total[2]:>6}")
    print("largest stack frames, bytes")
    for used, name in sorted(stacks, reverse=True)[:STACK_ROWS]:
        print(f"  {used:>6}  {name}")
    if (state := state_bytes()) is not None:
        print(f"RAM: {state} bytes of state, owned by the caller (pointers of this machine)")
    if dirty:
        print(f"data or bss in the core: {', '.join(dirty)}", file=sys.stderr)
    return 1 if dirty else 0


if __name__ == "__main__":
    sys.exit(main())
