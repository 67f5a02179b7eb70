"""Modules made up for tests leave the process as it was."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from fenbu.testing.dummies import DummyModule, dummies


def test_what_was_imported_of_a_made_up_module_goes_with_it(tmp_path: Path) -> None:
    with dummies(tmp_path) as made_up:
        made_up.install(DummyModule(name="tea"))
        import_module("fenbu_tea.manifest")
        assert "fenbu_tea.manifest" in made_up.imported("tea")
    assert made_up.imported("tea") == []
    assert str(tmp_path) not in sys.path


def test_a_real_module_whose_name_was_made_up_stays_imported(tmp_path: Path) -> None:
    known = import_module("fenbu_erp.errors")
    with dummies(tmp_path) as made_up:
        made_up.install(DummyModule(name="erp"))
    assert import_module("fenbu_erp.errors") is known
