"""Starting the terminal UI: found by entry point, quick to the first picture, clear when there is no enterprise."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from fenbu.engine.kernel import Kernel
from fenbu_tui import keys
from fenbu_tui.app import main
from fenbu_tui.gateway.base import EnginePart
from fenbu_tui.gateway.engine import PARTS
from fenbu_tui.gateway.glance import GlancePart
from fenbu_tui.keys import Key
from fenbu_tui.world.whole import World


def test_the_command_line_finds_the_terminal_ui_by_its_entry_point() -> None:
    [face] = entry_points(group="fenbu.faces", name="tui")
    assert face.load() is main


def test_without_an_enterprise_it_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FENBU_DATABASE", raising=False)
    assert main([]) == 64
    assert "fenbu init" in capsys.readouterr().err


def loaded_by(code: str) -> set[str]:
    """Return the modules of a process that has run this."""
    told = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def ours(loaded: set[str], folder: str) -> set[str]:
    return {name.removeprefix(f"{folder}.") for name in loaded if name.startswith(f"{folder}.")}


def test_the_frame_is_painted_with_no_more_than_it_shows() -> None:
    loaded = loaded_by("import fenbu_tui.app, fenbu_tui.screens.overview")

    assert not {name.partition(".")[0] for name in loaded} & {
        "sqlalchemy", "sqlmodel", "pydantic", "cattrs", "pluggy", "alembic", "click", "babel", "packaging"
    }  # fmt: skip
    assert not ours(loaded, "fenbu.engine")
    assert "importlib.metadata" not in loaded
    assert ours(loaded, "fenbu_tui.screens") == {"live", "overview", "performing", "translated"}
    assert ours(loaded, "fenbu_tui.world") == {"audit", "base", "overview"}


def test_a_glance_loads_no_code_of_a_module_and_nothing_that_acts(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'fenbu.db'}"
    with Kernel.init(url, name="Harbour Tea", currency="GBP", time_zone="Europe/London") as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["erp"]})
    looking = (
        f"from fenbu_tui.gateway.engine import EngineWorld; w = EngineWorld({url!r}); w.head(); w.glance()"
    )
    loaded = loaded_by(f"{looking}; w.close()")

    assert not {name.partition(".")[0] for name in loaded} & {
        "sqlmodel",
        "alembic",
        "babel",
        "textual",
    }
    assert ours(loaded, "fenbu_erp") == {"manifest"}
    assert not ours(loaded, "fenbu.engine") & {"kernel", "work", "assembling", "builtin", "rollout", "states"}
    assert ours(loaded, "fenbu_tui.gateway") == {"base", "engine", "glance", "lanes", "opening", "wording"}


def test_every_question_of_the_screens_is_answered_by_one_part_of_the_gateway() -> None:
    asked = {
        name
        for protocol in World.__mro__
        for name, value in vars(protocol).items()
        if not name.startswith("_") and inspect.isfunction(value)
    }
    answered = [question for questions in PARTS.values() for question in questions]
    at_once = {name for name in vars(GlancePart) | vars(EnginePart) if not name.startswith("_")}
    assert sorted([*answered, *at_once]) == sorted(asked)
    for place, questions in PARTS.items():
        module, _colon, name = place.partition(":")
        part = getattr(import_module(f"fenbu_tui.gateway.{module}"), name)
        assert all(callable(getattr(part, question)) for question in questions), place


def test_every_key_has_a_word_for_the_footer_and_a_sentence_for_the_help() -> None:
    groups = [group for group in vars(keys).values() if isinstance(group, tuple)]
    known = [key for group in groups for key in group if isinstance(key, Key)]
    assert len({key.id for key in known}) == len(known) > 20
    assert all(key.label and key.help and key.shown for key in known)
