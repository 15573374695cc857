"""Who may import whom, read from the sources, and how long a file or function may grow.

The table is the one of docs/architecture.md; the planted violations show that the check sees them.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from front.env import ROOT

OURS = {"edge", "cloud", "hw_sim", "wire", "bench", "native", "front", "stillwave", "tests"}
# who: (our packages it may import, third-party packages it may import)
MAY_IMPORT: dict[str, tuple[set[str], set[str]]] = {
    "wire": (set(), {"numpy", "mcap"}),
    "wire/mcap_walk.py": (set(), {"mcap", "lz4", "zstandard"}),  # what mcap itself unpacks with, bounded here
    "wire/transport.py": (set(), {"numpy", "mcap", "serial"}),
    "edge": ({"wire"}, {"numpy", "cffi", "numba", "msgspec"}),
    "edge/hal/raspberry_pi/modules.py": (set(), {"spidev", "gpiod", "smbus2"}),
    "hw_sim": (set(), {"numpy", "cffi", "numba", "msgspec"}),
    "hw_sim/rig.py": ({"edge", "wire"}, {"numpy", "cffi", "numba", "msgspec", "serial", "mcap"}),
    "hw_sim/pytest_plugin.py": ({"edge", "wire", "front"}, {"numpy", "pytest"}),
    "cloud": ({"wire"}, {"numpy", "msgspec", "matplotlib"}),
    "native": (set(), {"cffi"}),
}
NUMBA_IN_EDGE = ("edge/blocks/", "edge/numba_core.py")
CAPS = {".py": (400, 60), ".c": (400, 100)}
COMMON_HEADERS = re.compile(r"sw_(common|maths?|circle_fit|lanes|config|error|parameters|geometry|\w+_tables)\.h")


def imported(source: str) -> set[tuple[str, bool]]:
    """(top-level name, at module level) of every absolute import in a Python source."""
    tree = ast.parse(source)
    top = {id(node) for node in tree.body}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {(alias.name.split(".")[0], id(node) in top) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add((node.module.split(".")[0], id(node) in top))
    return found


def python_violations(root: Path) -> list[str]:
    """One line per import that the table does not allow."""
    import sys

    wrong = []
    for package in ("wire", "edge", "hw_sim", "cloud", "native"):
        for path in sorted((root / package).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            ours, others = MAY_IMPORT.get(name, MAY_IMPORT[package])
            for module, at_top in sorted(imported(path.read_text())):
                if module in sys.stdlib_module_names or module == package:
                    continue
                if module not in (ours if module in OURS else others):
                    wrong.append(f"{name} imports {module}")
                elif module == "matplotlib" and at_top:
                    wrong.append(f"{name} imports matplotlib before it is needed")
                elif module == "numba" and package == "edge" and not name.startswith(NUMBA_IN_EDGE):
                    wrong.append(f"{name} imports numba")
            if package == "hw_sim" and name not in MAY_IMPORT:
                wrong += [f"{name} names edge" for line in path.read_text().splitlines() if "edge._core" in line]
    return wrong


def included(source: str) -> set[str]:
    """Names between quotes in #include lines."""
    return set(re.findall(r'^\s*#\s*include\s+"([^"]+)"', source, re.MULTILINE))


def c_violations(root: Path) -> list[str]:
    """Blocks include the common headers and their own; the simulator and the product share no header."""
    product = {path.name for part in ("native", "wire") for path in (root / part).rglob("*.h")}
    simulator = {path.name for path in (root / "hw_sim").rglob("*.h")}
    wrong = [f"{name} is a header on both sides" for name in sorted(product & simulator)]
    for path in sorted((root / "hw_sim").rglob("*.[ch]")):
        wrong += [f"{path.name} includes {h}" for h in sorted(included(path.read_text()) - simulator)]
    for path in sorted((root / "native").rglob("*.[ch]")):
        wrong += [f"{path.name} includes {h}" for h in sorted(included(path.read_text()) & simulator)]
    for name in sorted(block_names(root)):
        for path in (root / "native" / "src" / f"{name}.c", root / "native" / "include" / f"sw_{name}.h"):
            others = included(path.read_text()) - {f"sw_{name}.h"} if path.exists() else set()
            wrong += [f"block {path.name} includes {h}" for h in sorted(others) if not COMMON_HEADERS.fullmatch(h)]
    return wrong


