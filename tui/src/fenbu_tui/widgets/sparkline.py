"""Numbers as a line of small bars, one cell each."""

from __future__ import annotations

from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"


def spark(values: Sequence[float], width: int = 0) -> str:
    """Return numbers as bars, the highest as the tallest; zero is the lowest bar.

    Args:
        values: The latest last; below zero they are drawn from the least of them upwards.
        width: Of these only the last so many, where it is given.
    """
    shown = list(values[-width:] if width else values)
    if not shown:
        return ""
    low, high = min(0.0, *shown), max(shown)
    if high <= low:
        return BARS[0] * len(shown)
    return "".join(BARS[round((value - low) / (high - low) * (len(BARS) - 1))] for value in shown)
