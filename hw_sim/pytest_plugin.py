"""The pytest plugin `stillwave`: one suite on the emulated board, the ARM image, a serial port, a recording, or a
stranger's own firmware. What it offers is described in docs/testing.md.

Rule: nothing heavy is imported before a fixture is used; the packets of the line are known here and handed on.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from hw_sim.hil.describe import describe, folder_name, lock_file, repeat_command
from hw_sim.hil.targets import EXPECTED, Target, TargetError, check_kinds, missing_tools, parse, required

if TYPE_CHECKING:
    from hw_sim.hil.device_under_test import DeviceUnderTest
    from hw_sim.hil.levers import Board, Clock, Faults
    from hw_sim.hil.link import Link
    from hw_sim.hil.serial_line import SerialLine

TARGETS_KEY = pytest.StashKey[list[Target]]()
DEVICE_KEY = pytest.StashKey["DeviceUnderTest"]()
PORTS_KEY = pytest.StashKey[dict[str, Any]]()
BAUD = 460_800
PATIENCE_S = 60.0
MARKERS = (
    "sw_scene(name, duration_s=600): what stands in front of the radar: a scenario's name or TOML file, ramp, silence",
    "sw_targets(kind, ...): the test is for these kinds of target only",
    "sw_expect(overflows=1, ...): what the test expects to go wrong: a number, or (least, most)",
    "sw_faults(name, ..., field=value): faults of the board from power-on",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, all of them --sw-something."""
    group = parser.getgroup("stillwave", "stillwave: hardware in the loop")
    group.addoption(
        "--sw-target",
        action="append",
        metavar="TARGET",
        help=f"where the device is, repeatable or with commas: {EXPECTED.removeprefix('expected ')}; default host",
    )
    group.addoption("--sw-artifacts", metavar="DIR", help="a folder per test with its recording, packets and figures")
    group.addoption("--sw-seed", type=int, default=1, metavar="N", help="of scene and board, default 1")
    group.addoption(
        "--sw-scene",
        metavar="NAME",
        help="for tests without a scene of their own (default empty; program: ramp); at a port: what stands there",
    )
    group.addoption(
        "--sw-patience",
        type=float,
        default=PATIENCE_S,
        metavar="N",
        help=f"wall time of one step, s, after which a device in another process counts as hung, default {PATIENCE_S:g}",
    )
    group.addoption("--sw-baud", type=int, default=BAUD, metavar="N", help=f"of a serial target, default {BAUD}")
    parser.addini("sw_target", "default of --sw-target", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """A wrong target is one line, before anything runs."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    words = config.getoption("sw_target") or config.getini("sw_target") or ["host"]
    try:
        config.stash[TARGETS_KEY] = parse(words)
    except TargetError as error:
        raise pytest.UsageError(str(error)) from None
    if config.getoption("sw_seed") < 0:
        raise pytest.UsageError(f"--sw-seed {config.getoption('sw_seed')}: expected 0 or more")
    if not 0 < config.getoption("sw_patience") < 1e6:
        raise pytest.UsageError(f"--sw-patience {config.getoption('sw_patience'):g}: expected more than 0")
    config.stash[PORTS_KEY] = {}


def pytest_report_header(config: pytest.Config) -> str | None:
    """Which targets this run is about, unless it is the default."""
    words = [target.word for target in config.stash[TARGETS_KEY]]
    return None if words == ["host"] else f"stillwave: {', '.join(words)}; seed {config.getoption('sw_seed')}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that uses a fixture of ours, once per target."""
    if "sw_target" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("sw_targets")
    try:
        check_kinds(() if marker is None else marker.args)
    except TargetError as error:
        pytest.fail(f"{metafunc.definition.nodeid}: {error}", pytrace=False)
    params = []
    for target in metafunc.config.stash[TARGETS_KEY]:
        fits = marker is None or target.kind in marker.args
        reason = "" if marker is None else f"sw_targets: only for {', '.join(marker.args)}"
        marks = [] if fits else [pytest.mark.skip(reason=reason)]
        params.append(pytest.param(target, id=target.name, marks=marks))
    metafunc.parametrize("sw_target", params, indirect=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ports go back at the end of the run."""
    for port in config.stash.get(PORTS_KEY, {}).values():
        port.close()


@pytest.fixture
def sw_target(request: pytest.FixtureRequest) -> Target:
    """The target of this test: word, kind, place, name."""
    if not hasattr(request, "param"):
        pytest.fail("asked for by getfixturevalue alone: name sw_target among the arguments of the test", pytrace=False)
    target: Target = request.param
    return target


@pytest.fixture
def _sw_device(
    request: pytest.FixtureRequest, sw_target: Target, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeviceUnderTest]:
    """The device of this test, from power-on or from now on, with its recording."""
    item, target = request.node, sw_target
    if DEVICE_KEY in item.stash:  # of a run before a rerun
        del item.stash[DEVICE_KEY]
    if missing := missing_tools(target):
        word = required(target)
        pytest.fail(f"{missing} (STILLWAVE_REQUIRE names {word})", pytrace=False) if word else pytest.skip(missing)
    folder = _folder(item, tmp_path_factory)
    with _opened(item, target, folder) as device:
        item.stash[DEVICE_KEY] = device
        yield device
        late = [] if device.failed else device.new_violations()
        device.close()
        item.user_properties += [(f"sw_{key}", value) for key, value in device.properties()]
        if item.config.getoption("sw_artifacts"):
            device.story().write(folder, "failed" if device.failed or late else "passed", device.violations)
        elif not device.failed and not late:
            shutil.rmtree(folder, ignore_errors=True)
    if late:
        pytest.fail("after the test: " + "; ".join(late), pytrace=False)


@pytest.fixture
def sw_board(_sw_device: DeviceUnderTest) -> Board:
    """Power, reset, switch, button, line, pins: the hands on the device."""
    return _sw_device.board


@pytest.fixture
def sw_serial(_sw_device: DeviceUnderTest) -> SerialLine:
    """The raw bytes of the line, both ways."""
    return _sw_device.serial


@pytest.fixture
def sw_link(_sw_device: DeviceUnderTest) -> Link:
    """The packets of a Stillwave device."""
    return _sw_device.link_or_fail()


@pytest.fixture
def sw_clock(_sw_device: DeviceUnderTest) -> Clock:
    """The device's time, and what makes it go on."""
    return _sw_device.clock


@pytest.fixture
def sw_faults(_sw_device: DeviceUnderTest) -> Faults:
    """Faults of the board, added while the test runs."""
    return _sw_device.faults


@pytest.fixture
def sw_recording(_sw_device: DeviceUnderTest) -> Path:
    """Path of this test's link.mcap; it is written until the test ends."""
    return _sw_device.recording


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """A test that passed is held to the checks; then it fails as itself, so that xfail and reruns see it."""
    result = yield
    device = item.stash.get(DEVICE_KEY, None)
    if device is not None and (wrong := device.new_violations()):
        pytest.fail("the test passed, but:\n  " + "\n  ".join(wrong), pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """A failed test tells its story."""
    report = yield
    device = item.stash.get(DEVICE_KEY, None)
    if device is not None and report.failed:
        device.failed = True
        report.sections.append(("stillwave", device.story().text(device.violations)))
    return report


def _folder(item: pytest.Item, factory: pytest.TempPathFactory) -> Path:
    """This test's own folder: under --sw-artifacts, or a temporary one that stays when the test fails."""
    root = item.config.getoption("sw_artifacts")
    if not root:
        return factory.mktemp(f"sw-{folder_name(item.name)}")
    folder: Path = item.config.invocation_params.dir / root / folder_name(item.nodeid)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _skip(reason: str) -> NoReturn:
    pytest.skip(reason)


def _fields(item: pytest.Item, name: str) -> dict[str, Any]:
    """Keywords of all markers of this name, the closest wins."""
    found: dict[str, Any] = {}
    for marker in item.iter_markers(name):
        found = {**marker.kwargs, **found}
    return found


@contextmanager
def _opened(item: pytest.Item, target: Target, folder: Path) -> Iterator[DeviceUnderTest]:
    """The device behind the target; a target that cannot be had fails the test with one line."""
    _use_jit_cache()
    from hw_sim.hil import device_under_test
    from hw_sim.hil.home import HomeError

    try:
        asked = device_under_test.Asked(
            scene=_scene(item),
            given_scene=item.config.getoption("sw_scene"),
            seed=item.config.getoption("sw_seed"),
            fault_names=tuple(name for marker in item.iter_markers("sw_faults") for name in marker.args),
            fault_fields=_fields(item, "sw_faults"),
            expected=_fields(item, "sw_expect"),
            repeat=_repeat(item, target),
            patience_s=item.config.getoption("sw_patience"),
        )
        with _port(item.config, target) as port:
            yield device_under_test.open_device(target, asked, folder, _Tools(item, port), _skip)
    except (HomeError, ValueError) as error:
        why = str(error)
    else:
        return
    pytest.fail(why, pytrace=False)


def _use_jit_cache() -> None:
    """Compiled scenes are kept between runs, unless somebody has numba in his own hands already."""
    if "NUMBA_CACHE_DIR" not in os.environ and "numba" not in sys.modules:
        from front.env import use_jit_cache

        use_jit_cache()


def _scene(item: pytest.Item) -> tuple[Any, float] | None:
    marker = item.get_closest_marker("sw_scene")
    if marker is None:
        return None
    if len(marker.args) != 1 or set(marker.kwargs) - {"duration_s"}:
        raise ValueError("sw_scene: expected (name) or (name, duration_s=seconds)")
    return marker.args[0], float(marker.kwargs.get("duration_s", 600.0))


def _repeat(item: pytest.Item, target: Target) -> str:
    config = item.config
    options = {"--sw-target": target.word}
    options |= {f"--sw-{name}": config.getoption(f"sw_{name}") for name in ("seed", "scene")}
    return repeat_command(item.nodeid, item.path, config.invocation_params.dir, options)


@contextmanager
def _port(config: pytest.Config, target: Target) -> Iterator[Any]:
    """The serial port, kept open for the run; in a worker of xdist for this test alone, one worker at a time."""
    if target.kind != "serial":
        yield None
        return
    from hw_sim.hil.home import HomeError
    from wire.transport import Transport, TransportError

    alone = not hasattr(config, "workerinput")
    ports = config.stash[PORTS_KEY]
    with lock_file(target.place).open("w") as file:
        if not alone:
            fcntl.flock(file, fcntl.LOCK_EX)
        try:
            if target.place not in ports:
                ports[target.place] = Transport(target.place, config.getoption("sw_baud"))
            yield ports[target.place]
        except TransportError as error:
            ports.pop(target.place, None)
            raise HomeError(str(error)) from None
        finally:
            if not alone and target.place in ports:
                ports.pop(target.place).close()


class _Tools:
    """What the helpers are handed: the language of the line, recordings, the rig, the wall's clock."""

    def __init__(self, item: pytest.Item, port: Any) -> None:
        self._item, self.port = item, port

    def speech(self) -> Any:
        from wire import keys, session

        kept = keys.load(keys.place()) if self.port is not None else {}
        return _Speech(session.Session(session.of_a_bench(kept)))

    def recorder(self, path: Path, metadata: Mapping[str, str]) -> Any:
        from wire.recording import Recorder

        return Recorder(path, {**metadata, "test": self._item.name})

    def recording(self, path: Path) -> tuple[list[tuple[int, bytes]], dict[str, str]]:
        """(entries of a replay, what the recording says of its run)."""
        from wire import recording

        try:
            found = recording.read(path)
        except recording.RecordingError as error:
            raise ValueError(str(error)) from None
        topics = (recording.FROM_DEVICE, recording.TICK)
        entries = [(event.utc_us, event.data) for event in found.events if event.topic in topics]
        return entries, found.metadata.get(recording.RUN, {})

    def rig(self, **options: Any) -> Any:
        from hw_sim.rig import Rig

        return Rig(**options, paired=True)

    def utc_us(self) -> int:
        return time.time_ns() // 1000  # noqa: TID251  (a live port: the one place that asks the wall)

    def port_failures(self) -> tuple[type[Exception], ...]:
        from wire.transport import TransportError

        return (TransportError,)


class _Speech:
    """The packets of wire/packet.h, as hw_sim.hil.link wants them."""

    def __init__(self, session: Any) -> None:
        from wire import codec, table

        self.session = session
        self._decoder = codec.Decoder()
        self._words = {f"{prefix}_*": enum for enum, prefix in table.WORDS.values()}

    def hear(self, at_us: int, data: bytes) -> list[Any]:
        from hw_sim.hil.link import Heard
        from wire.table import FLAG_RESENT

        found = []
        for one in self._decoder.feed(data):
            if self.session.hear(one):  # nobody asked for it but the link itself
                continue
            resent, fields = bool(one.flags & FLAG_RESENT), one.fields
            text = describe(one.layout, fields, self._words)
            found.append(Heard(at_us, one.layout.name, one.seq, one.boot, one.t_us, resent, fields, text))
        return found

    def damaged(self) -> int:
        counts = self._decoder.counters
        return sum(getattr(counts, name) for name in counts.__slots__ if name != "packets")

    def known(self, name: str) -> bool:
        from wire import table

        return name in table.BY_NAME

    def say(self, name: str, fields: Mapping[str, Any]) -> bytes:
        from wire import packet, table

        if name not in table.BY_NAME:
            raise ValueError(f"there is no packet {name}: expected one of {', '.join(table.BY_NAME)}")
        return bytes(self.session.say(packet.make(table.BY_NAME[name].number, fields)))

    def answer_to(self, name: str) -> str | None:
        from wire import table
        from wire.packet import ANSWERS

        number = ANSWERS.get(table.BY_NAME[name].number) if name in table.BY_NAME else None
        return None if number is None else table.LAYOUTS[number].name
