"""One subscription: what it takes, how long it needs, what waits longest, and what it delivered last."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Static

from fenbu.i18n import N_, _
from fenbu_tui.keys import CLOSE, OPEN, PAUSING, bindings
from fenbu_tui.messages import Go
from fenbu_tui.places import Place
from fenbu_tui.screens.live import LiveScreen
from fenbu_tui.signs import COLOURS, SIGNS
from fenbu_tui.widgets.bars import bar
from fenbu_tui.widgets.delivery_table import DeliveryTable
from fenbu_tui.widgets.row_table import RowTable
from fenbu_tui.widgets.top_line import TopLine
from fenbu_tui.world.flows import FlowDetail, FlowLine, Flows

BAR = 24
"""Cells of the longest bar."""


class FlowScreen(LiveScreen):
    """Shows a subscription at length; pauses and resumes it."""

    HELP_TEXT = N_(
        "One subscription: how long its last deliveries took in the handler, by percentile; which topics it takes "
        "and how many of the last were of each; the oldest that is not done; and what it delivered last."
    )
    AUTO_FOCUS = "DeliveryTable"
    BINDINGS: ClassVar[list[BindingType]] = bindings(PAUSING, OPEN, CLOSE)
    DEFAULT_CSS = """
    FlowScreen #about { height: auto; max-height: 55%; border: round $secondary; border-title-color: $accent;
                        padding: 0 1; scrollbar-size-vertical: 1; }
    FlowScreen #recent { border: round $secondary; border-title-color: $accent; min-height: 4; }
    """

    def __init__(self, flows: Flows, name: str) -> None:
        super().__init__()
        self._flows, self._flow = flows, name
        self._detail: FlowDetail | None = None

    @property
    def crumb(self) -> str:
        """The subscription."""
        return self._flow

    def compose(self) -> ComposeResult:
        yield TopLine()
        with VerticalScroll(id="about", can_focus=False):
            yield Static(id="told")
        with Vertical(id="recent"):
            yield DeliveryTable()
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Name the frames."""
        self.query_one("#about").border_title = self._flow
        self.query_one("#recent").border_title = _("what waits longest, and the last deliveries")

    def read_again(self) -> None:
        """Read the subscription again."""
        self.read(partial(self._flows.flow, self._flow), self.show)

    def show(self, detail: FlowDetail) -> None:
        """Show a subscription."""
        self._detail = detail
        self.query_one("#told", Static).update(Content("\n").join(_told(detail)))
        first = (detail.first,) if detail.first else ()
        known = {line.id for line in first}
        self.query_one(DeliveryTable).lines = (*first, *(one for one in detail.recent if one.id not in known))
        self.refresh_bindings()

    @on(RowTable.Opened)
    def action_open(self) -> None:
        """Go to the deliveries of the key under the cursor."""
        line = self.query_one(DeliveryTable).line
        if line is not None:
            self.post_message(Go(Place("deliveries", f"subscription:{line.subscription} key:{line.key}")))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what the subscription allows."""
        if action in ("pause", "resume"):
            return self._detail is not None and self._detail.line.running == (action == "pause")
        return super().check_action(action, parameters)

    def action_pause(self) -> None:
        """Pause it."""
        self.act(partial(self._flows.pause, self._flow))

    def action_resume(self) -> None:
        """Let it go on."""
        self.act(partial(self._flows.resume, self._flow))

    def action_deliveries(self) -> None:
        """Go to its deliveries."""
        self.post_message(Go(Place("deliveries", f"subscription:{self._flow}")))

    def action_close(self) -> None:
        """Go back to the map."""
        self.dismiss()


def _told(detail: FlowDetail) -> Iterator[Content]:
    line = detail.line
    state = Content.styled(f"{SIGNS[line.standing.tone]} {line.standing.word}", COLOURS[line.standing.tone])
    yield Content.assemble(Content.styled(line.title or line.name, "bold"), "  ", state)
    yield Content(_figures(line))
    for label, value in line.facts:
        yield Content.assemble(Content.styled(f"{label}: ", "dim"), value)
    if detail.durations:
        told = _("in the handler, of the last {count}").format(count=f"{detail.measured:,}")
        yield Content.styled(told, "dim")
        longest = max(duration for _name, duration in detail.durations) or 1
        width = max(cell_len(name) for name, _duration in detail.durations)
        for name, duration in detail.durations:
            drawn = bar(duration / longest, BAR)
            padded = name + " " * (width - cell_len(name))
            yield Content.assemble(f"  {padded} ", Content.styled(drawn, "$text-accent"), f" {duration:,} ms")
    yield Content.styled(_("takes"), "dim")
    for topic in line.topics:
        only = _(", only {route}").format(route=topic.only) if topic.only else ""
        moved = _("{count} of the last").format(count=f"{topic.moved:,}") if topic.moved else ""
        yield Content.assemble(f"  {topic.name} ", Content.styled(f"{topic.lane}{only} {moved}", "dim"))


def _figures(line: FlowLine) -> str:
    told = [_("{rate} a minute").format(rate=line.rate)] if line.rate else []
    counted = (
        (_("waiting"), line.told("waiting")),
        (_("trying again"), line.told("retrying")),
        (_("held"), line.told("held")),
        (_("dead"), line.told("dead")),
        (_("timers"), line.told("timers")),
    )
    told += [f"{count} {word}" for word, count in counted if count]
    if line.lag:
        told.append(_("oldest {key}, {lag}").format(key=line.oldest, lag=line.lag))
    return " · ".join(told) or _("at rest")
