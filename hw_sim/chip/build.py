"""Builds the compiled board: every C file of this folder becomes the extension `hw_sim._board`.

Run `python hw_sim/chip/build.py` to build in place; `setup.py` uses the `ffi` of this file.
Rule: Python sees what the public headers declare, nothing is declared twice. A header is
private when its name is `registers.h` or ends in `_internal.h`.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from cffi import FFI

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
MODULE = "hw_sim._board"
C_FLAGS = ["-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fvisibility=hidden"]
DEFINE = re.compile(r"^#define\s+([A-Z]\w*)\s+\(?-?(?:0x)?[0-9A-Fa-f]+[uU]?\)?\s*(?:/\*.*)?$", re.MULTILINE)


def source_hash() -> str:
    """SHA-256 over the names and bytes of all sources, hex; compiled in and compared at import."""
    digest = hashlib.sha256()
    for path in sorted([*FOLDER.glob("*.c"), *FOLDER.glob("*.h"), FOLDER / "build.py"]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def public_headers() -> list[Path]:
    return [p for p in sorted(FOLDER.glob("*.h")) if p.name != "registers.h" and not p.name.endswith("_internal.h")]


def declarations() -> str:
    """The public headers as cffi reads them: preprocessed without the system's headers, integer macros kept."""
    headers = public_headers()
    text = "".join(p.read_text() for p in headers)
    with tempfile.TemporaryDirectory() as folder:
        for path in headers:
            kept = re.sub(r"^#include\s*<.*$", "", path.read_text(), flags=re.MULTILINE)
            (Path(folder) / path.name).write_text(kept)
        wanted = "".join(f'#include "{p.name}"\n' for p in headers)
        run = subprocess.run(
            ["gcc", "-E", "-P", "-"], cwd=folder, input=wanted, capture_output=True, text=True, check=True
        )
    macros = "".join(f"#define {name} ...\n" for name in DEFINE.findall(text))
    return macros + run.stdout + "const char *board_source_hash(void);\n"


def builder() -> FFI:
    """The configured cffi builder. Sources are relative to the project root, as setuptools wants them."""
    made = FFI()
    made.cdef(declarations())
    glue = "".join(f'#include "{p.name}"\n' for p in public_headers())
    glue += f'static const char *board_source_hash(void) {{ return "{source_hash()}"; }}\n'
    made.set_source(
        MODULE,
        glue,
        sources=[str(p.relative_to(ROOT)) for p in sorted(FOLDER.glob("*.c"))],
        depends=[str(p.relative_to(ROOT)) for p in sorted(FOLDER.glob("*.h"))],
        include_dirs=[str(FOLDER.relative_to(ROOT))],
        extra_compile_args=C_FLAGS,
        py_limited_api=True,
    )
    return made


ffi = builder()

if __name__ == "__main__":
    built = ffi.compile(tmpdir=str(ROOT), verbose="-v" in sys.argv)
    for rest in [ROOT / "hw_sim" / "_board.c", *(ROOT / "hw_sim").glob("_board*.o"), *FOLDER.glob("*.o")]:
        rest.unlink(missing_ok=True)
    sys.stderr.write(f"built {built}\n")
