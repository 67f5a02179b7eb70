"""Acts that are over: what the log shows of them."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from fenbu_tui.signs import Tone


@frozen
class Logged:
    """One act: when, what it is called on the command line, what became of it."""

    at: datetime
    """With a zone."""
    command: str
    said: str
    tone: Tone
