"""The options of the commands that order something of the device at a port: thin, and light to import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Serial = Annotated[str, typer.Option("--serial", metavar="PORT", help="Serial port of the device.")]
Simulated = Annotated[
    bool, typer.Option("--simulated", help="The device is an emulated board, whose key is published.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout and nothing else.")]


def alarm(
    action: Annotated[Literal["set", "cancel", "show", "snooze"], typer.Argument(metavar="set|cancel|show|snooze")],
    at: Annotated[str | None, typer.Argument(metavar="[HH:MM]", help="Set time, local: the next one to come.")] = None,
    serial: Serial = ...,  # type: ignore[assignment]
    window: Annotated[
        float | None,
        typer.Option("--window", metavar="MIN", help="With set: a cloud may ring so long before it, at most."),
    ] = None,
    tz: Annotated[
        str | None, typer.Option("--tz", help="Time zone, e.g. Europe/Berlin; default the computer's.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="TOML file over environment and user configuration.")
    ] = None,
    simulated: Simulated = False,
    json: Json = False,
) -> None:
    """The alarm of the device at a port, as its flash has it."""
    from front import commands

    commands.alarm(action, at, serial, window, tz, config, simulated, json)


def standby(
    action: Annotated[Literal["on", "off", "show"], typer.Argument(metavar="on|off|show")],
    serial: Serial = ...,  # type: ignore[assignment]
    simulated: Simulated = False,
    json: Json = False,
) -> None:
    """Standby of the device at a port: no chirp, no packet.

    The switch at the device wins. An armed alarm rings all the same.
    """
    from front import commands

    commands.standby(action, serial, simulated, json)


def light(
    level: Annotated[
        str, typer.Argument(metavar="off|show|PERCENT", help="As bright, and as red, as so far into a sunrise.")
    ],
    serial: Serial = ...,  # type: ignore[assignment]
    minutes: Annotated[float, typer.Option("--minutes", help="Until it goes out.")] = 30.0,
    simulated: Simulated = False,
    json: Json = False,
) -> None:
    """The night light of the device at a port."""
    from front import commands

    commands.light(level, serial, minutes, simulated, json)


def radar(
    action: Annotated[Literal["show", "set"], typer.Argument(metavar="show|set")],
    source: Annotated[
        str | None, typer.Argument(metavar="[RADAR.json|default]", help="With set: a file, or the device's own.")
    ] = None,
    serial: Serial = ...,  # type: ignore[assignment]
    simulated: Simulated = False,
    json: Json = False,
) -> None:
    """The radar configuration of the device at a port.

    It is checked before it is sent, in force at once, and kept over a reboot.
    """
    from front import commands

    commands.radar(action, source, serial, simulated, json)


COMMANDS = (alarm, standby, light, radar)
