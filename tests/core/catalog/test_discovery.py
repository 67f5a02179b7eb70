"""Modules are found by name, and nothing of them is imported."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from fenbu.engine.catalog.discovery import discover
from fenbu.testing.dummies import DummyModule, DummyModules, many


def test_a_module_is_found_without_importing_anything_of_it(dummy_modules: DummyModules) -> None:
    dummy_modules.install(DummyModule(name="tea", version="1.2", tables=("pot",)))
    found = discover().modules["tea"]
    assert (found.distribution, found.version) == ("dummy-tea", "1.2")
    assert found.value == "fenbu_tea.manifest:MANIFEST"
    assert dummy_modules.imported("tea") == []


def test_a_module_installed_while_the_process_runs_is_seen(dummy_modules: DummyModules) -> None:
    assert "tea" not in discover().names
    dummy_modules.install(DummyModule(name="tea"))
    assert "tea" in discover().names


def test_a_removed_module_is_no_longer_found(dummy_modules: DummyModules) -> None:
    dummy_modules.install(DummyModule(name="tea"))
    assert "tea" in discover().names
    dummy_modules.uninstall("tea")
    assert "tea" not in discover().names


def test_an_upgraded_module_shows_its_new_version(dummy_modules: DummyModules) -> None:
    dummy_modules.install(DummyModule(name="tea", version="1.0"))
    assert discover().modules["tea"].version == "1.0"
    dummy_modules.install(DummyModule(name="tea", version="1.1"))
    assert discover().modules["tea"].version == "1.1"


def test_two_packages_that_claim_one_name_are_both_reported(dummy_modules: DummyModules) -> None:
    dummy_modules.install(DummyModule(name="tea"))
    copy = dummy_modules.folder / "other_tea-3.0.dist-info"
    shutil.copytree(dummy_modules.folder / "dummy_tea-1.0.dist-info", copy)
    (copy / "METADATA").write_text("Metadata-Version: 2.1\nName: other-tea\nVersion: 3.0\n")
    found = discover()
    assert "tea" not in found.modules
    assert [claim.distribution for claim in found.clashes["tea"]] == ["dummy-tea", "other-tea"]


def test_a_distribution_that_lies_on_the_path_twice_is_one(
    dummy_modules: DummyModules, tmp_path: Path
) -> None:
    dummy_modules.install(DummyModule(name="tea"))
    second = DummyModules(tmp_path / "second")
    try:
        second.install(DummyModule(name="tea", version="2.0"))
        assert discover().modules["tea"].version == "2.0"  # the first on the path, as Python imports
        assert not discover().clashes
    finally:
        second.close()


def test_other_groups_and_comments_in_the_file_are_passed_over(dummy_modules: DummyModules) -> None:
    dummy_modules.install(DummyModule(name="tea"))
    file = dummy_modules.folder / "dummy_tea-1.0.dist-info" / "entry_points.txt"
    file.write_text(
        "[console_scripts]\nbrew = tea:main\n\n[fenbu.modules]\n# tea leaves\n"
        "tea=fenbu_tea.manifest:MANIFEST [extra]\n[pytest11]\nx = y\n"
    )
    assert "brew" not in discover(fresh=True).names
    assert discover().modules["tea"].value == "fenbu_tea.manifest:MANIFEST"


def test_two_hundred_modules_are_listed_without_importing_one(dummy_modules: DummyModules) -> None:
    dummy_modules.install(*many(200))
    began = time.process_time()
    found = discover(fresh=True)
    assert len([name for name in found.names if name.startswith("dummy")]) == 200
    assert not any(dummy_modules.imported(name) for name in found.names if name.startswith("dummy"))
    assert time.process_time() - began < 1
