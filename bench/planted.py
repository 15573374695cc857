"""The compiled core with a mistake planted in it: what a campaign or a test is worth is seen by what it finds.

Rule: the product's sources are never touched and never know: a changed text is compiled elsewhere, the other objects are
kept, and a process loads the result in place of edge._core before anything of edge is imported.
`python -m pytest -p bench.planted` does so with the path in STILLWAVE_PLANTED_CORE.
"""

from __future__ import annotations

import hashlib
import os
import runpy
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULE = "edge._core"
VARIABLE = "STILLWAVE_PLANTED_CORE"
FLAGS = ["-std=c11", "-O2", "-ffp-contract=off", "-fno-math-errno", "-fvisibility=hidden", "-fPIC"]


class PlantError(ValueError):
    """A mistake that cannot be planted: its place is not there, or it does not compile; one line."""


def planted(file: str, old: str, new: str) -> dict[str, str]:
    """{file of native/src: its text with old replaced by new}. Raises PlantError unless old is there exactly once."""
    text = (ROOT / "native" / "src" / file).read_text()
    if text.count(old) != 1:
        raise PlantError(f"{file}: expected once, found {text.count(old)} times: {old!r}")
    return {file: text.replace(old, new)}


class Cores:
    """Builds cores into a folder. Objects are kept there under the digest of what they were made of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        headers = sorted([*(ROOT / "native").glob("*/*.h"), *(ROOT / "wire").glob("*.h")])
        made_of = b"".join(path.name.encode() + path.read_bytes() for path in headers)
        self._glue_text = ""
        self._headers = hashlib.sha256(made_of + " ".join(FLAGS).encode()).hexdigest()

    def build(self, name: str, changed: Mapping[str, str]) -> Path:
        """The core with these texts in place of the sources of that name. Raises PlantError when one does not compile."""
        sources = {path.name: path.read_text() for path in sorted((ROOT / "native" / "src").glob("*.c"))}
        objects = [self._object(file, text) for file, text in {**sources, **changed}.items()]
        core = self.folder / f"_core-{name}.so"
        self._gcc("-shared", *map(str, [self._object("glue.c", self._glue()), *objects]), "-o", str(core))
        return core

    def _glue(self) -> str:
        """What cffi puts between Python and the core; made once."""
        if self._glue_text:
            return self._glue_text
        ffi = runpy.run_path(str(ROOT / "native" / "build.py"))["ffi"](str(ROOT))
        with tempfile.TemporaryDirectory() as folder:
            ffi.emit_c_code(f"{folder}/glue.c")
            self._glue_text = Path(folder, "glue.c").read_text()
        return self._glue_text

    def _object(self, file: str, text: str) -> Path:
        digest = hashlib.sha256((self._headers + file + text).encode()).hexdigest()[:24]
        path = self.folder / f"{Path(file).stem}-{digest}.o"
        if not path.is_file():
            source, part = path.with_suffix(".c"), path.with_suffix(f".{os.getpid()}.part")
            source.write_text(text)
            paths = [ROOT / "native" / "include", ROOT / "native" / "src", ROOT / "wire", sysconfig.get_path("include")]
            self._gcc("-c", str(source), *(f"-I{one}" for one in paths), "-DPy_LIMITED_API", "-o", str(part))
            part.rename(path)
        return path

    def _gcc(self, *words: str) -> None:
        done = subprocess.run(["gcc", *FLAGS, *words], capture_output=True, text=True, check=False)
        if done.returncode:
            raise PlantError(next((line for line in done.stderr.splitlines() if "error" in line), done.stderr[:200]))


def use(core: Path) -> None:
    """From now on this core is edge._core here. Raises PlantError when another one is in use already."""
    if MODULE in sys.modules:
        raise PlantError(f"{MODULE} is in use already")
    loader = ExtensionFileLoader(MODULE, str(core))
    spec = spec_from_file_location(MODULE, core, loader=loader)
    assert spec is not None
    import edge

    module = module_from_spec(spec)
    loader.exec_module(module)
    sys.modules[MODULE] = module
    edge._core = module  # type: ignore[attr-defined]


if VARIABLE in os.environ:
    use(Path(os.environ[VARIABLE]))
