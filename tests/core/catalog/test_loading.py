"""A package that cannot be loaded is named with what to do, and harms nothing else."""

from __future__ import annotations

import sys

import pytest

from fenbu.engine.catalog.discovery import discover
from fenbu.engine.catalog.errors import ReferenceBroken
from fenbu.engine.catalog.loading import Broken, LoadedModule, clash, load
from fenbu.engine.catalog.reference import resolve
from fenbu.testing.dummies import BROKEN, DummyModule, DummyModules, broken, sources

WANTED = {
    "raises": "RuntimeError: no kettle (fenbu_raises/manifest.py:1)",
    "leaves": "SystemExit: 3 (fenbu_leaves/manifest.py:3)",
    "misses": "No module named 'kettle_that_nobody_installed' (fenbu_misses/manifest.py:1)",
    "mistypes": "SyntaxError: '(' was never closed (fenbu_mistypes/manifest.py:1)",
    "shrugs": "is a dict, not a Manifest",
    "lies": "named 'lies', its manifest 'other'",
    "forgets": "has no MANIFEST; nearest is 'fenbu_forgets.manifest:MANIFESTO'",
    "contradicts": "the manifest of Contradicts is wrong",
}


def loaded(name: str) -> LoadedModule:
    module = load(discover().modules[name])
    assert isinstance(module, LoadedModule), module
    return module


@pytest.mark.parametrize("name", [name for name, _source in BROKEN])
def test_a_manifest_that_cannot_be_loaded_is_named_with_error_and_remedy(
    name: str, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(*broken())
    answer = load(discover().modules[name])
    assert isinstance(answer, Broken)
    assert WANTED[name] in answer.error
    assert f"dummy-{name}" in answer.remedy


def test_broken_packages_leave_the_others_alone(dummy_modules: DummyModules) -> None:
    dummy_modules.install(*broken(), DummyModule(name="tea"))
    answers = {found.name: load(found) for found in discover().modules.values()}
    assert isinstance(answers["tea"], LoadedModule)
    assert all(isinstance(answers[name], Broken) for name in WANTED)


def test_loading_a_manifest_imports_no_tables(dummy_modules: DummyModules) -> None:
    dummy_modules.install(DummyModule(name="tea", tables=("pot",)))
    assert loaded("tea").package == "dummy-tea 1.0"
    assert dummy_modules.imported("tea") == ["fenbu_tea", "fenbu_tea.manifest"]


def test_a_mended_module_is_loaded_in_the_same_process(dummy_modules: DummyModules) -> None:
    tea = DummyModule(name="tea")
    dummy_modules.install(DummyModule(name="tea", files={"manifest.py": "raise ValueError('no water')\n"}))
    found = discover().modules["tea"]
    assert isinstance(load(found), Broken)
    assert dummy_modules.imported("tea") == []
    dummy_modules.write("tea", "manifest.py", sources(tea)["manifest.py"])
    assert isinstance(load(found, again=True), LoadedModule)


def test_tables_whose_import_failed_half_way_are_declared_again_after_mending(
    dummy_modules: DummyModules,
) -> None:
    tea = DummyModule(name="tea", tables=("pot", "cup"))
    whole = sources(tea)["tables.py"]
    dummy_modules.install(tea)
    dummy_modules.write("tea", "tables.py", f"{whole}\nimport kettle_that_nobody_installed\n")
    with pytest.raises(ReferenceBroken, match="kettle_that_nobody_installed"):
        resolve("fenbu_tea.tables:BASE", module="tea")
    dummy_modules.write("tea", "tables.py", whole)
    base = resolve("fenbu_tea.tables:BASE", module="tea")
    assert sorted(base.metadata.tables) == ["tea_cup", "tea_pot"]


def test_a_helper_that_lacked_a_name_is_read_anew_after_mending(dummy_modules: DummyModules) -> None:
    tea = DummyModule(name="tea", files={"flows.py": "from fenbu_tea.water import boil\n", "water.py": "\n"})
    dummy_modules.install(tea)
    with pytest.raises(ReferenceBroken, match="cannot import name 'boil'"):
        resolve("fenbu_tea.flows:boil", module="tea")
    assert "fenbu_tea.water" not in sys.modules
    dummy_modules.write("tea", "water.py", "def boil(): return 100\n")
    assert resolve("fenbu_tea.flows:boil", module="tea")() == 100


def test_a_wrong_reference_names_the_module_the_text_and_the_nearest_name(
    dummy_modules: DummyModules,
) -> None:
    dummy_modules.install(DummyModule(name="tea", flows="def brew(work, event): ..."))
    with pytest.raises(ReferenceBroken) as caught:
        resolve("fenbu_tea.flows:brow", module="tea")
    assert (caught.value.module, caught.value.text) == ("tea", "fenbu_tea.flows:brow")
    assert caught.value.nearest == "fenbu_tea.flows:brew"


def test_a_name_claimed_twice_is_loaded_from_neither_package(dummy_modules: DummyModules) -> None:
    dummy_modules.install(DummyModule(name="tea"))
    found = discover().modules["tea"]
    answer = clash([found, found])
    assert "dummy-tea 1.0, dummy-tea 1.0" in answer.error
    assert "pip uninstall" in answer.remedy
