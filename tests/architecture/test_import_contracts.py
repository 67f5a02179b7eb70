"""Who may import whom: the contracts of pyproject.toml hold, and each notices a breach.

All breaches are planted in one copy of the sources and judged in one run; what it says of a contract names the import.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from tools.constraints import ROOT, members, read

SETTINGS = read(ROOT / "pyproject.toml")["tool"]["importlinter"]
CONTRACTS = {contract["id"]: contract for contract in SETTINGS["contracts"]}


@dataclass(frozen=True)
class Breach:
    """An import that must not be: `file` (below a src folder) says `imports`."""

    contract: str
    file: str
    imports: str

    def __str__(self) -> str:
        return f"{self.file} imports {self.imports}"

    @property
    def evidence(self) -> str:
        """How import-linter writes this import; of a foreign package it knows the first name only.

        Of a circle it names the package, and any of the imports by which it could be opened.
        """
        if self.contract == "no-circles":
            return f"No cycles are allowed in {self.file.partition('/')[0]}."
        importer = self.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        ours = self.imports.partition(".")[0] in SETTINGS["root_packages"]
        return f"{importer} -> {self.imports if ours else self.imports.partition('.')[0]}"


BREACHES = [
    Breach("language", "fenbu/values.py", "fenbu.work"),
    Breach("language", "fenbu/events.py", "fenbu.contracts.erp"),
    Breach("language", "fenbu/work.py", "fenbu.engine"),
    Breach("language", "fenbu/engine/store/__init__.py", "fenbu.cli"),
    Breach("engine", "fenbu/engine/store/__init__.py", "fenbu.engine.kernel"),
    Breach("engine", "fenbu/engine/flows/__init__.py", "fenbu.engine.guard"),
    Breach("engine-protected", "fenbu_erp/orders.py", "fenbu.engine.kernel"),
    Breach("engine-protected", "fenbu_payments/payments.py", "fenbu.engine.kernel"),
    Breach("engine-protected", "fenbu_tui/app.py", "fenbu.engine.kernel"),
    Breach("engine-protected", "fenbu_tui/world/modules.py", "fenbu.engine.kernel"),
    Breach("no-circles", "fenbu_scm/order.py", "fenbu_scm.order_store"),
    Breach("modules-independent", "fenbu_online_retail/manifest.py", "fenbu_erp.manifest"),
    Breach("modules-independent", "fenbu_payments/flows.py", "fenbu_erp.orders"),
    Breach("modules-independent", "fenbu_hrm/flows.py", "fenbu_payments.payouts"),
    Breach("core-knows-no-module", "fenbu/cli/__init__.py", "fenbu_erp"),
    Breach("core-knows-no-module", "fenbu/cli/__init__.py", "fenbu_tui.app"),
    Breach("tui", "fenbu_tui/widgets/row_table.py", "fenbu_tui.screens.modules"),
    Breach("tui", "fenbu_tui/screens/modules.py", "fenbu_tui.gateway.engine"),
    Breach("tui-knows-no-module", "fenbu_tui/app.py", "fenbu_erp.manifest"),
    Breach("textual", "fenbu_erp/views.py", "textual.app"),
    Breach("textual", "fenbu/cli/__init__.py", "textual"),
]


def lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter with the contracts and the sources below `folder`, whatever is installed."""
    paths = os.pathsep.join(str(source) for source in sources(folder))
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths, "COLUMNS": "1000"},
        capture_output=True,
        text=True,
        check=False,
    )


def sources(root: Path) -> list[Path]:
    """List the src folders of the workspace at `root`."""
    return [member / "src" for member in members(root)]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the configuration and the sources, to plant something in them."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for member in members(ROOT):
        target = folder / member.relative_to(ROOT)
        shutil.copytree(member / "src", target / "src", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(member / "pyproject.toml", target)
    return folder


@pytest.fixture(scope="module")
def planted(copy: Path) -> Mapping[str, str]:
    """Plant all breaches at once, run once, take them back; return what each contract reports, by its id."""
    before = {breach.file: find(copy, breach.file).read_text(encoding="utf-8") for breach in BREACHES}
    for breach in BREACHES:
        with find(copy, breach.file).open("a", encoding="utf-8") as file:
            file.write(f"\nimport {breach.imports}\n")
    run = lint(copy)
    for name, text in before.items():
        find(copy, name).write_text(text, encoding="utf-8")
    assert run.returncode == 1, run.stdout + run.stderr
    return reports(run.stdout)


def reports(told: str) -> Mapping[str, str]:
    """Return what import-linter says at length about each broken contract."""
    _summary, _heading, details = told.partition("Broken contracts")
    ids = {contract["name"]: contract["id"] for contract in SETTINGS["contracts"]}
    found: dict[str, list[str]] = {}
    lines = details.splitlines()
    current = None
    for line, under in pairwise([*lines, ""]):
        if under and set(under) == {"-"}:
            current = ids.get(line.strip(), current)
        if current is not None:
            found.setdefault(current, []).append(line)
    return {contract: " ".join(" ".join(lines).split()) for contract, lines in found.items()}


def find(root: Path, file: str) -> Path:
    """Find a file by its path below a src folder."""
    return next(source / file for source in sources(root) if (source / file).exists())


def test_the_contracts_hold() -> None:
    run = lint(ROOT)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("breach", BREACHES, ids=str)
def test_a_planted_breach_is_noticed_by_its_contract(planted: Mapping[str, str], breach: Breach) -> None:
    assert breach.evidence in planted[breach.contract]


@pytest.mark.parametrize(("contract", "package"), [("language", "fenbu"), ("engine", "fenbu/engine")])
def test_a_new_file_has_to_be_given_its_layer(copy: Path, contract: str, package: str) -> None:
    (find(copy, package) / "stray.py").write_text('"""Nobody has said where this belongs."""\n')
    run = lint(copy, "--contract", contract)
    assert run.returncode == 1
    assert "stray" in run.stdout


def test_every_contract_has_its_planted_breach() -> None:
    assert {breach.contract for breach in BREACHES} == set(CONTRACTS)


def test_every_distribution_is_under_contract() -> None:
    """A module that the contracts do not name is free to import what it likes."""
    packages = {path.parent.name for source in sources(ROOT) for path in source.glob("*/__init__.py")}
    modules = packages - {"fenbu", "fenbu_tui"}
    assert set(SETTINGS["root_packages"]) == packages
    assert set(CONTRACTS["no-circles"]["ancestors"]) == packages
    assert set(CONTRACTS["modules-independent"]["modules"]) == modules
    assert set(CONTRACTS["core-knows-no-module"]["forbidden_modules"]) == modules | {"fenbu_tui"}
    assert set(CONTRACTS["tui-knows-no-module"]["forbidden_modules"]) == modules
    assert set(CONTRACTS["textual"]["source_modules"]) == modules | {"fenbu"}
