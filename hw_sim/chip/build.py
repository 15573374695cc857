"""Builds the compiled board: every C file of this folder becomes the extension `hw_sim._board`.

`python hw_sim/chip/build.py` builds in place; setup.py uses `ffi`.
Rule: Python sees what the public headers declare, nothing is declared twice. A header is
private when its name is `registers.h` or ends in `_internal.h`.
"""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

from cffi import FFI

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
MODULE = "hw_sim._board"
C_FLAGS = ["-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fvisibility=hidden"]
HIDDEN = "VRB_API"  # libvrb.so exports what bears it; the extension exports nothing, and cffi reads no attributes
INCLUDE = re.compile(r"^\s*#\s*include\s*<.*$", re.MULTILINE)
INTEGER = re.compile(r"^#define\s+([A-Z]\w*)\s+\(?-?(?:0x)?[0-9A-Fa-f]+[uU]?\)?\s*(?:/\*.*)?$", re.MULTILINE)


def public_headers() -> list[Path]:
    return [p for p in sorted(FOLDER.glob("*.h")) if p.name != "registers.h" and not p.name.endswith("_internal.h")]


def declarations() -> str:
    """The public headers as cffi reads them: preprocessed without the system's headers, integer macros kept."""
    headers = public_headers()
    names = INTEGER.findall("".join(p.read_text() for p in headers))
    with tempfile.TemporaryDirectory() as folder:
        for path in headers:
            (Path(folder) / path.name).write_text(INCLUDE.sub("", path.read_text()))
        wanted = "".join(f'#include "{p.name}"\n' for p in headers)
        command = [os.environ.get("CC", "gcc").split()[0], "-E", "-P", f"-D{HIDDEN}=", "-x", "c", "-"]
        run = subprocess.run(command, cwd=folder, input=wanted, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise SystemExit(f"hw_sim/chip/build.py: the headers do not preprocess:\n{run.stderr}")
    macros = "".join(f"#define {name} ...\n" for name in names)
    return macros + run.stdout + "const char *board_source_hash(void);\n"


def ffi(root: str = ".") -> FFI:
    """The extension, described. root: where the sources are named from ('.' for setup.py)."""
    source_hash = runpy.run_path(str(FOLDER / "source_hash.py"))["source_hash"](FOLDER)
    folder = Path(root) / "hw_sim" / "chip"
    builder = FFI()
    builder.cdef(declarations())
    glue = "".join(f'#include "{p.name}"\n' for p in public_headers())
    glue += f'static const char *board_source_hash(void) {{ return "{source_hash}"; }}\n'
    builder.set_source(
        MODULE,
        glue,
        sources=[str(folder / p.name) for p in sorted(FOLDER.glob("*.c"))],
        include_dirs=[str(folder)],
        define_macros=[(HIDDEN, "")],
        extra_compile_args=C_FLAGS,
        py_limited_api=True,
    )
    return builder


def build_in_place() -> Path:
    """Compiles in a temporary folder and puts the module into hw_sim/; whoever has the old one loaded keeps it."""
    with tempfile.TemporaryDirectory(dir=ROOT / "hw_sim", prefix=".build") as folder:
        built = Path(ffi(str(ROOT)).compile(tmpdir=folder))
        target = ROOT / "hw_sim" / built.name
        built.replace(target)
    return target


if __name__ == "__main__":
    sys.stderr.write(f"built {build_in_place()}\n")
