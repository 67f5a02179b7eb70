"""The overview: one look says what is on, what flows, what needs a hand, what comes next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import evolve
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Static

from fenbu.errors import FenbuError
from fenbu.i18n import N_, _
from fenbu_tui.keys import REPAIRING, bindings
from fenbu_tui.messages import Headed, Offered
from fenbu_tui.screens.live import LiveScreen
from fenbu_tui.signs import SIGNS
from fenbu_tui.snapshot import rebuilt
from fenbu_tui.widgets.overview_panels import (
    HIGH,
    WIDE,
    FiguresPanel,
    LanesPanel,
    LatelyPanel,
    Panel,
    StagesPanel,
)
from fenbu_tui.widgets.row_table import Cell, RowTable, TableColumn, TableRow
from fenbu_tui.widgets.top_line import TopLine
from fenbu_tui.world.base import Unreachable
from fenbu_tui.world.overview import Glance, Overview, Overviews, ProblemLine

if TYPE_CHECKING:
    from fenbu_tui.world.audit import AuditLine

LATELY = 30
"""Acts that are read for a high terminal."""
_COMMAND = re.compile(r"fenbu ([a-z][^;]*)")


class OverviewScreen(LiveScreen):
    """Shows the enterprise at a glance; enter on a problem puts its repair on the line."""

    HELP_TEXT = N_(
        "What is on, what flows, what needs a hand, what comes next. The lanes show events a minute over the last half "
        "hour, the present minute last; a lane is late when something in it waits longer than half a minute."
    )
    AUTO_FOCUS = "RowTable"
    BINDINGS: ClassVar[list[BindingType]] = bindings(REPAIRING)
    DEFAULT_CSS = """
    OverviewScreen #upper { height: auto; max-height: 60%; }
    OverviewScreen #panels { height: auto; }
    OverviewScreen #panels > * { width: 1fr; }
    OverviewScreen.-narrow #panels { layout: vertical; }
    OverviewScreen #problems { height: 1fr; min-height: 4; border: round $secondary; border-title-color: $accent; }
    OverviewScreen #well { padding: 0 1; color: $text-muted; display: none; }
    OverviewScreen .at-rest RowTable { display: none; }
    OverviewScreen .at-rest #well { display: block; }
    OverviewScreen .last-time { text-opacity: 60%; }
    OverviewScreen #next { height: auto; padding: 0 1; }
    OverviewScreen LatelyPanel { display: none; }
    OverviewScreen.-high .known { display: block; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (HIGH, "-high")]  # noqa: RUF012

    def __init__(self, overviews: Overviews) -> None:
        super().__init__()
        self._overviews = overviews
        self._overview: Overview | None = None
        self._whole = False
        """All of it was read, not only what can be said at a glance."""

    def compose(self) -> ComposeResult:
        yield TopLine()
        with VerticalScroll(id="upper", can_focus=False):
            yield FiguresPanel()
            with Horizontal(id="panels"):
                yield StagesPanel()
                yield LanesPanel()
        with Vertical(id="problems"):
            yield RowTable(
                (
                    TableColumn(_("about"), 14),
                    TableColumn(_("what is wrong"), 24, share=3),
                    TableColumn(_("what to do"), 20, share=2, wide=70),
                )
            )
            yield Static(_("Nothing needs a hand."), id="well")
        yield LatelyPanel()
        yield Static(id="next")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Name the frames; they are on the screen before anything is known."""
        self.query_one("#problems").border_title = _("Needs a hand")

    def read_again(self) -> None:
        """Look again."""
        if self._read_at is None:
            self.read(self._overviews.glance, self._show_glance)
        else:
            self.read(self._overviews.overview, self.show)

    def _show_glance(self, glance: Glance | None) -> None:
        """Show what is known already; the rest stays as it was last time, if it is known from then."""
        if glance is not None:
            self.post_message(Headed(glance.head))
            before = self._overview or _begun(glance)
            self._overview = evolve(
                before,
                head=glance.head,
                modules=glance.modules,
                lanes=glance.lanes,
                problems=glance.problems,
            )
            self.query_one(FiguresPanel).show(self._overview)
            lanes = self.query_one(LanesPanel)
            lanes.remove_class("last-time")
            lanes.show(self._overview)
            self._show_problems(glance.problems)
        self.read(self._overviews.overview, self.show)

    def _read_acts(self) -> None:
        """Read the latest acts, where there is room for them and all else is read."""
        if self._whole and self.app.size.height >= HIGH:
            self.read(self._acts, self._show_acts, slot="acts")

    def _acts(self) -> Sequence[AuditLine]:
        """Return the latest acts; none for who may not look at them."""
        try:
            return self._overviews.audit({}, "", LATELY).lines
        except Unreachable:
            raise
        except FenbuError:
            return ()

    def _show_acts(self, acts: Sequence[AuditLine]) -> None:
        panel = self.query_one(LatelyPanel)
        panel.show(acts)
        panel.set_class(bool(acts), "known")
        self._share_out()

    def show(self, overview: Overview) -> None:
        """Show the enterprise as it is."""
        self._whole = True
        self.query("#upper *").remove_class("last-time")
        self.post_message(Headed(overview.head))
        self._show(overview)
        self._read_acts()

    def _show(self, overview: Overview) -> None:
        self._overview = overview
        self.query_one(FiguresPanel).show(overview)
        self.query_one(StagesPanel).show(overview)
        self.query_one(LanesPanel).show(overview)
        self._show_problems(overview.problems)
        told = Content.assemble(Content.styled(f"{_('next')} → ", "bold $text-accent"), overview.next)
        self.query_one("#next", Static).update(told)

    def _show_problems(self, problems: Sequence[ProblemLine]) -> None:
        self.query_one(RowTable).rows = [_row(place, one) for place, one in enumerate(problems)]
        frame = self.query_one("#problems")
        frame.set_class(not problems, "at-rest")
        frame.border_subtitle = str(len(problems)) if problems else ""
        self._share_out()
        self.refresh_bindings()

    def on_resize(self) -> None:
        """Share the new room out, and read what it has room for now."""
        self._share_out()
        self._read_acts()

    def _share_out(self) -> None:
        """Give panels beside each other one height, and the problems what they need where acts stand below them."""
        panels = list(self.query(Panel))
        beside = self.app.size.width >= WIDE
        for panel in panels:
            panel.styles.min_height = max(one.tall for one in panels) + 2 if beside else 3
        found = len(self._overview.problems) if self._overview else 0
        acts = self.app.size.height >= HIGH and self.query_one(LatelyPanel).has_class("known")
        self.query_one("#problems").styles.height = min(max(found + 1, 1) + 2, 12) if acts else "1fr"

    def show_refusal(self, sentence: str) -> None:
        """Say why it cannot be read."""
        self.query_one("#next", Static).update(sentence)

    def picture(self) -> Overview | None:
        """Keep what is shown, once it is whole."""
        return self._overview if self._whole else None

    def show_picture(self, rows: Any) -> None:
        """Show the enterprise as it was; what is not known anew yet is dimmed."""
        self.query("#upper *").add_class("last-time")
        self._show(rebuilt(Overview, rows))

    # --- repairing ------------------------------------------------------------------------------------

    @property
    def here(self) -> ProblemLine | None:
        """The problem under the cursor."""
        key = self.query_one(RowTable).key
        return self._overview.problems[int(key)] if self._overview and key is not None else None

    def action_repair(self) -> None:
        """Put the command that repairs the problem on the line; it is run when enter is pressed there."""
        if (here := self.here) is not None and (found := _COMMAND.search(here.repair)):
            self.post_message(Offered(found[1].strip()))
        elif here is not None:
            self.notify(here.repair or here.detail, markup=False)

    def action_copy_repair(self) -> None:
        """Copy what to do."""
        if (here := self.here) is not None:
            self.app.copy_to_clipboard(here.repair)
            self.notify(_("copied: {what}").format(what=here.repair), markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer repairs where there is something to repair."""
        if action in {"repair", "copy_repair"} and self.is_mounted:
            return self.here is not None
        return super().check_action(action, parameters)


def _row(place: int, one: ProblemLine) -> TableRow:
    sign = SIGNS[one.standing.tone]
    cells = (Cell(f"{sign} {one.about}", one.standing.tone), Cell(one.detail), Cell(one.repair))
    return TableRow(str(place), cells)


def _begun(glance: Glance) -> Overview:
    """Return an overview of which no more than that is known."""
    nothing: tuple[()] = ()
    return Overview(
        head=glance.head,
        modules=glance.modules,
        figures=nothing,
        stages=nothing,
        gates=nothing,
        lanes=glance.lanes,
        problems=glance.problems,
        next="",
    )
