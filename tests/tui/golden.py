"""What a screen shows as lines of text, held against the text that was looked at once and kept."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import pytest
from textual.app import App

FOLDER = Path(__file__).parent / "snapshots"
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
"""Of a plan, for one: it changes with every module, and says nothing of the screen."""


def drawn(app: App[None]) -> str:
    """Return what stands on the terminal, a line each as people see it, and below it where the focus is."""
    lines = [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]
    focused = app.focused
    where = "nothing" if focused is None else f"{type(focused).__name__} {focused.id or ''}".strip()
    return _DIGEST.sub("0" * 64, "\n".join([*lines, f"focus: {where}", ""]))


class Snapshots:
    """Compares with what is kept; writes it instead when that was asked for."""

    def __init__(self, folder: Path, *, renew: bool) -> None:
        self._folder, self._renew = folder, renew
        self._wrong: list[str] = []

    def hold(self, name: str, text: str) -> None:
        """Keep in mind whether a snapshot still is what is shown; `check` tells."""
        file = self._folder / f"{name}.txt"
        kept = file.read_text("utf-8") if file.exists() else ""
        if kept == text:
            return
        if self._renew:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
            return
        told = difflib.unified_diff(
            kept.splitlines(), text.splitlines(), f"{file.name}, kept", "shown", "", "", 0, ""
        )
        self._wrong.append("\n".join(told))

    def check(self) -> None:
        """Fail with the lines that differ, of all that were held."""
        if self._wrong:
            how = "look at it; where it is as it should be: pytest -n 0 tests/tui --renew-snapshots"
            pytest.fail("\n\n".join([*self._wrong, how]), pytrace=False)
