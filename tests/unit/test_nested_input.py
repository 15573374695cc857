"""Files nested without end are one line like any other nonsense: no parser's depth is a traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cloud.staging.model import ModelError
from cloud.staging.model import read as load_model
from front import morning
from front.config import load as load_config
from front.env import InputError
from front.radar.shape import load_json
from hw_sim.scenario import SceneError, load_scenario

DEEP = "[" * 200_000
READERS: list[tuple[str, str, Callable[[Path], object], type[Exception]]] = [
    ("config.toml", f"a = {DEEP}", load_config, InputError),
    ("scenario.toml", f"a = {DEEP}", load_scenario, SceneError),
    ("radar.json", '{"a":' * 50_000, load_json, InputError),
    ("truth.json", DEEP, morning.read_object, InputError),
    ("model.json", '{"layers":' + DEEP, load_model, ModelError),
]


@pytest.mark.parametrize(("name", "text", "read", "error"), READERS, ids=[one[0] for one in READERS])
def test_it_is_one_line_that_names_the_file(
    tmp_path: Path, name: str, text: str, read: Callable[[Path], object], error: type[Exception]
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(error, match=name) as found:
        read(tmp_path / name)
    assert "\n" not in str(found.value) and len(str(found.value)) < 400
