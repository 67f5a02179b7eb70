"""The module that `docs/modules.md` builds: its files as they stand there, tested, enabled and used."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import tomli

from tools.constraints import ROOT

PAGE = (ROOT / "docs" / "modules.md").read_text(encoding="utf-8")
FILE = re.compile(r"^```\w+ file=(?P<path>\S+)\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE)
CONSOLE = re.compile(r"^```console\n(?P<lines>.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the files of the page, and what `pip install -e` would leave beside them."""
    folder = tmp_path_factory.mktemp("fenbu-loyalty")
    for block in FILE.finditer(PAGE):
        path = folder / block["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block["text"], encoding="utf-8")
    project = tomli.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = folder / "src" / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    told = []
    for group, points in project["entry-points"].items():
        told.append(f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items()))
    (info / "entry_points.txt").write_text("".join(told))
    return folder


def run(package: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with the package installed."""
    # Without compiled files every start of Python costs seconds.
    left_out = ("FENBU_DATABASE", "PYTHONDONTWRITEBYTECODE")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    environment |= {"PYTHONPATH": str(package / "src"), "NO_COLOR": "1", "COLUMNS": "100"}
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.slow
def test_the_tests_of_the_page_pass(package: Path) -> None:
    done = run(package, package, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
    assert re.search(r"\d\d passed", done.stdout)


ONE_AFTER_ANOTHER = """
import contextlib, io, json, shlex, sys
from fenbu.cli.running import run
told = {}
for command in sys.argv[1:]:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = run(shlex.split(command)[1:])
    told[command] = [code, out.getvalue()]
print(json.dumps(told))
"""


def test_the_commands_of_the_page_work_and_end_with_points(package: Path, tmp_path: Path) -> None:
    """One process for all of them: what a start costs is told elsewhere."""
    [console] = CONSOLE.findall(PAGE)
    install, *commands = (line.removeprefix("$ ") for line in console.splitlines())
    assert install.startswith("pip install -e")
    assert all(command.startswith("fenbu ") for command in commands)
    done = run(package, tmp_path, sys.executable, "-c", ONE_AFTER_ANOTHER, *commands)
    told = json.loads(done.stdout)
    assert {command: code for command, (code, _out) in told.items()} == dict.fromkeys(commands, 0), (
        done.stderr
    )
    assert re.search(r"A-1\s+9\b", told["fenbu show loyalty.balances"][1])
    assert re.search(r"loyalty\.points_open\s+5\b", told["fenbu metrics"][1])
    assert "loyalty.earning" in told["fenbu explain order SO-00000001"][1]
    assert "4 points were redeemed, 5 are left" in told["fenbu explain account A-1"][1]


@pytest.mark.parametrize("verb", [("check",), ("format", "--check")], ids=" ".join)
def test_every_file_of_the_page_is_as_ruff_would_have_it(package: Path, verb: tuple[str, ...]) -> None:
    ruff = str(Path(sys.executable).with_name("ruff"))
    checked = run(package, package, ruff, *verb, "--isolated", "--line-length", "110", ".")
    assert checked.returncode == 0, checked.stdout


def test_the_page_type_checks_strictly(package: Path) -> None:
    """An author who checks types strictly meets no surprise in the language."""
    files = [str(path.relative_to(package / "src")) for path in package.glob("src/*/*.py")]
    settings = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(ROOT / ".mypy_cache")]
    done = run(package, package / "src", sys.executable, "-m", "mypy", *settings, *files)
    assert done.returncode == 0, done.stdout
