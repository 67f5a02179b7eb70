"""Flows: the map of who tells whom, and below it the subscriptions as rows."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Footer, Static

from fenbu.i18n import N_, _
from fenbu_tui.keys import OPEN, PAUSING, bindings
from fenbu_tui.messages import Go
from fenbu_tui.places import Place
from fenbu_tui.screens.filtered import FilteredScreen
from fenbu_tui.screens.flow import FlowScreen
from fenbu_tui.screens.live import Found
from fenbu_tui.signs import SIGNS
from fenbu_tui.snapshot import rebuilt
from fenbu_tui.widgets.filter_bar import FilterBar, matches
from fenbu_tui.widgets.flow_map import FlowMapView
from fenbu_tui.widgets.flow_table import FlowTable
from fenbu_tui.widgets.row_table import RowTable
from fenbu_tui.widgets.top_line import TopLine
from fenbu_tui.world.flows import FlowLine, FlowMap, Flows


class FlowsScreen(FilteredScreen):
    """Shows what moves between modules; pauses and resumes a subscription."""

    HELP_TEXT = N_(
        "Modules are boxes; each subscription is an arrow from who publishes to who reacts: a light line for "
        "information, a double one for capital, a heavy one for goods, dashed while it is paused. On it stand its "
        "rate, how old the oldest is that waits, and ✖ with the number of dead. Where there is no room for all "
        "modules, those around the subscription under the cursor are drawn."
    )
    AUTO_FOCUS = "FlowTable"
    BINDINGS: ClassVar[list[BindingType]] = bindings(PAUSING, OPEN)
    DEFAULT_CSS = """
    FlowsScreen #map { height: auto; max-height: 60%; border: round $secondary; border-title-color: $accent; }
    FlowsScreen #rows { border: round $secondary; border-title-color: $accent; min-height: 5; }
    FlowsScreen #empty { height: 1fr; padding: 1 2; display: none; color: $text-muted; }
    FlowsScreen .without-rows FlowTable { height: 1; }
    FlowsScreen .without-rows #empty { display: block; }
    """

    def __init__(self, flows: Flows) -> None:
        super().__init__()
        self._flows = flows
        self._map: FlowMap | None = None

    def compose(self) -> ComposeResult:
        yield TopLine()
        with Vertical(id="map"):
            yield FlowMapView()
        with Vertical(id="rows"):
            yield FlowTable()
            yield Static(id="empty")
        yield FilterBar(self.wanted)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Name the frames; they are on the screen before the flows come."""
        self.query_one("#map").border_title = _("Flows")

    def read_again(self) -> None:
        """Read the map again."""
        self.read(self._flows.flows, self.show)

    def show(self, found: FlowMap) -> None:
        """Show a map."""
        self._map = found
        self.query_one("#map").display = bool(found.lines)
        self.narrow()

    def picture(self) -> FlowMap | None:
        """Keep what is shown."""
        return self._map

    def show_picture(self, rows: Any) -> None:
        """Show the map as it was."""
        self.show(rebuilt(FlowMap, rows))

    def narrow(self) -> None:
        """Show the subscriptions that have all words."""
        lines = [line for line in self._all if matches(self.wanted, _words_of(line))]
        self.query_one(FlowMapView).lines = lines
        self.query_one(FlowTable).lines = lines
        rows = self.query_one("#rows")
        rows.set_class(not lines and self._map is not None, "without-rows")
        rows.border_title = f"{_('Subscriptions')} /{self.wanted}" if self.wanted else _("Subscriptions")
        rows.border_subtitle = _("{shown} of {all}").format(shown=len(lines), all=len(self._all))
        if not lines:
            self.query_one("#empty", Static).update(self._empty_text())
        self._look()

    def found(self) -> Iterable[Found]:
        """Offer every subscription."""
        table = self.query_one(FlowTable)
        for line in table.lines:
            told = f"{SIGNS[line.standing.tone]} {line.standing.word} {line.title}".strip()
            yield Found(line.name, told, partial(table.go_to, line.name))

    # --- one of them ----------------------------------------------------------------------------------

    @property
    def _all(self) -> tuple[FlowLine, ...]:
        return self._map.lines if self._map else ()

    @property
    def _here(self) -> FlowLine | None:
        key = self.query_one(FlowTable).key
        return next((line for line in self._all if line.name == key), None)

    @on(RowTable.Highlighted)
    def _look(self) -> None:
        here, view = self._here, self.query_one(FlowMapView)
        view.here = here.name if here else ""
        left_out = view.chart.left_out if view.size.width else 0
        told = _("{count} more modules: a wider window shows them").format(count=left_out) if left_out else ""
        self.query_one("#map").border_subtitle = told
        self.refresh_bindings()

    @on(FlowMapView.Chosen)
    def _choose(self, message: FlowMapView.Chosen) -> None:
        self.query_one(FlowTable).go_to(message.name)

    @on(RowTable.Opened)
    def action_open(self) -> None:
        """Open the page of the subscription under the cursor."""
        if here := self._here:
            self.app.push_screen(FlowScreen(self._flows, here.name))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what the subscription under the cursor allows."""
        if action in ("pause", "resume", "deliveries") and self.is_mounted:
            here = self._here
            return here is not None and (action == "deliveries" or here.running == (action == "pause"))
        return super().check_action(action, parameters)

    def action_pause(self) -> None:
        """Pause the subscription under the cursor."""
        if here := self._here:
            self.act(partial(self._flows.pause, here.name))

    def action_resume(self) -> None:
        """Let the subscription under the cursor go on."""
        if here := self._here:
            self.act(partial(self._flows.resume, here.name))

    def action_deliveries(self) -> None:
        """Go to its deliveries."""
        if here := self._here:
            self.post_message(Go(Place("deliveries", f"subscription:{here.name}")))

    def _empty_text(self) -> str:
        if self._all:
            return _("No subscription has “{filter}”. esc clears the filter.").format(filter=self.wanted)
        return _(
            "Nothing flows yet: no enabled module reacts to another. Here stand the arrows between modules, with rate "
            "and delay, as soon as two of them are enabled; 2 shows the modules."
        )


def _words_of(line: FlowLine) -> tuple[str, ...]:
    topics = (topic.name for topic in line.topics)
    return (line.name, line.title, line.lane, line.standing.word, line.oldest, *line.sources, *topics)