def block_names(root: Path) -> set[str]:
    """A block is a C file with a reference file of the same name; chain.c and vitals.c compose them."""
    return {path.stem for path in (root / "edge" / "blocks").glob("*.py")} - {"__init__", "chain", "vitals"}


def test_python_imports_follow_the_table() -> None:
    assert python_violations(ROOT) == []


def test_c_includes_follow_the_table() -> None:
    assert c_violations(ROOT) == []


@pytest.mark.parametrize(
    ("where", "line", "says"),
    [
        ("wire/codec.py", "import serial", "wire/codec.py imports serial"),
        ("cloud/app.py", "from edge import core", "cloud/app.py imports edge"),
        ("cloud/session.py", "def f():\n    import hw_sim.rig", "cloud/session.py imports hw_sim"),
        ("hw_sim/scene.py", "import wire.packet", "hw_sim/scene.py imports wire"),
        ("edge/firmware.py", "import numba", "edge/firmware.py imports numba"),
        ("cloud/picture.py", "import matplotlib", "cloud/picture.py imports matplotlib before it is needed"),
        ("edge/core.py", "import scipy", "edge/core.py imports scipy"),
    ],
)
def test_a_planted_import_is_seen(tmp_path: Path, where: str, line: str, says: str) -> None:
    for package in ("wire", "edge", "hw_sim", "cloud", "native"):
        (tmp_path / package).mkdir()
    (tmp_path / where).write_text(line + "\n")
    assert python_violations(tmp_path) == [says]


@pytest.mark.parametrize(
    ("where", "text", "says"),
    [
        ("hw_sim/chip/chip.c", '#include "sw_hal.h"', "chip.c includes sw_hal.h"),
        ("native/src/driver.c", '#include "chip.h"', "driver.c includes chip.h"),
        ("native/src/clutter.c", '#include "sw_motion.h"', "block clutter.c includes sw_motion.h"),
        ("hw_sim/chip/sw_hal.h", "", "sw_hal.h is a header on both sides"),
    ],
)
def test_a_planted_include_is_seen(tmp_path: Path, where: str, text: str, says: str) -> None:
    for folder in ("native/include", "native/src", "hw_sim/chip", "edge/blocks"):
        (tmp_path / folder).mkdir(parents=True)
    for name in (
        "native/include/sw_hal.h",
        "native/include/sw_motion.h",
        "hw_sim/chip/chip.h",
        "edge/blocks/clutter.py",
    ):
        (tmp_path / name).write_text("")
    (tmp_path / where).write_text(text + "\n")
    assert c_violations(tmp_path) == [says]


def too_long(path: Path) -> list[str]:
    """Files and functions over their cap, one line each. Constant tables (tables.c, *.h) are free."""
    file_cap, function_cap = CAPS[path.suffix]
    text = path.read_text()
    found = [f"{path.name}: {text.count(chr(10))} lines"] if text.count("\n") > file_cap else []
    if path.suffix == ".py":
        functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
        lengths = [(n.name, (n.end_lineno or n.lineno) - n.lineno + 1) for n in functions]
    else:
        bodies = re.finditer(r"^(?:[\w*]+[ \t]+)+\**(\w+)\([^;{}]*\)\s*\{.*?^\}", text, re.MULTILINE | re.DOTALL)
        lengths = [(match[1], match[0].count("\n") + 1) for match in bodies]
    return found + [f"{path.name}: {name} has {n} lines" for name, n in lengths if n > function_cap]


def test_files_and_functions_stay_readable() -> None:
    folders = ("wire", "edge", "hw_sim", "cloud", "native", "bench")
    paths = [
        p for f in folders for p in sorted((ROOT / f).rglob("*.[pc]*")) if p.suffix in CAPS and "tables" not in p.name
    ]
    generated = {"_core.c", "_board.c"}
    assert [line for p in [*ROOT.glob("*.py"), *paths] if p.name not in generated for line in too_long(p)] == []


@pytest.mark.parametrize("name", ["long.py", "long.c"])
def test_a_long_function_is_seen(tmp_path: Path, name: str) -> None:
    cap = CAPS[Path(name).suffix][1]
    head, foot = ("def f() -> None:\n", "") if name.endswith("py") else ("static int f(int a)\n{\n", "}\n")
    (tmp_path / name).write_text(head + "    a = 1;\n" * (cap + 1) + foot)
    assert [line.split(" has")[0] for line in too_long(tmp_path / name)] == [f"{name}: f"]
