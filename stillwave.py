"""The command line: thin, every import that costs time inside the command that needs it.

Rule: errors are one line on stderr and an exit code (0 done, 1 a named check failed, 2 wrong use or input,
3 a missing extra, 4 device or port lost, 130 Ctrl-C); stdout carries the result, and with --json nothing but JSON.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from front.config import Config

app = typer.Typer(
    name="stillwave",
    help="A bedside sleep radar in software. No medical device.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout and nothing else.")]
Out = Annotated[Path | None, typer.Option("--out", help="Folder of the run; default ./stillwave-out/<time>.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the run that --out holds.")]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="TOML file over environment and user configuration.")]
Core = Annotated[Literal["c", "numba"] | None, typer.Option("--core", help="Signal chain; default c.")]
Side = Annotated[
    Literal["left", "right"] | None, typer.Option("--side", help="The user's side of the bed; default left.")
]
Zone = Annotated[str | None, typer.Option("--tz", help="Time zone, e.g. Europe/Berlin; default the computer's.")]
Serial = Annotated[str, typer.Option("--serial", metavar="PORT", help="Serial port of the device.")]
RealTime = Annotated[bool, typer.Option("--rt", help="At the speed of the clock instead of as fast as it goes.")]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"stillwave {version('stillwave')}")
        raise typer.Exit


def _help(context: typer.Context, wanted: bool) -> None:
    if wanted:
        print(context.get_help())
        raise typer.Exit


# Its own --help: the built-in one makes typer load its validation library, half the time of a --help.
@app.callback(add_help_option=False)
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    show_help: Annotated[
        bool, typer.Option("--help", "-h", callback=_help, is_eager=True, help="Show this message and exit.")
    ] = False,
) -> None:
    pass


def _configured(file: Path | None) -> Config:
    from front.config import load

    return load(file)


def _new_folder(config: Config, out: Path | None, force: bool) -> Path:
    from datetime import datetime

    from front.env import prepare_out

    folder = out or Path(config.output.folder) / datetime.now().strftime("%Y%m%d-%H%M%S")
    return prepare_out(folder, force=force)


def _as_json(value: Any) -> str:
    import json

    return json.dumps(value, allow_nan=False)


def _print_json(value: Any) -> None:
    print(_as_json(value), flush=True)


def _simulator() -> Any:
    """hw_sim.rig. A stale core is said before numba takes its time; numba's cache is set before it is imported."""
    from edge.core import load
    from front.env import use_jit_cache

    load()
    use_jit_cache()
    from hw_sim import rig

    return rig


