"""The command line: thin, every import that costs time inside the command that needs it.

Rule: errors are one line on stderr and an exit code (0 done, 1 a named check failed, 2 wrong use or input,
3 a missing extra, 4 device or port lost, 130 Ctrl-C); stdout carries the result, and with --json nothing but JSON.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from front import calibrate_options, cloud_options, order_options, record_options, replay_options

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
Serial = Annotated[str, typer.Option("--serial", metavar="PORT", help="Serial port of the device.")]
VcdFile = Annotated[Path | None, typer.Option("--vcd", metavar="FILE", help="Draw the board's wires into this file.")]
Fault = Annotated[
    list[str] | None,
    typer.Option(
        "--fault", metavar="NAME[=VALUE][@START[+DURATION]]", help="A fault from `stillwave faults`, repeatable."
    ),
]
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


@app.command()
def night(
    scenario: Annotated[
        str, typer.Argument(metavar="[SCENARIO]", help="A name from `stillwave scenarios`, or a TOML file.")
    ] = "single",
    seed: Annotated[int | None, typer.Option(help="Seed of scene, noise and entropy; default 1.")] = None,
    hours: Annotated[float | None, typer.Option(help="Length of the night; default 8.")] = None,
    core: Core = None,
    target: Annotated[
        Literal["host", "posix", "aarch64", "arm", "arm_m7", "arm_m33"] | None,
        typer.Option(help="Where the firmware runs; default host."),
    ] = None,
    gdb: Annotated[int | None, typer.Option(metavar="PORT", help="An ARM target's image waits here for a gdb.")] = None,
    alarm: Annotated[
        str | None, typer.Option(metavar="HH:MM", help="Set time of the alarm, local; default no alarm.")
    ] = None,
    side: Side = None,
    tz: Annotated[str | None, typer.Option(help="Time zone of the sleeper, e.g. Europe/Berlin; default UTC.")] = None,
    date: Annotated[str | None, typer.Option(help="Evening of the night, YYYY-MM-DD.")] = None,
    fault: Fault = None,
    rt: RealTime = False,
    vcd: VcdFile = None,
    raw_adc: Annotated[Path | None, typer.Option(metavar="FILE", help="Raw radar samples too: 0.7 GB an hour.")] = None,
    out: Out = None,
    force: Force = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Simulate a night, from bodies to report."""
    from front import commands
    from front.night import Asked
    from front.output import Folder

    asked = Asked(seed, hours, core, target, alarm, side, tz, date, fault or (), rt, gdb, vcd, raw_adc)
    commands.night(scenario, asked, Folder(out, force), config, json)


