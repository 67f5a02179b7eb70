"""Bars and plots of letters: eighths of a cell, so that small differences are seen."""

from __future__ import annotations

from collections.abc import Sequence

_ACROSS = " ▏▎▍▌▋▊▉█"
_UP = " ▁▂▃▄▅▆▇█"


def bar(share: float, width: int) -> str:
    """Return a bar of this share of the width, in exactly so many cells; what is above nothing is seen."""
    eighths = max(round(min(max(share, 0.0), 1.0) * width * 8), 1 if share > 0 else 0)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_ACROSS[rest] if rest else "")).ljust(width)[:width]


def plot(values: Sequence[float], width: int, height: int) -> list[str]:
    """Return rows of columns that stand for values in their order, the highest row first.

    Args:
        values: Any; more than fit are gathered, the last of each column standing for it.
        width: Cells; fewer values take fewer.
        height: Rows.
    """
    shown = _thinned(values, width)
    if not shown:
        return [""] * height
    low, high = min(*shown, 0.0), max(*shown, 0.0)
    span = (high - low) or 1.0
    eighths = [max(round((value - low) / span * height * 8), 1) for value in shown]
    return ["".join(_UP[min(max(of - row * 8, 0), 8)] for of in eighths) for row in range(height - 1, -1, -1)]


def sparkline(values: Sequence[float], width: int) -> str:
    """Return values as one row, scaled between the least and the most of them; thinned where they do not fit."""
    shown = _thinned(values, width)
    return _row(shown, min(shown, default=0.0))


def spark(values: Sequence[float], width: int = 0) -> str:
    """Return numbers as one row, the highest as the tallest; zero is the lowest bar.

    Args:
        values: The latest last; below zero they are drawn from the least of them upwards.
        width: Of these only the last so many, where it is given.
    """
    shown = values[-width:] if width else values
    return _row(shown, min(0.0, *shown) if shown else 0.0)


def _row(values: Sequence[float], low: float) -> str:
    span = (max(values, default=low) - low) or 1.0
    return "".join(_UP[1 + round((value - low) / span * 7)] for value in values)


def _thinned(values: Sequence[float], width: int) -> list[float]:
    if len(values) <= width:
        return list(values)
    return [values[(place + 1) * len(values) // width - 1] for place in range(width)]