@app.command()
def night(
    scenario: Annotated[
        str, typer.Argument(metavar="[SCENARIO]", help="A name from `stillwave scenarios`, or a TOML file.")
    ] = "single",
    seed: Annotated[int | None, typer.Option(help="Seed of scene, noise and entropy; default 1.")] = None,
    hours: Annotated[float | None, typer.Option(help="Length of the night; default 8.")] = None,
    core: Core = None,
    target: Annotated[
        Literal["host", "posix", "arm"] | None, typer.Option(help="Where the firmware runs; default host.")
    ] = None,
    alarm: Annotated[
        str | None, typer.Option(metavar="HH:MM", help="Set time of the alarm, local; default no alarm.")
    ] = None,
    side: Side = None,
    tz: Annotated[str | None, typer.Option(help="Time zone of the sleeper, e.g. Europe/Berlin; default UTC.")] = None,
    date: Annotated[str | None, typer.Option(help="Evening of the night, YYYY-MM-DD.")] = None,
    fault: Annotated[list[str] | None, typer.Option(metavar="NAME[=...]", help="Inject a fault.")] = None,
    rt: RealTime = False,
    out: Out = None,
    force: Force = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Simulate a night, from bodies to report."""
    from front import check, morning
    from front.night import Asked, options
    from front.show import Progress, summary
    from hw_sim.scenario import load_scenario

    chosen = _configured(config)
    given = options(Asked(seed, hours, core, target, alarm, side, tz, date, fault or (), rt), chosen)
    load_scenario(scenario)  # what is wrong is said before a folder is made and hours are spent
    check.installed("numba", "matplotlib")
    folder = _new_folder(chosen, out, force)
    progress = Progress(given["hours"] * 3600.0)
    try:
        result = _simulator().run_night(scenario, out=folder, progress=progress, **given)
    finally:
        progress.done()
    made = morning.write(folder, result.db, result.truth, result.run)
    if json:
        _print_json(made)
        return
    print("\n".join(summary(made)))
    print(f"report     {folder / 'report.json'}\npicture    {folder / 'hypnogram.png'}")


@app.command()
def process(
    adc: Annotated[Path, typer.Argument(metavar="ADC.npy", help="uint16 [frame, rx, chirp, sample].")],
    radar: Annotated[Path, typer.Option("--radar", help="Radar configuration in the radar SDK's JSON form.")],
    core: Core = None,
    out: Out = None,
    force: Force = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Play raw ADC data through the firmware."""
    chosen = _configured(config)
    folder = _new_folder(chosen, out, force) if out is not None else None
    result = _simulator().run_process(adc, radar, core=core or chosen.night.core)
    if folder is not None:
        (folder / "process.json").write_text(_as_json(result) + "\n")
    if json:
        _print_json(result)
        return
    from front.show import process_lines

    print("\n".join(process_lines(result)))


@app.command()
def board(
    pty: Annotated[
        Path | None, typer.Option("--pty", metavar="LINK", help="Symlink that names the board's serial port.")
    ] = None,
    scenario: Annotated[str, typer.Option("--scenario", help="What the radar sees.")] = "single",
    seed: Annotated[int, typer.Option(help="Seed of scene, noise and entropy.")] = 1,
    rt: RealTime = False,
    json: Json = False,
) -> None:
    """The emulated device on a serial port."""
    from front import check
    from hw_sim.scenario import load_scenario

    load_scenario(scenario)

    def ready(event: dict[str, Any]) -> None:
        if json:
            _print_json(event)
        else:
            print(f"board on {event['port']}; Ctrl-C ends it", file=sys.stderr)

    ended = _simulator().run_board(scenario=scenario, pty=pty, seed=check.seed(seed), rt=rt, ready=ready)
    if json:
        _print_json(ended)


@app.command()
def report(
    source: Annotated[Path, typer.Argument(metavar="DB|DIR", help="A store, or the folder of a run.")],
    night: Annotated[int | None, typer.Option("--night", help="Which night of the store; default the last.")] = None,
    png: Annotated[Path | None, typer.Option("--png", help="Draw the night into this file.")] = None,
    svg: Annotated[Path | None, typer.Option("--svg", help="The same as a vector drawing.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Words, picture and table in one file.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="One line per epoch into this file.")] = None,
    dark: Annotated[bool, typer.Option("--dark", help="Pictures on dark ground; the page has both.")] = False,
    json: Json = False,
) -> None:
    """The morning: what a store or a run says."""
    from front import check
    from front.morning import Files, build
    from front.show import summary

    wanted = Files(
        pictures=[path for path, ending in ((png, ".png"), (svg, ".svg")) if path and check.ends(path, ending)],
        page=html if html is not None and check.ends(html, ".html") else None,
        table=csv,
        theme="dark" if dark else "light",
        night=night,
    )
    if wanted.drawn:
        check.installed("matplotlib")
    made = build(source, wanted)
    print(_as_json(made) if json else "\n".join(summary(made)))


@app.command()
def scenarios(
    json: Json = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Also who is where, and how far apart.")] = False,
    side: Side = None,
) -> None:
    """The scenarios that `night` and `board` know."""
    from front.show import scenario_lines, scenario_rows

    rows = scenario_rows(side or "left")
    if json:
        _print_json({"scenarios": rows})
        return
    print("\n".join(scenario_lines(rows, verbose)))


@app.command()
def bench(json: Json = False, seconds: Annotated[float, typer.Option(help="Time for each figure.")] = 1.0) -> None:
    """Speed, each figure beside its floor."""
    from front import check
    from front.env import use_jit_cache

    check.seconds(seconds)
    use_jit_cache()
    from bench.run import as_text, rows

    found = rows(seconds)
    if json:
        _print_json({"rows": found})
    else:
        print("\n".join(as_text(found)))


@app.command()
def train(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[DIR]...", help="Runs to learn from; default: nights are made first."),
    ] = None,
    nights: Annotated[int, typer.Option(help="How many to make.")] = 30,
    first_seed: Annotated[int, typer.Option("--first-seed", help="Seed of the first; test seeds are refused.")] = 1001,
    hours: Annotated[float, typer.Option(help="Length of each.")] = 8.0,
    scenario: Annotated[str, typer.Option(help="What they are nights of.")] = "single",
    seed: Annotated[int, typer.Option(help="Seed of the first weights and of the batches.")] = 1,
    out: Out = None,
    force: Force = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Train the stage model on simulated nights."""
    from front import check
    from front import train as work

    wanted = work.Wanted(scenario, first_seed, nights, check.hours(hours))
    if not folders:
        work.check_wanted(wanted)
    folder = _new_folder(_configured(config), out, force)
    model = work.new_model(folder, force)

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    card = work.train(folders or work.make_nights(folder, wanted, say), model, check.seed(seed), say)
    if json:
        _print_json({"model": str(model), "card": card})
    else:
        print("\n".join(f"{key:<20}{value}" for key, value in card.items()) + f"\nmodel               {model}")


def _now_us() -> int:
    import time

    return time.time_ns() // 1000


@app.command()
def cloud(
    serial: Serial,
    db: Annotated[Path, typer.Option("--db", help="The night's store; one that exists is gone on with.")] = Path(
        "night.sqlite"
    ),
    alarm: Annotated[str | None, typer.Option(metavar="HH:MM", help="Set time of the alarm, local.")] = None,
    side: Side = None,
    tz: Zone = None,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """The live cloud process: receive nights at a serial port and store them."""
    from cloud.app import main as run
    from front.night import live_options

    options = live_options(_configured(config), alarm, side, tz, _now_us())

    def ready() -> None:
        if json:
            _print_json({"event": "ready", "port": serial, "db": str(db)})
        else:
            print(f"listening on {serial}, storing in {db}; Ctrl-C ends it", file=sys.stderr)

    status = run(["--serial", serial, "--db", str(db), *options], ready)
    if status:
        raise typer.Exit(status)


@app.command()
def alarm(
    action: Annotated[Literal["set", "cancel", "show"], typer.Argument(metavar="set|cancel|show")],
    at: Annotated[str | None, typer.Argument(metavar="[HH:MM]", help="Set time, local: the next one to come.")] = None,
    serial: Serial = ...,  # type: ignore[assignment]
    tz: Zone = None,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """The alarm of the device at a port, as its flash has it."""
    from front.alarm import as_text, command

    found, zone = command(action, at, serial, tz, _configured(config), _now_us)
    if json:
        _print_json(found)
    else:
        print(as_text(found, zone))


@app.command()
def doctor(json: Json = False) -> None:
    """What is installed, built and found."""
    from front import doctor as checks

    rows = checks.checks()
    if json:
        _print_json(checks.as_json(rows))
    else:
        print("\n".join(checks.as_text(rows)))
    failed = [row.name for row in rows if row.needed and not row.ok]
    if failed:
        print(f"stillwave: {', '.join(failed)} failed", file=sys.stderr)
        raise typer.Exit(1)


def main() -> int:
    """Run the command line. Returns the exit code."""
    try:
        status = int(typer.main.get_command(app).main(prog_name="stillwave", standalone_mode=False) or 0)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # whoever read us has gone: nothing left to say, and Python must not try again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except typer.TyperException as error:
        return _fail(error.format_message(), 2)
    except Exception as error:
        from front.failure import explain

        known = explain(error)
        if known is None:
            raise
        return _fail(*known)


def _fail(message: str, status: int) -> int:
    print(f"stillwave: {' '.join(message.split())}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
