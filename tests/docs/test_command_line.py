"""The page on the command line and the code say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from fenbu.cli import exits
from fenbu.cli.app import COMMANDS, root
from fenbu.cli.flows import flows
from fenbu.cli.session import Session

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _section(title: str, page: str = PAGE) -> str:
    return page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_every_command_is_told_and_no_other() -> None:
    told = re.findall(r"^\| (`[^|]+`) \|", _section("Commands"), re.MULTILINE)

    assert {name for cell in told for name in re.findall(r"`([a-z]+)`", cell)} == set(COMMANDS)


def test_every_command_on_flows_is_told() -> None:
    row = next(line for line in _section("Commands").splitlines() if line.startswith("| `flows`"))

    assert set(re.findall(r"`([a-z]+)`", row)) == {"flows", *flows.commands}


@pytest.mark.parametrize("page", [PAGE, README], ids=["docs", "README"])
def test_every_exit_code_is_told_and_no_other(page: str) -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", _section("Exit codes", page), re.MULTILINE)}

    assert told == {value for name, value in vars(exits).items() if name.isupper()}


def test_every_variable_that_the_command_line_reads_is_told() -> None:
    sources = (ROOT / "core" / "src" / "fenbu" / "cli").rglob("*.py")
    read = {name for file in sources for name in re.findall(r"\b(FENBU_[A-Z]+)\b", file.read_text("utf-8"))}

    assert read == set(re.findall(r"`(FENBU_[A-Z]+)`", _section("Environment")))


def _help_of_all(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _help_of_all(
                inner, click.Context(inner, context, name, terminal_width=80, obj=context.obj)
            )


def test_every_help_fits_a_terminal_of_eighty_columns() -> None:
    started = click.Context(root, info_name="fenbu", terminal_width=80, obj=Session())
    started.meta["fenbu.cli.show.typed"] = []
    started.meta["fenbu.cli.do.typed"] = []
    wide = {
        (path, line)
        for path, told in _help_of_all(root, started)
        for line in told.splitlines()
        if len(line) > 80
    }
    assert wide == set()
