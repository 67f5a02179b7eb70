"""A curve of one line: numbers over time in eight heights of blocks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(points: Sequence[tuple[datetime, Decimal]], width: int) -> str:
    """Return a curve at most so many characters wide, each of one and the same span of time.

    The last number of a span stands for it; a span without any is a blank. Where all numbers are the same, the curve
    runs at the bottom.

    Args:
        points: In the order of time.
        width: Characters.
    """
    if not points or width < 1:
        return ""
    begin, end = points[0][0], points[-1][0]
    columns = min(width, len(points))
    heights: dict[int, Decimal] = {}
    for at, value in points:
        place = 0 if end == begin else int((at - begin) * (columns - 1) / (end - begin) + 0.5)
        heights[place] = value
    low, high = min(heights.values()), max(heights.values())
    return "".join(_block(heights.get(place), low, high) for place in range(columns))


def _block(value: Decimal | None, low: Decimal, high: Decimal) -> str:
    if value is None:
        return " "
    if high == low:
        return BLOCKS[0]
    return BLOCKS[int((value - low) / (high - low) * (len(BLOCKS) - 1))]
