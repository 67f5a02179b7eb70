"""One delivery or call: the tree of causes and effects, why it failed, what its event says."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.widgets import Footer

from fenbu.i18n import N_, _
from fenbu_tui.keys import CLOSE, OPEN, bindings
from fenbu_tui.screens.repairing import RepairingScreen
from fenbu_tui.widgets.delivery_card import DeliveryCard
from fenbu_tui.widgets.row_table import RowTable
from fenbu_tui.widgets.top_line import TopLine
from fenbu_tui.widgets.trace_table import TraceTable
from fenbu_tui.world.deliveries import Deliveries, DeliveryDetail, DeliveryLine

WIDE = 110
"""Cells from which on the tree and the card stand side by side."""


class DeliveryScreen(RepairingScreen):
    """Shows a delivery at length and repairs it; an event of the tree is opened in turn."""

    HELP_TEXT = N_(
        "One delivery: the tree shows what led to its event and what came of it, through subscriptions and calls to "
        "the outside; enter opens the event under the cursor. Beside it stand how often it was tried, the failure "
        "with its traceback, and what the event says; personal data are masked."
    )
    AUTO_FOCUS = "TraceTable"
    BINDINGS: ClassVar[list[BindingType]] = bindings(OPEN, CLOSE)
    DEFAULT_CSS = """
    DeliveryScreen #both { layout: vertical; height: 1fr; }
    DeliveryScreen #both.wide { layout: horizontal; }
    DeliveryScreen #about, DeliveryScreen #tree { border: round $secondary; border-title-color: $accent; }
    DeliveryScreen #about:focus-within, DeliveryScreen #tree:focus-within { border: round $accent; }
    """

    def __init__(self, deliveries: Deliveries, line: DeliveryLine) -> None:
        super().__init__()
        self._deliveries = deliveries
        self._line = line
        self._back: list[DeliveryLine] = []

    @property
    def here(self) -> DeliveryLine:
        """The delivery that is shown."""
        return self._line

    @property
    def crumb(self) -> str:
        """The delivery's name."""
        return self._line.name

    def compose(self) -> ComposeResult:
        yield TopLine()
        with Container(id="both"):
            with Vertical(id="about"):
                yield DeliveryCard()
            with Vertical(id="tree"):
                yield TraceTable()
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Name the frames."""
        self.query_one("#tree").border_title = _("Cause and effects")
        self._title()

    def read_again(self) -> None:
        """Read it again."""
        self.read(partial(self._deliveries.delivery, self._line), self.show, about=self._line.name)

    def show(self, detail: DeliveryDetail) -> None:
        """Show a delivery."""
        self._line = detail.line
        self._title()
        self.query_one(DeliveryCard).detail = detail
        self.query_one(TraceTable).lines = detail.tree
        self.query_one("#tree").display = bool(detail.tree)
        self.refresh_bindings()

    @on(events.Resize)
    def _fit(self, resize: events.Resize) -> None:
        self.query_one("#both").set_class(resize.size.width >= WIDE, "wide")

    @on(RowTable.Opened)
    def action_open(self) -> None:
        """Open the event under the cursor."""
        line = self.query_one(TraceTable).line
        if line is not None and line.event is not None and line.event != self._line.event:
            self.read(partial(self._deliveries.delivery_of, line.event), self._go_on, slot="open")

    def _go_on(self, line: DeliveryLine) -> None:
        self._back.append(self._line)
        self._show_other(line)

    def action_close(self) -> None:
        """Go back to what was shown before, at last to the list."""
        if self._back:
            self._show_other(self._back.pop())
        else:
            self.dismiss()

    def _show_other(self, line: DeliveryLine) -> None:
        self._line = line
        self.query_one(TraceTable).rows = ()
        self.read_again()

    def _title(self) -> None:
        self.query_one("#about").border_title = self._line.name