@app.command()
def process(
    adc: Annotated[
        Path, typer.Argument(metavar="ADC.npy", help="uint16 [frame, rx, chirp, sample]; or a raw recording.")
    ],
    radar: Annotated[
        Path | None, typer.Option("--radar", help="The radar SDK's JSON; a raw recording needs none.")
    ] = None,
    core: Core = None,
    probe: Annotated[
        list[str] | None,
        typer.Option("--probe", metavar="NAME", help="Every frame of this place in the chain into DIR/NAME.npy."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for the result; default none.")
    ] = None,
    force: Force = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Play raw ADC data through the firmware."""
    from front import commands
    from front.output import Folder

    commands.process(adc, radar, core, Folder(out, force), config, json, probe or ())


@app.command()
def board(
    pty: Annotated[
        Path | None, typer.Option("--pty", metavar="LINK", help="Symlink that names the board's serial port.")
    ] = None,
    scenario: Annotated[str, typer.Option("--scenario", help="What the radar sees.")] = "single",
    seed: Annotated[int, typer.Option(help="Seed of scene, noise and entropy.")] = 1,
    spi_socket: Annotated[
        str | None, typer.Option("--spi-socket", metavar="PATH|tcp:PORT", help="The bare radar chip, for any driver.")
    ] = None,
    vcd: VcdFile = None,
    target: Annotated[Literal["host", "arm"], typer.Option(help="The firmware here, or its image in QEMU.")] = "host",
    rt: RealTime = False,
    fault: Fault = None,
    console: Annotated[
        bool, typer.Option("--console", help="Lines of the standard input are commands: `help` lists them.")
    ] = False,
    json: Json = False,
) -> None:
    """The emulated device on a port, the bare chip on a socket."""
    from front import commands

    commands.board(scenario, seed, pty, spi_socket, vcd, rt, json, target, fault or (), console)


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
    from front import commands
    from front.check import ends

    pictures = [path for path, ending in ((png, ".png"), (svg, ".svg")) if path and ends(path, ending)]
    page = html if html is not None and ends(html, ".html") else None
    commands.report(source, pictures, page, csv, dark, night, json)


@app.command()
def scenarios(
    json: Json = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Also who is where, and how far apart.")] = False,
    side: Side = None,
) -> None:
    """The scenarios that `night` and `board` know."""
    from front import commands

    commands.scenarios(json, verbose, side or "left")


@app.command()
def faults(json: Json = False) -> None:
    """The faults that a run can play."""
    from front import commands

    commands.faults(json)


@app.command()
def config(
    source: Annotated[
        str,
        typer.Argument(
            metavar="RADAR.json|LIST.h|default",
            help="The radar SDK's JSON, an exported register list, fields of our own config as JSON, or `default`.",
        ),
    ],
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE.h|FILE.json", help="Write it as register list or SDK's JSON.")
    ] = None,
    array: Annotated[str | None, typer.Option("--array", help="Which register list of a file with several.")] = None,
    spi_hz: Annotated[float, typer.Option("--spi-hz", help="Clock of the bus that reads the FIFO.")] = 25e6,
    json: Json = False,
) -> None:
    """What a radar configuration does; into its other form.

    Figures, what is doubtful about it, and the conversion.
    """
    from front import commands

    commands.config(source, array, to, spi_hz, json)


@app.command()
def bench(json: Json = False, seconds: Annotated[float, typer.Option(help="Time for each figure.")] = 1.0) -> None:
    """Speed, each figure beside its floor."""
    from front import commands

    commands.bench(json, seconds)


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
    from front import commands
    from front.output import Folder

    commands.train(folders, (scenario, first_seed, nights, hours), seed, Folder(out, force), config, json)


@app.command()
def pair(
    port: Annotated[str, typer.Argument(metavar="PORT", help="Whatever pyserial's serial_for_url takes.")],
    keys: Annotated[Path | None, typer.Option(help="Default ~/.config/stillwave/keys.")] = None,
    json: Json = False,
) -> None:
    """Give the device at a port and this host a key."""
    from front import commands

    commands.pair(port, keys, json)


@app.command()
def edge(
    line: Annotated[
        str | None, typer.Option(metavar="unix:PATH|PORT", help="Serial line to the cloud; unix:PATH is listened at.")
    ] = None,
    state_dir: Annotated[Path | None, typer.Option(help="Folder of the flash's file.")] = None,
    spi_hz: Annotated[int | None, typer.Option(help="Clock of the radar's bus; default 20 MHz.")] = None,
    gpio_chip: Annotated[str | None, typer.Option(help="Default /dev/gpiochip0.")] = None,
    pins: Annotated[
        str | None, typer.Option(metavar="NAME=GPIO,...", help="reset, interrupt, standby, button, buzzer; or none.")
    ] = None,
    light: Annotated[
        str | None, typer.Option(metavar="none|gpio:N|pwm:CHIP:N[,N,N]", help="The wake-up light.")
    ] = None,
    sound: Annotated[str | None, typer.Option(metavar="COMMAND", help="Played while the alarm rings.")] = None,
    emulated: Annotated[
        str | None, typer.Option(metavar="SCENARIO", help="An emulated Pi instead of this one, in real time.")
    ] = None,
    config: ConfigFile = None,
    json: Json = False,
) -> int:
    """The live device: the firmware on a Raspberry Pi's pins."""
    from front import commands
    from front.edge import Asked

    return commands.edge(Asked(line, state_dir, spi_hz, gpio_chip, pins, light, sound, emulated), config, json)


for _command in (
    cloud_options.cloud,
    *order_options.COMMANDS,
    calibrate_options.calibrate,
    replay_options.replay,
    *record_options.COMMANDS,
):
    app.command()(_command)


@app.command("first-light")
def first_light(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="One JSON file to mail: statistics only.")
    ] = None,
    emulated: Annotated[
        str | None, typer.Option(metavar="SCENARIO", help="An emulated Pi instead of this one.")
    ] = None,
    frames: Annotated[int, typer.Option(help="Length of the noise measurement, 20 a second.")] = 200,
    config: ConfigFile = None,
    json: Json = False,
) -> int:
    """The first look at a real chip, as figures to mail.

    Each figure has limits and a verdict. Nothing should move in front of the radar meanwhile.
    """
    from front import commands

    return commands.first_light(out, emulated, frames, config, json)


@app.command()
def doctor(
    db: Annotated[
        Path | None, typer.Argument(metavar="[DB]", help="With --last-night: the store, or the folder of a run.")
    ] = None,
    last_night: Annotated[
        bool, typer.Option("--last-night", help="Why nothing, or less than all, was recorded; and what to do.")
    ] = False,
    night: Annotated[int | None, typer.Option("--night", help="Which night of the store instead of the last.")] = None,
    emulated: Annotated[
        str | None, typer.Option(metavar="SCENARIO", help="Also the rows of a Raspberry Pi, of an emulated one.")
    ] = None,
    json: Json = False,
) -> int:
    """What is installed and wired; why a night is missing."""
    from front import commands

    if last_night:
        return commands.last_night(db, night, json)
    return commands.doctor(db, night, json, emulated)


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
