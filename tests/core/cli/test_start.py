"""Starting costs little: help, version and completion import neither the store nor what draws."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import NoReturn

import pytest

from fenbu.cli.app import COMMANDS
from tests.core.cli.running import Fenbu, process, quiet

HEAVY = (
    "sqlalchemy",
    "sqlmodel",
    "pydantic",
    "rich",
    "alembic",
    "pluggy",
    "cattrs",
    "babel",
    "fenbu.engine",
    "fenbu_erp",
)
_PROBE = """
import sys
from fenbu.cli.running import run
code = run(sys.argv[1:])
print("loaded", *sorted(sys.modules), file=sys.stderr)
sys.exit(code)
"""


def _loaded(folder: Path, *arguments: str, **environment: str) -> tuple[str, set[str]]:
    ended = subprocess.run(
        [sys.executable, "-c", _PROBE, *arguments],
        env=quiet(folder) | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    line = ended.stderr.splitlines()[-1]
    assert line.startswith("loaded "), ended.stderr
    return ended.stdout, set(line.split()[1:])


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), (), ("show", "--help"), ("flows", "--help")]
)
def test_help_and_version_import_nothing_of_the_engine(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    out, loaded = _loaded(tmp_path, *arguments)

    assert "fenbu" in out
    assert loaded.isdisjoint(HEAVY)
    assert "attrs" not in loaded


def test_opening_an_enterprise_leaves_alembic_to_those_who_migrate(tmp_path: Path) -> None:
    founded = ("init", "--name", "Tea", "--currency", "GBP", "--time-zone", "UTC")
    assert process(founded, folder=tmp_path).code == 0

    out, loaded = _loaded(tmp_path, "show", "fenbu.operators")

    assert "owner" in out.lower()
    assert not {name for name in loaded if name.startswith("alembic")}


def test_help_imports_no_command_but_lists_them_all(tmp_path: Path) -> None:
    out, loaded = _loaded(tmp_path, "--help")

    assert not {place.partition(":")[0] for place, _line in COMMANDS.values()} & loaded
    for name in COMMANDS:
        assert f"\n  {name} " in out


def test_the_terminal_ui_is_found_without_importing_it(tmp_path: Path) -> None:
    _out, loaded = _loaded(tmp_path, "tui", "--help")
    assert loaded.isdisjoint({"textual", "fenbu_tui", *HEAVY})


def test_a_terminal_ui_that_is_not_installed_is_named_with_its_package(
    fenbu: Fenbu, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> NoReturn:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.distribution", missing)
    monkeypatch.delitem(sys.modules, "fenbu.cli.tui", raising=False)

    ran = fenbu("tui")

    assert ran.code == 1
    assert "the terminal UI is not installed" in ran.err
    assert "pip install fenbu-tui" in ran.err


def test_every_command_of_the_table_is_there_and_has_help(tmp_path: Path, fenbu: Fenbu) -> None:
    for name in COMMANDS:
        ran = fenbu(name, "--help")
        assert ran.code == 0, ran.err
        assert ran.out.startswith(f"Usage: fenbu {name}")
        assert "Global options:" in ran.out


def _complete(folder: Path, words: str, database: str, *, shell: str = "bash") -> tuple[list[str], set[str]]:
    """Return what TAB proposes after these words, and what was imported for it."""
    typed = words.split(" ")
    probe = (
        "import sys\nfrom fenbu.cli.app import root\nfrom fenbu.cli.session import Session\n"
        "try:\n    root.main([], prog_name='fenbu', complete_var='_FENBU_COMPLETE', obj=Session())\n"
        "except SystemExit:\n    pass\nprint('loaded', *sys.modules, file=sys.stderr)\n"
    )
    environment = quiet(folder) | {
        "_FENBU_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(typed) - 1),
        "FENBU_DATABASE": database,
    }
    ended = subprocess.run(
        [sys.executable, "-c", probe],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line.split(",", 1)[1] for line in ended.stdout.splitlines() if "," in line]
    return lines, set(ended.stderr.split()[1:])


def test_completion_proposes_commands_without_importing_them(tmp_path: Path) -> None:
    proposed, loaded = _complete(tmp_path, "fenbu mo", "nowhere.db")

    assert proposed == ["modules"]
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (
            "fenbu do kiosk.sale.",
            ["kiosk.sale.sell", "kiosk.sale.pay", "kiosk.sale.post", "kiosk.sale.cancel"],
        ),
        ("fenbu show kiosk.", ["kiosk.sales", "kiosk.days"]),
        ("fenbu settings get k", ["kiosk"]),
        ("fenbu flows pause ", ["kiosk.bells"]),
        ("fenbu explain sa", ["sale"]),
        ("fenbu metrics kiosk.t", ["kiosk.takings"]),
        ("fenbu doctor kiosk", ["kiosk.no_debt"]),
    ],
)
def test_completion_knows_what_is_enabled_from_a_small_file(
    fenbu: Fenbu, kiosk_url: str, tmp_path: Path, words: str, wanted: list[str]
) -> None:
    fenbu("show")  # any command that has opened the enterprise leaves the names behind

    proposed, loaded = _complete(tmp_path, words, kiosk_url)

    assert proposed == wanted
    assert loaded.isdisjoint(HEAVY)


def test_completion_knows_the_options_of_an_action_that_somebody_has_looked_at(
    fenbu: Fenbu, kiosk_url: str, tmp_path: Path
) -> None:
    fenbu("do", "kiosk.sale.sell", "--help")

    proposed, loaded = _complete(tmp_path, "fenbu do kiosk.sale.sell --l", kiosk_url)

    assert proposed == ["--line", "--lang"]
    assert loaded.isdisjoint(HEAVY)


def test_completion_without_an_enterprise_proposes_nothing_and_says_nothing(tmp_path: Path) -> None:
    proposed, _loaded_modules = _complete(tmp_path, "fenbu do e", str(tmp_path / "none.db"))

    assert proposed == []


def test_the_completion_script_of_each_shell_is_printed(tmp_path: Path) -> None:
    for shell in ("bash", "zsh", "fish"):
        ran = process(["completion", shell], folder=tmp_path)
        if shell == "bash" and ran.code == 1:
            pytest.skip("click needs a bash that is newer than this machine's")
        assert ran.code == 0
        assert "_FENBU_COMPLETE" in ran.out


def test_help_takes_little_more_time_than_click_alone(tmp_path: Path) -> None:
    """CPU of the second run, so that everything is compiled; the bound is wide because machines differ."""

    def cpu(code: str) -> float:
        times = []
        for _run in range(3):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(
                [sys.executable, "-c", code],
                env=os.environ,
                cwd=tmp_path,
                stdout=subprocess.DEVNULL,
                check=False,
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return min(times)

    alone = cpu("import click")
    helped = cpu("from fenbu.cli.running import run\nrun(['--help'])")

    assert helped < 2.0 * alone + 0.05
