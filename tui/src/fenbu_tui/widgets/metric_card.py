"""One metric at length: the number, its curve, what it means."""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from fenbu.i18n import _
from fenbu_tui.signs import SIGNS, Tone
from fenbu_tui.widgets.bars import plot
from fenbu_tui.world.metrics import MetricLine, MetricValue, Point

HIGH = 6
"""Rows of the curve."""


class MetricCard(Vertical, can_focus=False):
    """Shows the metric it is given."""

    DEFAULT_CSS = """
    MetricCard { height: auto; max-height: 50%; border: round $secondary; padding: 0 1; display: none;
                 border-title-color: $accent; }
    """

    def compose(self) -> ComposeResult:
        yield Static(id="card")

    def show(self, line: MetricLine | None, value: MetricValue | None) -> None:
        """Write the card anew."""
        self.display = line is not None
        if line is not None:
            self.border_title = line.name
            told = _told(line, value, max(self.size.width - 2, 20))
            self.query_one("#card", Static).update(Content("\n").join(told))


def _told(line: MetricLine, value: MetricValue | None, width: int) -> Iterator[Content]:
    number = value.text if value else "…"
    change = f"  {value.change}" if value and value.change else ""
    yield Content.assemble(
        Content.styled(line.title, "bold"), "  ", Content.styled(number, "bold $text-accent"), change
    )
    if value and value.trouble:
        yield Content.styled(f"{SIGNS[Tone.BAD]} {value.trouble}", "bold $text-error")
    yield Content(line.definition)
    if value and len(value.points) > 1:
        yield from _curve(value, width)
    else:
        yield Content.styled(_("no readings are kept yet; a resting worker takes one every hour"), "dim")
    if line.drill:
        yield Content.styled(_("rows: {view}").format(view=line.drill), "dim")


def _curve(value: MetricValue, width: int) -> Iterator[Content]:
    points = value.points
    highest, lowest = max(points, key=_worth), min(points, key=_worth)
    room = max(width - max(len(highest.text), len(lowest.text)) - 1, 8)
    rows = plot([point.value for point in points], room, HIGH)
    beside = {0: highest.text, HIGH - 1: lowest.text if lowest.value < 0 else "0"}
    for place, row in enumerate(rows):
        told = beside.get(place, "")
        yield Content.assemble(Content.styled(row, "$text-accent"), f" {told}" if told else "")
    span = f"{points[0].at:%Y-%m-%d %H:%M} … {points[-1].at:%Y-%m-%d %H:%M}"
    yield Content.styled(span, "dim")


def _worth(point: Point) -> float:
    return point.value
