"""What the commands do, one function each: options checked first, then work, then the result.

Rule: what costs time to import is imported inside the command that needs it, and what is wrong with the options is
said before a folder is made or hours are spent. A command returns its exit code where it is not always 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import time_ns
from typing import Any, Literal

from front import check
from front.config import load
from front.env import InputError, use_jit_cache
from front.night import Asked, live_options, options
from front.output import Folder, as_json, ready, say, show


def now_us() -> int:
    """The host's clock."""
    return time_ns() // 1000


def simulator() -> Any:
    """hw_sim.rig. A stale core is said before numba takes its time; numba's cache is set before it is imported."""
    from edge import core

    core.load()
    use_jit_cache()
    from hw_sim import rig

    return rig


def night(scenario: str, asked: Asked, folder: Folder, config: Path | None, json: bool) -> None:
    """Simulates a night into a new folder."""
    from front import morning
    from front.show import Progress, summary
    from hw_sim.scenario import load_scenario

    chosen = load(config)
    given = options(asked, chosen)
    load_scenario(scenario)
    check.installed("numba", "matplotlib")
    made_in = folder.make(chosen)
    if asked.gdb is not None:
        say(f"the image waits at its first instruction for gdb: target remote :{asked.gdb}")
    progress = Progress(given["hours"] * 3600.0)
    answer = (lambda _line, text: say(text)) if asked.rt else None
    from front.raw import recorder

    with recorder(asked.raw_adc, {"scenario": Path(scenario).name, "seed": given["seed"]}) as raw:
        try:
            result = simulator().run_night(scenario, out=made_in, progress=progress, answer=answer, raw=raw, **given)
        finally:
            progress.done()
    made = morning.write(made_in, result.db, result.truth, result.run)
    files = [f"report     {made_in / 'report.json'}", f"picture    {made_in / 'hypnogram.png'}"]
    show(json, made, lambda: [*summary(made), *files])


def process(
    adc: Path,
    radar: Path | None,
    core: str | None,
    folder: Folder,
    config: Path | None,
    json: bool,
    probes: Sequence[str] = (),
) -> None:
    """Plays a recording; the result also into a folder when one is named, every frame of the probes beside it."""
    from front import probed

    chosen = load(config)
    watch = probed.watch(probes, core or chosen.night.core, folder)
    made_in = folder.make(chosen) if folder.out is not None else None
    from front import raw

    result = raw.process(simulator(), adc, radar, core or chosen.night.core, watch)
    if made_in is not None:
        (made_in / "process.json").write_text(as_json(result) + "\n")
        probed.write(made_in, watch)
    from front.show import process_lines

    show(json, result, lambda: process_lines(result))


def board(
    scenario: str,
    seed: int,
    pty: Path | None,
    spi_socket: str | None,
    vcd: Path | None,
    rt: bool,
    json: bool,
    target: str = "host",
    faults: Sequence[str] = (),
    console: bool = False,
) -> None:
    """The emulated device on a port, or the bare chip on a socket, or both, until Ctrl-C."""
    if vcd is not None and target != "host":
        raise InputError(f"--vcd {vcd}: expected --target host, got {target}")
    if console and (target != "host" or (pty is None and spi_socket is not None)):
        raise InputError("--console: expected a device, with --target host")
    from front.night import faults as parsed

    play = parsed(faults)
    from hw_sim.scenario import load_scenario

    load_scenario(scenario)

    def is_ready(event: dict[str, Any]) -> None:
        places = [
            f"{what} on {event[key]}" for key, what in (("port", "board"), ("spi_socket", "chip")) if key in event
        ]
        ready(json, event, f"{', '.join(places)}; Ctrl-C ends it")

    def answer(line: str, text: str) -> None:
        show(json, {"event": "answer", "line": line, "text": text}, lambda: [text])

    wanted: dict[str, Any] = {
        "pty": pty,
        "spi_socket": spi_socket,
        "vcd": vcd,
        "rt": rt,
        "target": target,
        "play": play,
    }
    wanted["answer"] = answer if console else None
    ended = simulator().run_board(scenario=scenario, seed=check.seed(seed), ready=is_ready, say=say, **wanted)
    if json:
        show(json, ended, list)


def report(
    source: Path, pictures: list[Path], page: Path | None, table: Path | None, dark: bool, night: int | None, json: bool
) -> None:
    """A report from a store, and its files. pictures: .png or .svg."""
    from front.morning import Files, build
    from front.show import summary

    wanted = Files(pictures, page, table, "dark" if dark else "light", night)
    if wanted.drawn:
        check.installed("matplotlib")
    made = build(source, wanted)
    show(json, made, lambda: summary(made))


def scenarios(json: bool, verbose: bool, side: Literal["left", "right"]) -> None:
    """The built-in scenarios."""
    from front.show import scenario_lines, scenario_rows

    rows = scenario_rows(side)
    show(json, {"scenarios": rows}, lambda: scenario_lines(rows, verbose))


def faults(json: bool) -> None:
    """Every fault that can be played."""
    from hw_sim.faults import as_lines, listing

    show(json, {"faults": listing()}, as_lines)


def bench(json: bool, seconds: float) -> None:
    """Speed, each figure beside its floor."""
    check.seconds(seconds)
    use_jit_cache()
    from bench.run import as_text, rows

    found = rows(seconds)
    show(json, {"rows": found}, lambda: as_text(found))


