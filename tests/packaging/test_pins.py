"""The pins have not drifted from what the distributions ask for: one set of versions, for pip and for uv."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.constraints import ROOT, members, pins, read

ADVICE = "run `make constraints`"
WORKSPACE = read(ROOT / "pyproject.toml")
OWN = {read(folder / "pyproject.toml")["project"]["name"] for folder in members()}
PINS = {canonicalize_name(pin.name): pin for pin in map(Requirement, pins())}


def direct() -> list[tuple[str, Requirement]]:
    """List what each distribution and the group of tools ask for, without our own distributions."""
    asked = [("dev", text) for text in WORKSPACE["dependency-groups"]["dev"]]
    for folder in members():
        project = read(folder / "pyproject.toml")["project"]
        extras = [text for extra in project.get("optional-dependencies", {}).values() for text in extra]
        asked += [(project["name"], text) for text in [*project["dependencies"], *extras]]
    wanted = [(who, Requirement(text)) for who, text in asked]
    return [(who, requirement) for who, requirement in wanted if requirement.name not in OWN]


def lines(file: Path) -> list[str]:
    """List what a requirements file says, without its comments."""
    return [
        line for line in file.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")
    ]


@pytest.mark.parametrize(("who", "requirement"), direct(), ids=str)
def test_a_direct_dependency_is_pinned_to_a_version_it_accepts(who: str, requirement: Requirement) -> None:
    pin = PINS.get(canonicalize_name(requirement.name))
    assert pin, f"{who} asks for {requirement.name}, which constraints.txt does not pin: {ADVICE}"
    version = str(pin.specifier).removeprefix("==")
    assert requirement.specifier.contains(version), (
        f"{who} asks for {requirement}, the pin is {version}: {ADVICE}"
    )


def test_every_line_of_the_constraints_pins_one_version() -> None:
    """No ranges, no extras (pip refuses them in constraints), no addresses."""
    for pin in PINS.values():
        assert [clause.operator for clause in pin.specifier] == ["=="]
        assert not pin.extras
        assert not pin.url


def test_uv_gets_the_same_pins_as_pip() -> None:
    assert WORKSPACE["tool"]["uv"]["constraint-dependencies"] == pins(), ADVICE


def test_requirements_install_every_distribution_and_every_tool() -> None:
    said = lines(ROOT / "requirements.txt")
    editable = {line.removeprefix("-e ./").partition("[")[0] for line in said if line.startswith("-e ")}
    tools = {line for line in said if not line.startswith("-")}
    assert said[0] == "-c constraints.txt"
    assert editable == {str(folder.relative_to(ROOT)) for folder in members()}
    assert tools == {requirement.name for who, requirement in direct() if who == "dev"}


def test_uv_finds_every_distribution_in_the_workspace() -> None:
    assert set(WORKSPACE["tool"]["uv"]["sources"]) == OWN
    assert {Requirement(text).name for text in WORKSPACE["project"]["dependencies"]} == OWN
