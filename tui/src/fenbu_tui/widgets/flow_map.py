"""The map of the flows on the screen: boxes stay on top, arrows scroll with the subscription that is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from fenbu_tui.widgets.flow_chart import BOX, Chart, Piece, chart
from fenbu_tui.world.flows import FlowLine

_LOOKS = ("line", "box", "information", "capital", "goods", "good", "warn", "bad", "quiet", "busy")


class FlowMapView(Widget):
    """Draws the lines it is given; posts `Chosen` when an arrow is clicked."""

    DEFAULT_CSS = """
    FlowMapView { height: auto; max-height: 100%; }
    FlowMapView > .flow--line { text-style: dim; }
    FlowMapView > .flow--box { text-style: bold; }
    FlowMapView > .flow--information { color: $text-primary; }
    FlowMapView > .flow--capital { color: $text-accent; }
    FlowMapView > .flow--goods { color: $text-success; }
    FlowMapView > .flow--warn { color: $text-warning; text-style: bold; }
    FlowMapView > .flow--bad { color: $text-error; text-style: bold; }
    FlowMapView > .flow--quiet { text-style: dim; }
    FlowMapView > .flow--here { text-style: bold reverse; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"flow--here", *(f"flow--{look}" for look in _LOOKS)}

    lines: reactive[Sequence[FlowLine]] = reactive(())
    here: reactive[str] = reactive("")

    class Chosen(Message):
        """Somebody has clicked on the arrow of this subscription."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self) -> None:
        super().__init__()
        self._chart: tuple[tuple[object, ...], Chart] | None = None

    def watch_lines(self) -> None:
        """Take more room, or less, where the map has grown or shrunk."""
        if len(self._drawn(self.size.width).rows) != self.size.height:
            self.refresh(layout=True)

    @property
    def chart(self) -> Chart:
        """What is drawn at this width."""
        return self._drawn(self.size.width)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:  # noqa: ARG002
        """Take as many lines as the map has."""
        return len(self._drawn(width).rows)

    def render_line(self, y: int) -> Strip:
        """Draw the boxes, and below them the arrows from where the one looked at is in sight."""
        base, rows = self.rich_style, self.chart.rows
        place = y if y < BOX else y + self._top
        if place >= len(rows):
            return Strip.blank(self.size.width, base)
        segments = [self._segment(piece, base) for piece in rows[place]]
        return Strip(segments).adjust_cell_length(self.size.width, base)

    def on_click(self, click: events.Click) -> None:
        """Choose the arrow under the mouse."""
        rows = self.chart.rows
        place = click.y if click.y < BOX else click.y + self._top
        left = 0
        for piece in rows[place] if place < len(rows) else ():
            left += Segment(piece.text).cell_length
            if click.x < left:
                if piece.flow:
                    self.post_message(self.Chosen(piece.flow))
                return

    @property
    def _top(self) -> int:
        """Rows of arrows that are scrolled over, so that the one looked at is in sight."""
        room = max(self.size.height - BOX, 1)
        row = self.chart.row_of.get(self.here, BOX) - BOX
        return max(0, min(row - room // 2, len(self.chart.rows) - BOX - room))

    def _drawn(self, width: int) -> Chart:
        known = (tuple(self.lines), width, self.here)
        if self._chart is None or self._chart[0] != known:
            self._chart = (known, chart(self.lines, width, self.here))
        return self._chart[1]

    def _segment(self, piece: Piece, base: Style) -> Segment:
        look = self.get_component_rich_style(f"flow--{piece.look}", partial=True)
        style = base + look
        if piece.flow and piece.flow == self.here:
            style += self.get_component_rich_style("flow--here", partial=True)
        return Segment(piece.text, style)