def train(
    folders: list[Path] | None, nights: tuple[str, int, int, float], seed: int, folder: Folder, config: Path | None,
    json: bool,
) -> None:  # fmt: skip
    """Trains a model. nights: scenario, first seed, how many, hours of each, if they are made first."""
    from front import train as work

    scenario, first_seed, n, hours = nights
    wanted = work.Wanted(scenario, first_seed, n, check.hours(hours))
    if not folders:
        work.check_wanted(wanted)
    made_in = folder.make(load(config))
    model = work.new_model(made_in, folder.force)
    card = work.train(folders or work.make_nights(made_in, wanted, say), model, check.seed(seed), say)
    lines = [f"{key:<20}{value}" for key, value in {**card, "model": model}.items()]
    show(json, {"model": str(model), "card": card}, lambda: lines)


def cloud(
    serial: str,
    db: Path,
    alarm: str | None,
    side: str | None,
    tz: str | None,
    wait: bool,
    protocol: str | None,
    baud: int | None,
    record: Path | None,
    simulated: bool,
    config: Path | None,
    json: bool,
) -> int:
    """The live cloud process until Ctrl-C. Returns its exit code."""
    from cloud.app import main

    given = live_options(load(config), alarm, side, tz) + (["--wait"] if wait else [])
    given += [f"--protocol={protocol}"] if check.protocol(protocol) else []
    given += [] if record is None else ["--record", str(record)]
    given += ["--simulated"] if simulated else []
    given += [] if check.baud(baud) is None else ["--baud", str(baud)]
    event = {"event": "ready", "port": serial, "db": str(db)}
    line = f"listening on {serial}, storing in {db}; Ctrl-C ends it"
    return main(["--serial", serial, "--db", str(db), *given], lambda: ready(json, event, line))


def edge(asked: Any, config: Path | None, json: bool) -> int:
    """The live device until it is told to stop. Returns its exit code."""
    from front import edge as device

    return device.run(asked, load(config).edge, json, now_us)


def alarm(
    action: str,
    at: str | None,
    serial: str,
    window: float | None,
    tz: str | None,
    config: Path | None,
    simulated: bool,
    json: bool,
) -> None:
    """The alarm of a device at a port."""
    from front import orders
    from front.alarm import as_text, command

    found, zone = command(action, at, serial, tz, load(config), now_us, orders.window(action, window), simulated)
    show(json, found, lambda: [as_text(found, zone)])


def standby(action: str, serial: str, simulated: bool, json: bool) -> None:
    """Standby of a device at a port."""
    from front import orders

    found = orders.standby(action, serial, now_us, simulated)
    show(json, found, lambda: [orders.standby_text(found)])


def light(level: str, serial: str, minutes: float, simulated: bool, json: bool) -> None:
    """The night light of a device at a port."""
    from front import orders

    found = orders.light(level, minutes, serial, now_us, simulated)
    show(json, found, lambda: [orders.light_text(found)])


def radar(action: str, source: str | None, serial: str, simulated: bool, json: bool) -> None:
    """The radar configuration of a device at a port."""
    from front.radar_order import command, lines

    found = command(action, source, serial, now_us, simulated)
    show(json, found, lambda: lines(found))


def calibrate(action: str, port: str, place: tuple[float | None, float, float], simulated: bool, json: bool) -> None:
    """A procedure of calibration on the device at a port, or what it has."""
    from front.calibrate import PROCEDURE_S, as_text, command
    from front.show import Progress

    bar = Progress(PROCEDURE_S)
    found = command(action, port, place, now_us, lambda share: bar(PROCEDURE_S * share), simulated)
    bar.done()
    show(json, found, lambda: [as_text(found)])


def pair(port: str, keys: Path | None, json: bool) -> None:
    """A key for this host and the device at a port."""
    from front.pair import command

    found = command(port, keys, now_us)
    show(json, found, lambda: [f"paired with {found['device']}; the key is in {found['keys']}"])


def last_night(db: Path | None, night: int | None, json: bool) -> int:
    """Why less than all was recorded. Returns 1 when something was wrong."""
    from front import last_night as looked

    made = looked.build(db, night, now_us())
    show(json, made, lambda: looked.as_text(made))
    return 0 if made["ok"] else 1


def doctor(db: Path | None, night: int | None, json: bool, emulated: str | None = None) -> int:
    """What is installed, and on a Raspberry Pi what is wired. Returns 1 when something is missing that every command needs."""
    from front import doctor as checks
    from front.doctor_pi import device_rows

    if db is not None or night is not None:
        raise InputError(f"{db if db is not None else '--night'}: expected together with --last-night")
    rows = checks.checks()
    if all(row.ok or not row.needed for row in rows):
        rows += device_rows(load().edge, emulated)
    show(json, checks.as_json(rows), lambda: checks.as_text(rows))
    failed = [row.name for row in rows if row.needed and not row.ok]
    if failed:
        say(f"stillwave: {', '.join(failed)} failed")
    return 1 if failed else 0


def first_light(out: Path | None, emulated: str | None, frames: int, config: Path | None, json: bool) -> int:
    """The first look at a chip. Returns 1 when a row is bad."""
    from front import first_light as light

    found = light.run(load(config).edge, emulated, frames, now_us)
    if out is not None:
        light.write(out, as_json(found) + "\n")
    show(json, found, lambda: light.lines(found))
    if out is not None:
        say(f"written to {out}: statistics only, it can be mailed")
    return 0 if found["ok"] else 1


def config(source: str, array: str | None, to: Path | None, spi_hz: float, json: bool) -> None:
    """A radar configuration: what it does, what is doubtful about it, and its other form."""
    from front.radar.command import config as judge
    from front.radar.text import lines

    result = judge(source, array, to, spi_hz)
    if to is not None and result.written is not None:
        try:
            to.write_text(result.written)
        except OSError as error:
            raise InputError(f"--to {to}: cannot be written: {error.strerror}") from None
    found = result.found
    head = f"{source}: {result.kind}, {found['registers']} registers"
    show(json, found, lambda: lines(found, head, found["warnings"]))
    if to is not None:
        say(f"written to {to}")
