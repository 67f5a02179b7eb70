"""Metrics: each with what it comes to, how it has moved, what it means, and the rows behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Footer, Static

from fenbu.i18n import N_, _
from fenbu_tui.keys import OPEN, bindings
from fenbu_tui.messages import Go
from fenbu_tui.places import Place
from fenbu_tui.screens.filtered import FilteredScreen
from fenbu_tui.screens.live import Found
from fenbu_tui.widgets.filter_bar import FilterBar, matches
from fenbu_tui.widgets.metric_card import MetricCard
from fenbu_tui.widgets.metric_table import MetricTable
from fenbu_tui.widgets.row_table import RowTable
from fenbu_tui.widgets.top_line import TopLine
from fenbu_tui.world.metrics import MetricLine, Metrics, MetricValue

CALM = 10.0
"""Seconds for which a number is good: measuring reads much, and the enterprise is busy."""
RECORDS = "records"
"""The screen that shows the rows of a view."""


class MetricsScreen(FilteredScreen):
    """Lists metrics, measures one after another, and draws the trend of the one under the cursor."""

    HELP_TEXT = N_(
        "Numbers that the modules declare, measured now, each with what it means. The curve is drawn from the "
        "readings that are kept; fenbu metrics record takes one at any time. Enter shows the rows behind a number."
    )
    AUTO_FOCUS = "MetricTable"
    BINDINGS: ClassVar[list[BindingType]] = bindings(OPEN)
    DEFAULT_CSS = """
    MetricsScreen #list { border: round $secondary; border-title-color: $accent; }
    MetricsScreen #empty { height: 1fr; padding: 1 2; display: none; color: $text-muted; }
    MetricsScreen .without-rows MetricTable { height: 1; }
    MetricsScreen .without-rows #empty { display: block; }
    """

    def __init__(self, metrics: Metrics) -> None:
        super().__init__()
        self._metrics = metrics
        self._lines: tuple[MetricLine, ...] | None = None
        self._values: dict[str, MetricValue] = {}
        self._to_measure: Iterator[str] = iter(())

    def compose(self) -> ComposeResult:
        yield TopLine()
        with Vertical(id="list"):
            yield MetricTable()
            yield Static(id="empty", markup=False)
        yield MetricCard()
        yield FilterBar(self.wanted)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Name the frame, and measure again from time to time."""
        self.query_one("#list").border_title = _("Metrics")
        self.set_interval(CALM, self._measure_all)

    # --- reading --------------------------------------------------------------------------------------

    def read_again(self) -> None:
        """Read which metrics there are; what they come to is measured when that is due."""
        self.read(self._metrics.metrics, self.show)

    def show(self, lines: tuple[MetricLine, ...]) -> None:
        """Show the metrics, measured or not yet."""
        fresh = self._lines is None or {line.name for line in lines} != {line.name for line in self._lines}
        self._lines = lines
        self.narrow()
        if fresh:
            self._measure_all()

    def _measure_all(self) -> None:
        if self.is_current and self._lines:
            names = [line.name for line in self._lines]
            here = self.query_one(MetricTable).key
            self._to_measure = iter(sorted(names, key=lambda name: name != here))
            self._measure_next()

    def _measure_next(self) -> None:
        name = next(self._to_measure, None)
        if name is not None:
            self.read(partial(self._metrics.measure, name), self._keep, slot="measure", about=name)

    def _keep(self, value: MetricValue) -> None:
        self._values[value.name] = value
        self.narrow()
        self._measure_next()

    # --- showing --------------------------------------------------------------------------------------

    def narrow(self) -> None:
        """Show the metrics that have all words."""
        every = self._lines or ()
        lines = [line for line in every if matches(self.wanted, (line.name, line.title, line.definition))]
        table = self.query_one(MetricTable)
        table.show(lines, self._values)
        frame = self.query_one("#list")
        frame.set_class(not lines and self._lines is not None, "without-rows")
        frame.border_title = f"{_('Metrics')} /{self.wanted}" if self.wanted else _("Metrics")
        frame.border_subtitle = _("{shown} of {all}").format(shown=len(lines), all=len(every))
        self.query_one("#empty", Static).update(self._empty_text())

    @on(RowTable.Highlighted)
    def _look(self) -> None:
        line = self._here
        self.query_one(MetricCard).show(line, self._values.get(line.name) if line else None)
        self.refresh_bindings()

    @property
    def _here(self) -> MetricLine | None:
        key = self.query_one(MetricTable).key
        return next((line for line in self._lines or () if line.name == key), None)

    def found(self) -> Iterable[Found]:
        """Offer every metric."""
        table = self.query_one(MetricTable)
        for line in self._lines or ():
            yield Found(f"{line.name} {line.title}", line.definition, partial(table.go_to, line.name))

    # --- going ----------------------------------------------------------------------------------------

    @on(RowTable.Opened)
    def action_open(self) -> None:
        """Go to the rows behind the number."""
        if (here := self._here) and here.drill:
            self.post_message(Go(Place(RECORDS, here.drill)))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the rows where there are some."""
        if action == "open" and self.is_mounted:
            here = self._here
            return here is not None and bool(here.drill)
        return super().check_action(action, parameters)

    def _empty_text(self) -> str:
        if self._lines:
            return _("No metric has “{filter}”. esc clears the filter.").format(filter=self.wanted)
        return _(
            "No enabled module measures anything. Here stand numbers with their trend; 2 shows the modules."
        )
