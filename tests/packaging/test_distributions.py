"""What is built is what is in the tree, and what the entry points name is there."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from zipfile import ZipFile

import pytest

from tools.constraints import ROOT, members, read

each_distribution = pytest.mark.parametrize("folder", members(), ids=lambda path: path.name)


def entry_points() -> list[EntryPoint]:
    """List the entry points that the distributions declare, scripts included."""
    found = []
    for folder in members():
        project = read(folder / "pyproject.toml")["project"]
        groups = {"console_scripts": project.get("scripts", {}), **project.get("entry-points", {})}
        found += [
            EntryPoint(name, value, group) for group, names in groups.items() for name, value in names.items()
        ]
    return found


def build(folder: Path, target: Path) -> set[str]:
    """Build a distribution's wheel and list the files in it."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (wheel,) = target.glob("*.whl")
    return set(ZipFile(wheel).namelist())


@each_distribution
def test_a_wheel_holds_every_file_of_its_package(folder: Path, tmp_path: Path) -> None:
    """Types, migrations and templates too: what is missing in a wheel is missed in production."""
    built = build(folder, tmp_path)
    files = [
        path for path in (folder / "src").rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]
    assert {str(path.relative_to(folder / "src")) for path in files} <= built
    assert any(name.endswith("/py.typed") for name in built)


@pytest.mark.parametrize(
    "folder", [f for f in members() if f.parent.name == "plugins"], ids=lambda path: path.name
)
def test_the_wheel_of_a_module_brings_its_migrations(folder: Path, tmp_path: Path) -> None:
    assert [name for name in build(folder, tmp_path) if "/migrations/" in name and name.endswith(".py")]


@pytest.mark.parametrize("entry_point", entry_points(), ids=lambda found: f"{found.group}:{found.name}")
def test_an_entry_point_leads_somewhere(entry_point: EntryPoint) -> None:
    assert entry_point.load() is not None


@each_distribution
def test_a_distribution_says_the_same_as_its_neighbours(folder: Path) -> None:
    """One version, one licence, one lowest Python; and the README that it is published with."""
    core = read(ROOT / "core" / "pyproject.toml")["project"]
    project = read(folder / "pyproject.toml")["project"]
    same = ("version", "license", "requires-python", "readme")
    assert {key: project[key] for key in same} == {key: core[key] for key in same}
    assert (folder / project["readme"]).is_file()
