"""The curve of a gate: what its metric came to over time, the limit drawn through it, what is not met in its colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from rich.cells import cell_len
from textual.content import Content

from fenbu_tui.signs import COLOURS, Tone
from fenbu_tui.widgets.bars import plot
from fenbu_tui.world.rollouts import GatePoint, GateRow

HIGH = 6
"""Rows of the curve, where there is room."""
LOW = 3
LIMIT = "╌"


def curve(line: GateRow, width: int, height: int = HIGH) -> Iterator[Content]:
    """Yield the rows of a gate's curve, then the span of time it has."""
    points = line.points
    highest = max(points, key=lambda one: one.value)
    lowest = min(points, key=lambda one: one.value)
    limit = line.limit or 0.0
    beside = max(cell_len(highest.text), cell_len(lowest.text), cell_len(line.wanted)) + 2
    shown = by_time(points, max(width - beside, 8))
    high, low = max(highest.value, limit, 0.0), min(lowest.value, limit, 0.0)
    rows = plot([*(one.value if one else low for one in shown), high, low], len(shown) + 2, height)
    row_of = partial(_row_of, low=low, high=high, height=height)
    level = row_of(limit)
    labels = {row_of(lowest.value): lowest.text, row_of(highest.value): highest.text}
    labels[level] = line.wanted
    for number, row in enumerate(rows):
        drawn = row[: len(shown)]
        told = labels.get(number, "")
        tone = "bold $text-accent" if number == level else "dim"
        yield Content.assemble(
            *_cells(drawn, shown, on_limit=number == level), Content.styled(f" {told}", tone)
        )
    first, last = points[0], points[-1]
    span = f"{first.at:%Y-%m-%d %H:%M} {first.text} … {last.at:%Y-%m-%d %H:%M} {last.text}"
    yield Content.styled(span, "dim")


def by_time(points: Sequence[GatePoint], width: int) -> list[GatePoint | None]:
    """Return one point a cell, each cell the same span of time: the last of it, None where there is none."""
    begin, end = points[0].at, points[-1].at
    columns = min(width, max(len(points), width // 2))
    cells: list[GatePoint | None] = [None] * columns
    for one in points:
        place = 0 if end == begin else int((one.at - begin) * (columns - 1) / (end - begin) + 0.5)
        cells[place] = one
    return cells


def _row_of(value: float, *, low: float, high: float, height: int) -> int:
    """Return the row, from the top, in which a value ends."""
    share = (value - low) / ((high - low) or 1.0)
    return min(height - 1, int((1 - share) * height))


def _cells(row: str, shown: Sequence[GatePoint | None], *, on_limit: bool) -> Iterator[Content]:
    for cell, point in zip(row, shown, strict=True):
        if point is None or cell == " ":
            yield Content.styled(LIMIT if on_limit else " ", "dim")
        else:
            yield Content.styled(cell, COLOURS[Tone.GOOD if point.met else Tone.BAD])
