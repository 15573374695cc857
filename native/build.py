"""Builds edge/_core: the whole firmware in C as one cffi extension (API mode, stable ABI).

Rule: no declaration is written twice. What Python sees is made from the headers themselves,
so that tests reach every struct, constant and sw_ function.

`python native/build.py` builds in place; setup.py uses `ffi` below.
"""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cffi

ROOT = Path(__file__).resolve().parent.parent
MODULE = "edge._core"
COMPILE_FLAGS = ["-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fvisibility=hidden"]
SYSTEM_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<[^>]*>.*$", re.MULTILINE)
# an object-like macro with an integer value: no call, no decimal point, no text
CONSTANT = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(SW_\w+)[ \t]+([\w \t()+*<>|&~-]+?)[ \t]*(?:/\*.*)?$", re.MULTILINE)


def headers() -> list[Path]:
    """Every header of the core, the packet tables first."""
    return [*sorted((ROOT / "wire").glob("*.h")), *sorted((ROOT / "native" / "include").glob("*.h"))]


def preprocess(texts: dict[str, str]) -> str:
    """C declarations of these headers (name -> text), macros expanded, system headers left out."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts.items():
            (Path(folder) / name).write_text(SYSTEM_INCLUDE.sub("", text))
        everything = "".join(f'#include "{name}"\n' for name in texts)
        command = [os.environ.get("CC", "gcc").split()[0], "-E", "-P", "-std=c11", "-I", folder, "-x", "c", "-"]
        done = subprocess.run(command, input=everything, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"native/build.py: the headers do not preprocess:\n{done.stderr}")
    return done.stdout


def drop_inline_functions(declarations: str) -> str:
    """Takes `static inline` definitions, float constants and static assertions out: cffi reads declarations only."""
    declarations = re.sub(r"\b_Static_assert\s*\(.*?\)\s*;", "", declarations, flags=re.DOTALL)
    declarations = re.sub(r"\bstatic\s+const\s+float\s+\w+\s*=[^;{]*;", "", declarations)
    while (found := re.search(r"\bstatic\s+(?:inline|const)\b", declarations)) is not None:
        position = declarations.index("{", found.start()) + 1
        depth = 1
        while depth:
            depth += {"{": 1, "}": -1}.get(declarations[position], 0)
            position += 1
        tail = declarations[position:].lstrip()
        declarations = declarations[: found.start()] + tail.removeprefix(";")
    return declarations


def cdef() -> str:
    """What Python sees: declarations of all headers and their integer constants."""
    texts = {path.name: path.read_text() for path in headers()}
    names = {name: None for text in texts.values() for name, _ in CONSTANT.findall(text)}
    constants = "".join(f"#define {name} ...\n" for name in names)
    return drop_inline_functions(preprocess(texts)) + constants + "static char *const SW_SOURCE_HASH;\n"


def ffi(root: str = ".") -> cffi.FFI:
    """The extension, described. root: where the sources are named from ('.' for setup.py)."""
    source_hash = runpy.run_path(str(ROOT / "native" / "source_hash.py"))["source_hash"](ROOT)
    builder = cffi.FFI()
    builder.cdef(cdef())
    includes = "".join(f'#include "{path.name}"\n' for path in headers())
    builder.set_source(
        MODULE,
        f'#include <stddef.h>\n#include <stdint.h>\n{includes}#define SW_SOURCE_HASH "{source_hash}"\n',
        sources=[os.path.join(root, "native", "src", p.name) for p in sorted((ROOT / "native" / "src").glob("*.c"))],
        include_dirs=[os.path.join(root, "native", "include"), os.path.join(root, "wire")],
        extra_compile_args=COMPILE_FLAGS,
        py_limited_api=True,
    )
    return builder


def build_in_place() -> Path:
    """Compiles and puts the module beside edge/core.py. Returns its path."""
    with tempfile.TemporaryDirectory() as folder:
        built = Path(ffi(str(ROOT)).compile(tmpdir=folder))
        target = ROOT / "edge" / built.name
        part = target.with_name(f"{target.name}.{os.getpid()}.part")
        shutil.copyfile(built, part)
        part.replace(target)  # whoever has the old one loaded keeps it
    return target


if __name__ == "__main__":
    sys.stdout.write(f"{build_in_place()}\n")
