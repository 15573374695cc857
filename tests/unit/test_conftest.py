"""The skips of this suite turn into failures when they must, and stale builds are seen."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from edge.core import CoreError, check_hash
from front.env import ROOT, jit_digest, jit_sources
from tests.conftest import skip_or_fail


def test_what_is_absent_skips() -> None:
    with pytest.raises(pytest.skip.Exception, match="no recordings"):
        skip_or_fail("data", "no recordings", required="arm")


def test_what_is_required_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match="STILLWAVE_REQUIRE names data"):
        skip_or_fail("data", "no recordings", required="arm, data")


def test_a_stale_core_is_one_line_with_the_command() -> None:
    with pytest.raises(CoreError, match="stale.*python native/build.py") as caught:
        check_hash("0123456789abcdef", ROOT)
    assert "\n" not in str(caught.value)


def test_the_jit_cache_sees_a_change_of_any_jitted_source(tmp_path: Path) -> None:
    (tmp_path / "hw_sim").mkdir()
    source = tmp_path / "hw_sim" / "scene.py"
    source.write_text("a = 1\n")
    before = jit_digest(tmp_path)
    source.write_text("a = 2\n")
    assert jit_digest(tmp_path) != before


def imported(path: Path) -> set[str]:
    """Every module that a file may mean by its imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {str(node.module), *(f"{node.module}.{one.name}" for one in node.names)}
    return names


def test_the_jit_cache_knows_whatever_compiled_code_depends_on() -> None:
    ours = {path.relative_to(ROOT): path for folder in ("edge", "hw_sim") for path in (ROOT / folder).rglob("*.py")}
    modules = {".".join(name.with_suffix("").parts): path for name, path in ours.items()}
    waiting = [path for path in ours.values() if imported(path) & {"numba", "hw_sim.jit"}]
    assert len(waiting) >= 20
    needed: set[Path] = set()
    # a scenario names them, nothing compiled reads them
    for name in ("hw_sim.faults", "hw_sim.board", "hw_sim.scenario_climate"):
        modules.pop(name)
    while waiting:
        needed.add(path := waiting.pop())
        waiting += [modules[name] for name in imported(path) & set(modules) if modules[name] not in needed]
    assert needed <= set(jit_sources())


def test_an_edited_test_kit_compiles_nothing_again() -> None:
    folders = {path.parent.relative_to(ROOT).as_posix() for path in jit_sources()}
    assert folders == {"edge", "edge/blocks", "hw_sim", "native/include"}


def test_a_changed_parameter_is_another_cache(tmp_path: Path) -> None:
    """The blocks read the table when they are imported; what is compiled holds its numbers."""
    table = tmp_path / "native" / "include" / "sw_parameters.h"
    table.parent.mkdir(parents=True)
    table.write_text((ROOT / "native" / "include" / "sw_parameters.h").read_text())
    before = jit_digest(tmp_path)
    table.write_text(table.read_text().replace("ZONE_FAR_M, 1.50", "ZONE_FAR_M, 1.51"))
    assert jit_digest(tmp_path) != before
