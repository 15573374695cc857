"""The command line: thin, every import that costs time inside the command that needs it.

Rule: errors are one line on stderr and an exit code (0 done, 1 a named check failed, 2 wrong use or input,
3 a missing extra, 4 device or port lost, 130 Ctrl-C); stdout carries the result, and with --json nothing but JSON.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

app = typer.Typer(
    name="stillwave",
    help="A bedside sleep radar in software. No medical device.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"stillwave {version('stillwave')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def doctor() -> None:
    """What is installed, built and found."""
    print("stillwave doctor")


def main() -> int:
    try:
        return int(typer.main.get_command(app).main(prog_name="stillwave", standalone_mode=False) or 0)
    except typer.TyperException as error:
        print(f"stillwave: {error.format_message()}", file=sys.stderr)
        return 2
