"""Signs and tones: a state is a sign, a word and a colour, so that any one of the three is enough."""

from __future__ import annotations

from enum import StrEnum


class Tone(StrEnum):
    """How a state is to be taken; a theme gives each a colour."""

    GOOD = "good"
    BUSY = "busy"
    QUIET = "quiet"
    WARN = "warn"
    BAD = "bad"


SIGNS: dict[Tone, str] = {
    Tone.GOOD: "●",
    Tone.BUSY: "◐",
    Tone.QUIET: "○",
    Tone.WARN: "▲",
    Tone.BAD: "✖",
}
"""Each one cell wide in every terminal, which ``⚠`` is not."""
COLOURS: dict[Tone, str] = {
    Tone.GOOD: "$text-success",
    Tone.BUSY: "$text-warning",
    Tone.QUIET: "dim",
    Tone.WARN: "$text-warning",
    Tone.BAD: "bold $text-error",
}
"""In a theme's own words, as styles of text."""
