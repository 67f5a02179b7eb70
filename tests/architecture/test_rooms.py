"""Every module has the same rooms, so that who knows one finds the way in all."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tools.constraints import ROOT

MODULES = [path.parent for path in sorted(ROOT.glob("plugins/*/src/*/__init__.py"))]
ROOMS = (
    "manifest.py",
    "plugin.py",
    "settings.py",
    "lifecycles.py",
    "flows.py",
    "views.py",
    "errors.py",
    "migrations",
    "py.typed",
)

LARGE_ROOMS = ("tables",)
"""A file, or a folder with a file for each noun when one file would be too long to read."""

each_module = pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)


@each_module
def test_a_module_has_every_room(module: Path) -> None:
    missing = [room for room in ROOMS if not (module / room).exists()]
    missing += [room for room in LARGE_ROOMS if not _files(module, room)]
    assert not missing, f"{module.name} has no {', '.join(missing)}"


@each_module
def test_a_manifest_is_read_without_its_tables(module: Path) -> None:
    """Names are scanned at start-up: two hundred manifests must load in an instant."""
    heavy = {"sqlalchemy", "sqlmodel", "alembic", "pydantic", "rich", f"{module.name}.tables"}
    imported = f"import sys, {module.name}.manifest; print(*({heavy!r} & sys.modules.keys()), sep=', ')"
    run = subprocess.run([sys.executable, "-c", imported], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "", f"{module.name}.manifest imports {run.stdout.strip()}"


@each_module
def test_tables_are_declared_with_real_annotations(module: Path) -> None:
    """Postponed annotations break SQLModel's relationships."""
    for file in _files(module, "tables"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        futures = [
            node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"
        ]
        assert not futures, file.name


def _files(module: Path, room: str) -> list[Path]:
    file = module / f"{room}.py"
    return [file] if file.exists() else sorted((module / room).glob("*.py"))
