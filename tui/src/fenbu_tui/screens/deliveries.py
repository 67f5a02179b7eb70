"""Deliveries: what is on its way, failed or done, as a list that follows what happens, and is found by words."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer, Static

from fenbu.i18n import N_, _
from fenbu_tui.keys import OPEN, OUTSIDE, bindings
from fenbu_tui.screens.delivery import DeliveryScreen
from fenbu_tui.screens.filtered import FilteredScreen
from fenbu_tui.screens.repairing import RepairingScreen
from fenbu_tui.widgets.delivery_card import DeliveryCard
from fenbu_tui.widgets.delivery_table import DeliveryTable
from fenbu_tui.widgets.filter_bar import FilterBar
from fenbu_tui.widgets.row_table import RowTable
from fenbu_tui.widgets.top_line import TopLine
from fenbu_tui.world.deliveries import Before, Deliveries, DeliveryDetail, DeliveryLine, DeliveryPage

PAGE = 200
MOST = 600
"""Lines that are read again when something has changed; what is older stands as it was read."""
NEAR = 60
"""Lines from the end at which the next page is read."""
PATIENT = 50
"""Pages that are read by themselves for a filter that finds little; then the end key looks further."""
WIDE = 120
"""Cells from which on a delivery is shown beside the list."""


class DeliveriesScreen(FilteredScreen, RepairingScreen):
    """Lists deliveries or calls, newest first; shows and repairs the one under the cursor."""

    HELP_TEXT = N_(
        "Every event on its way to every subscription, newest first; the list follows what happens. A filter takes "
        "words and topic: key: state: module: subscription:, each with ! to leave out. A whole key and what is dead "
        "are found however old; all else as far back as was looked, and the end key looks further."
    )
    AUTO_FOCUS = "DeliveryTable"
    BINDINGS: ClassVar[list[BindingType]] = bindings(OPEN, OUTSIDE)
    DEFAULT_CSS = """
    DeliveriesScreen #list { border: round $secondary; border-title-color: $accent; width: 3fr; }
    DeliveriesScreen #one { border: round $secondary; border-title-color: $accent; width: 2fr; display: none; }
    DeliveriesScreen .wide #one { display: block; }
    DeliveriesScreen #empty { height: 1fr; padding: 1 2; display: none; color: $text-muted; }
    DeliveriesScreen .without-rows DeliveryTable { height: 1; }
    DeliveriesScreen .without-rows #empty { display: block; }
    """

    def __init__(self, deliveries: Deliveries) -> None:
        super().__init__()
        self._deliveries = deliveries
        self._outside = False
        self._lines: tuple[DeliveryLine, ...] = ()
        self._next: Before | None = None
        self._pages = 0
        self._refused = ""
        self._read_once = False

    def compose(self) -> ComposeResult:
        yield TopLine()
        with Horizontal(id="both"):
            with Vertical(id="list"):
                yield DeliveryTable()
                yield Static(id="empty", markup=False)
            with Vertical(id="one"):
                yield DeliveryCard()
        bar = FilterBar(self.wanted)
        bar.placeholder = _("words, topic: key: state: module: – ! leaves out")
        yield bar
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Show the filter that one came with."""
        self._show_filter()

    def show_subject(self, subject: str) -> None:
        """Show what this filter finds."""
        super().show_subject(subject)
        self.wanted, self._outside = subject, False
        if self.is_mounted:
            self._show_filter()

    @property
    def here(self) -> DeliveryLine | None:
        """The delivery under the cursor."""
        return self.query_one(DeliveryTable).line

    # --- reading --------------------------------------------------------------------------------------

    def read_again(self) -> None:
        """Read what is newest again, as much as is shown."""
        limit = min(max(len(self._lines), PAGE), MOST)
        wanted, outside = self.wanted, self._outside
        ask = partial(self._deliveries.deliveries, wanted, limit=limit, outside=outside)
        self.read(ask, self.show, about=(wanted, outside))

    def narrow(self) -> None:
        """Look for what is typed."""
        self.subject = self.wanted  # so that one can come back to it, and be sent to what was there before
        self._lines, self._next, self._pages, self._refused = (), None, 0, ""
        self.read_again()

    def show(self, page: DeliveryPage) -> None:
        """Show the newest, and below them what was read of the older."""
        self._refused, self._read_once = "", True
        known = {line.id for line in page.lines}
        oldest = page.lines[-1].event if page.lines and not self._outside else None
        older: tuple[DeliveryLine, ...] = ()
        if page.next is not None and len(self._lines) > len(page.lines) and oldest is not None:
            older = tuple(one for one in self._lines if one.event is not None and one.event < oldest)
        if not older:
            self._next = page.next
        self._lines = (*page.lines, *(one for one in older if one.id not in known))
        self._show_lines()

    def show_refusal(self, sentence: str) -> None:
        """Say in place of the list why it could not be read."""
        self._refused, self._lines, self._next = sentence, (), None
        self._show_lines()

    def _more(self) -> None:
        """Read the next page, if there is one."""
        if self._next is None:
            return
        wanted, outside, before = self.wanted, self._outside, self._next
        ask = partial(self._deliveries.deliveries, wanted, before, limit=PAGE, outside=outside)
        self.read(ask, partial(self._append, before), slot="more", about=(wanted, outside))

    def _append(self, before: Before, page: DeliveryPage) -> None:
        if before is not self._next:
            return
        known = {line.id for line in self._lines}
        self._next = page.next
        self._pages += 1
        self._lines = (*self._lines, *(one for one in page.lines if one.id not in known))
        self._show_lines()

    # --- showing --------------------------------------------------------------------------------------

    def _show_lines(self) -> None:
        table = self.query_one(DeliveryTable)
        following = table.cursor == 0
        table.lines = self._lines
        if following and self._lines:
            table.action_edge(-1)
        frame = self.query_one("#list")
        frame.set_class(not self._lines and self._read_once, "without-rows")
        frame.border_subtitle = self._subtitle()
        self.query_one("#empty", Static).update(self._empty_text())
        if len(self._lines) < NEAR and self._pages < PATIENT:
            self._more()

    def _subtitle(self) -> str:
        count = f"{len(self._lines):,}"
        if self._next is None:
            return _("all {count}").format(count=count)
        return _("{count}, older follow").format(count=count)

    def _show_filter(self) -> None:
        """Write the filter that one came with where filters are typed; never while somebody types."""
        bar = self.query_one(FilterBar)
        with bar.prevent(FilterBar.Changed):
            bar.value = self.wanted
        bar.set_class(bool(self.wanted), "open")
        self._name_list()

    @on(FilterBar.Filtered)
    def _name_list(self) -> None:
        title = _("Calls to the outside") if self._outside else _("Deliveries")
        self.query_one("#list").border_title = f"{title} /{self.wanted}" if self.wanted else title

    @on(RowTable.Highlighted)
    def _look(self) -> None:
        table = self.query_one(DeliveryTable)
        if table.cursor >= len(self._lines) - NEAR and len(self._lines) >= NEAR:
            self._more()
        self.refresh_bindings()
        self._show_beside()

    @on(events.Resize)
    def _fit(self, resize: events.Resize) -> None:
        self.query_one("#both").set_class(resize.size.width >= WIDE, "wide")
        self._show_beside()

    def _show_beside(self) -> None:
        here = self.here
        if here is None or not self.query_one("#both").has_class("wide"):
            return
        self.read(partial(self._deliveries.delivery, here), self._show_one, slot="one", about=here.id)

    def _show_one(self, detail: DeliveryDetail) -> None:
        here = self.here
        if here is not None and detail.line.name == here.name:
            self.query_one("#one").border_title = detail.line.name
            self.query_one(DeliveryCard).detail = detail

    # --- acting ---------------------------------------------------------------------------------------

    @on(RowTable.Opened)
    def action_open(self) -> None:
        """Open the page of the one under the cursor."""
        if here := self.here:
            self.app.push_screen(DeliveryScreen(self._deliveries, here))

    def action_outside(self) -> None:
        """Change between deliveries and calls."""
        self._outside = not self._outside
        self._name_list()
        self.narrow()

    def _empty_text(self) -> str:
        if self._refused:
            return self._refused
        if self.wanted:
            told = _("Nothing has “{filter}”. esc clears the filter.").format(filter=self.wanted)
            further = _("The end key (G) looks further back.")
            return f"{told} {further}" if self._next is not None else told
        if self._outside:
            return _(
                "Nothing has been asked of the outside yet: gateways and carriers, once a module calls them."
            )
        return _(
            "Nothing has been published yet. Here stands every event on its way to every module; 3 shows the map."
        )

    def action_look_further(self) -> None:
        """Look further back for what a filter has not found yet."""
        self._pages = 0
        self._more()
