"""docs/testing.md is true: its firmware and tests run as they stand there, and its tables are complete."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import hw_sim.pytest_plugin as plugin
from front.env import ROOT
from hw_sim.hil import checks, levers, link, serial_line, targets
from tests.suites import CONFTEST

pytestmark = pytest.mark.hil
DOC = (ROOT / "docs" / "testing.md").read_text()
DOCUMENTED = set(re.findall(r"`(\w+)\.(\w+)", DOC))
FIXTURES = {
    "sw_serial": serial_line.SerialLine,
    "sw_link": link.Link,
    "packet": link.Heard,
    "sw_clock": levers.Clock,
    "sw_board": levers.Board,
    "sw_faults": levers.Faults,
    "sw_target": targets.Target,
}


def block(language: str) -> str:
    """The first block of the document in this language."""
    (text, *_) = re.findall(rf"```{language}\n(.*?)```", DOC, re.DOTALL)
    return str(text)


def public(cls: type) -> set[str]:
    """Every name of a class that a test may use: methods, properties, fields."""
    fields = set(getattr(cls, "__dataclass_fields__", ()))
    own = {name for name in vars(cls) if not name.startswith("_")}
    source = inspect.getsource(cls.__init__) if not fields else ""
    return own | fields | set(re.findall(r"self\.([a-z]\w*)(?::[^=]*)? =", source))


@pytest.mark.parametrize("fixture", FIXTURES)
def test_every_public_name_is_documented_and_no_other(fixture: str) -> None:
    assert {name for owner, name in DOCUMENTED if owner == fixture} == public(FIXTURES[fixture])


def test_every_signature_is_documented_as_it_is() -> None:
    for fixture, method, given in re.findall(r"`(sw_\w+)\.(\w+)\((.*?)\)`", DOC):
        if "..." in given:  # any number of names and fields
            continue
        parameters = inspect.signature(getattr(FIXTURES[fixture], method)).parameters
        names = [name for name in parameters if name != "self"]
        assert [re.split("=", one)[0].strip("* ") for one in given.split(",") if one] == names, f"{fixture}.{method}"


def test_every_option_fixture_marker_preset_and_check_is_documented(pytestconfig: pytest.Config) -> None:
    group = next(one for one in pytestconfig._parser._groups if one.name == "stillwave")
    options = {name for option in group.options for name in option.names()}
    assert set(re.findall(r"^\| `(--sw-\w+)", DOC, re.MULTILINE)) == options
    assert "| `--sw-target TARGET` |" in DOC
    fixtures = {name for name in vars(plugin) if name.startswith("sw_")}
    assert fixtures == {*FIXTURES, "sw_recording"} - {"packet"}
    assert set(re.findall(r"^\| `(sw_\w+)\(", DOC, re.MULTILINE)) == {text.split("(")[0] for text in plugin.MARKERS}
    for name in (
        *levers.PRESETS,
        *checks.NAMES,
        *(kind for kind in targets.BUILT if kind not in ("unguarded", "unspared", "without")),
    ):
        assert f"`{name}`" in DOC, name
    assert {f"{kind}:{place}" for kind, place in targets.PLACES.items()} <= set(re.findall(r"`(\w+:[A-Z]+)`", DOC))


def test_the_firmware_of_the_document_passes_the_tests_of_the_document(tmp_path: Path) -> None:
    (tmp_path / "fw.c").write_text(block("c"))
    (tmp_path / "test_fw.py").write_text(block("python"))
    (tmp_path / "conftest.py").write_text(CONFTEST)
    environment = {
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(tmp_path),
    }
    script = block("sh").replace("pytest ", "python -m pytest -p no:cacheprovider ")
    done = subprocess.run(
        ["sh", "-ec", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and re.search(r"\b5 passed in", done.stdout), done.stdout + done.stderr


def test_every_record_is_documented_with_its_number() -> None:
    header = (ROOT / "hw_sim" / "device" / "stillwave_device.h").read_text()
    rows = re.findall(r"^\| (?:board|firmware) \| (\w+) \| (\d+) \|", DOC, re.MULTILINE)
    assert rows == re.findall(r"SWDEV_OP_(\w+) = (\d+)", header)
