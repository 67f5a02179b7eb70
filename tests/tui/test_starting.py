"""Starting the terminal UI: found by entry point, quick to the first picture, clear when there is no enterprise."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from fenbu_tui import keys
from fenbu_tui.app import main
from fenbu_tui.keys import Key


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


def test_the_frame_is_painted_before_the_engine_is_loaded() -> None:
    heavy = "('sqlalchemy', 'fenbu.engine')"
    loaded = f"import sys, fenbu_tui.app; print([name for name in sys.modules if name.startswith({heavy})])"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_key_has_a_word_for_the_footer_and_a_sentence_for_the_help() -> None:
    groups = [group for group in vars(keys).values() if isinstance(group, tuple)]
    known = [key for group in groups for key in group if isinstance(key, Key)]
    assert len({key.id for key in known}) == len(known) > 20
    assert all(key.label and key.help and key.shown for key in known)
