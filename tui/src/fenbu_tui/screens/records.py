"""Records: every declared view, from either end, with all that stands around a row and what can be done with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import ClassVar

from attrs import evolve
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer, Input, Static

from fenbu.i18n import N_, _
from fenbu_tui.keys import FILTERED, RECORDS, bindings
from fenbu_tui.messages import Appeared, Go
from fenbu_tui.places import Place
from fenbu_tui.screens.live import Found
from fenbu_tui.screens.record_acts import ActingOnRecords
from fenbu_tui.widgets.filter_bar import FilterBar, matches
from fenbu_tui.widgets.record_card import RecordCard
from fenbu_tui.widgets.record_table import RecordTable
from fenbu_tui.widgets.row_table import RowTable
from fenbu_tui.widgets.top_line import TopLine
from fenbu_tui.widgets.view_table import ViewTable
from fenbu_tui.world.records import Asked, Detail, Records, Sheet, Stretch, ViewLine

PAGE = 150
"""Rows read at once."""
MOST = 900
"""Rows held at once; further ones take the place of those at the other end."""
WIDE = 110
"""Cells from which on the record stands beside the rows."""


class RecordsScreen(ActingOnRecords):
    """Lists the views, then the rows of one; its subject is a view's name and a filter after it."""

    HELP_TEXT = N_(
        "Every list that a module declares. In a list, / narrows it by words or by column:value, as state:placed "
        "total:>100 !acme; enter shows all that is known of a row, where it leads and what its state allows."
    )
    AUTO_FOCUS = "ViewTable"
    BINDINGS: ClassVar[list[BindingType]] = bindings(RECORDS, FILTERED)
    DEFAULT_CSS = """
    RecordsScreen #frame { border: round $secondary; border-title-color: $accent; }
    RecordsScreen #rows { height: 1fr; }
    RecordsScreen RecordTable { width: 1fr; }
    RecordsScreen RecordCard { width: 50; display: none; }
    RecordsScreen RecordCard.narrow { width: 1fr; border-left: none; }
    RecordsScreen #told { height: auto; padding: 1 2; display: none; color: $text-muted; }
    RecordsScreen #told.refusal { color: $text-error; }
    """

    def __init__(self, records: Records) -> None:
        super().__init__(records)
        self._lines: Sequence[ViewLine] = ()
        self._views_filter = ""
        self._stretch: Stretch | None = None
        self._wide = self._in_card = False
        self._count = self._refusal = ""

    def compose(self) -> ComposeResult:
        yield TopLine()
        with Vertical(id="frame"):
            yield ViewTable()
            with Horizontal(id="rows"):
                yield RecordTable()
                yield RecordCard()
            yield Static(id="told", markup=False)
        yield FilterBar()
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Show what the subject says."""
        self._show_frame()

    def on_resize(self, event: events.Resize) -> None:
        """Put the record beside the rows where there is room."""
        self._wide = event.size.width >= WIDE
        self.query_one(RecordCard).set_class(not self._wide, "narrow")
        self._show_card()

    # --- subject --------------------------------------------------------------------------------------

    def show_subject(self, subject: str) -> None:
        """Show a view, narrowed by what follows its name; without one, all views."""
        super().show_subject(subject)
        view, _space, narrowed = subject.partition(" ")
        if view != self._now.view:
            self._sheet = self._stretch = self._detail = None
            self._now = Asked(view=view, sort=self._orders.get(view, ""))
        self._now = evolve(self._now, filter=narrowed)
        self._start_over()
        if self.is_mounted:
            self._in_card = False
            self._write_filter()
            self._show_frame()

    @property
    def crumb(self) -> str:
        """The view."""
        view = self._now.view
        if self._sheet is not None and self._sheet.view == view:
            return self._sheet.title
        return next((line.title for line in self._lines if line.name == view), view)

    def found(self) -> Iterable[Found]:
        """Offer every list, and what can be done here."""
        for line in self._lines:
            go = partial(self.post_message, Go(Place("records", line.name)))
            yield Found(f"{line.title} ({line.name})", line.help or line.module, go)
        for verb in self._detail.verbs if self._detail else ():
            yield Found(f"{verb.title} ({verb.name})", verb.help, partial(self._want, verb, row=True))
        for verb in self._sheet.begins if self._sheet else ():
            yield Found(f"{verb.title} ({verb.name})", verb.help, partial(self._want, verb, row=False))

    def _start_over(self) -> None:
        self._stretch, self._count, self._refusal = None, "", ""

    # --- reading --------------------------------------------------------------------------------------

    def read_again(self) -> None:
        """Read what is shown: the views, or the rows that stand on the screen."""
        asked = self._now
        if not asked.view:
            self.read(self._records.views, self._show_views, slot="views")
            return
        if not self._lines:
            self.read(self._records.views, self._keep_views, slot="views")
        held = self._stretch
        if held is None:
            self._read(partial(self._records.stretch, asked, limit=PAGE))
        else:
            limit = max(len(held.rows), PAGE)
            self._read(partial(self._records.stretch, asked, after=held.again, limit=limit))

    def _read(self, ask: partial[Stretch], *, edge: int = 0) -> None:
        """Read rows, with what the view looks like when that is not known, and then how many there are."""
        known, view = self._sheet, self._now.view

        def both() -> tuple[Sheet, Stretch]:
            return known if known and known.view == view else self._records.sheet(view), ask()

        self.read(both, partial(self._show_stretch, edge), slot="rows", about=self._now)

    def _show_views(self, lines: Sequence[ViewLine]) -> None:
        self._lines = lines
        self._show_frame()

    def _keep_views(self, lines: Sequence[ViewLine]) -> None:
        self._lines = lines

    def _keep_count(self, count: str) -> None:
        self._count = count
        self._title()

    def _show_stretch(self, edge: int, found: tuple[Sheet, Stretch]) -> None:
        self._sheet, stretch = found
        self.post_message(Appeared())  # the first line names the list by its title, which is known now
        self._put(stretch, edge or (-1 if self._stretch is None else 0))
        count = partial(self._records.count, self._now)
        self.read(count, self._keep_count, slot="count", about=self._now)

    def _put(self, stretch: Stretch, edge: int = 0) -> None:
        self._stretch, self._refusal = stretch, ""
        if edge:
            self.query_one(RecordTable).stand(stretch, edge)
        self._show_frame()

    def show_refusal(self, sentence: str) -> None:
        """Say why something could not be read: in place of the rows where there are none, else beside them."""
        if self._stretch is None:
            self._refusal = sentence
            self._show_frame()
        else:
            super().show_refusal(sentence)

    @on(RecordTable.Wanted)
    def _read_on(self, message: RecordTable.Wanted) -> None:
        held = self._stretch
        if held is None or not held.rows:
            return
        if message.direction > 0:
            ask = partial(self._records.stretch, self._now, after=held.rows[-1].place, limit=PAGE)
        else:
            ask = partial(self._records.stretch, self._now, before=held.rows[0].place, limit=PAGE)
        join = partial(self._join, message.direction, held)
        self.read(ask, join, slot="more", about=self._now)

    def _join(self, direction: int, held: Stretch, more: Stretch) -> None:
        if held is not self._stretch:
            return  # what was shown has changed meanwhile; it asks again when it is needed
        joined = held.with_below(more, MOST) if direction > 0 else held.with_above(more, MOST)
        self._put(joined)

    @on(RecordTable.Edge)
    def _jump(self, message: RecordTable.Edge) -> None:
        last = message.direction > 0
        self._read(partial(self._records.stretch, self._now, last=last, limit=PAGE), edge=message.direction)

    @on(RowTable.Highlighted)
    def _look_at(self, message: RowTable.Highlighted) -> None:
        if not self._now.view or message.key is None or self._sheet is None:
            return
        view, key = self._now.view, message.key
        self.read(
            partial(self._records.detail, view, key), self._show_detail, slot="detail", about=(view, key)
        )

    def _show_detail(self, detail: Detail) -> None:
        if detail.view == self._now.view:
            self._detail = detail
            self.query_one(RecordCard).detail = detail

    # --- showing --------------------------------------------------------------------------------------

    def _show_frame(self) -> None:
        views, rows = self.query_one(ViewTable), self.query_one("#rows")
        in_view = bool(self._now.view)
        shown = self._show_rows() if in_view else self._show_lines()
        views.display = not in_view and bool(shown)
        rows.display = in_view and bool(shown)
        self._show_card()
        told = self.query_one("#told", Static)
        told.display = not shown
        if not shown:
            told.set_class(bool(self._refusal), "refusal")
            told.update(self._refusal or self._empty_text())
        self._title()
        wanted = self.query_one(RecordTable) if in_view else views
        if shown and (self.focused is None or not self.focused.display or isinstance(self.focused, RowTable)):
            wanted.focus()

    def _show_card(self) -> None:
        """Show the record beside the rows, or in their place."""
        self.query_one(RecordCard).display = self._wide or self._in_card
        self.query_one(RecordTable).display = self._wide or not self._in_card

    def _show_lines(self) -> bool:
        lines = [
            line
            for line in self._lines
            if matches(self._views_filter, (line.name, line.title, line.module, line.help))
        ]
        self.query_one(ViewTable).lines = lines
        return bool(lines)

    def _show_rows(self) -> bool:
        if self._sheet is None or self._stretch is None or self._refusal:
            return False
        hidden = self._hidden.get(self._now.view, set())
        self.query_one(RecordTable).show(self._sheet, self._stretch, hidden=hidden, sort=self._now.sort)
        return bool(self._stretch.rows)

    def _title(self) -> None:
        frame = self.query_one("#frame")
        if not self._now.view:
            frame.border_title = f"{_('Lists')} /{self._views_filter}" if self._views_filter else _("Lists")
            frame.border_subtitle = ""
            return
        title = self._sheet.title if self._sheet else self._now.view
        frame.border_title = f"{title} /{self._now.filter}" if self._now.filter else title
        frame.border_subtitle = _("{count} rows").format(count=self._count) if self._count else ""

    def _empty_text(self) -> str:
        if not self._now.view:
            if self._views_filter:
                return _("No list has “{filter}”. esc clears the filter.").format(filter=self._views_filter)
            return _("Modules bring lists; 2 shows the modules, and enabling one brings its lists here.")
        if self._stretch is None or self._sheet is None:
            return _("reading …")
        if self._now.filter:
            return _("No row has “{filter}”. esc clears the filter.").format(filter=self._now.filter)
        begun = _("n begins one: {titles}").format(titles=", ".join(one.title for one in self._sheet.begins))
        told = [_("There is nothing here yet."), self._sheet.help, begun if self._sheet.begins else ""]
        return "\n".join(text for text in told if text)

    # --- filter ---------------------------------------------------------------------------------------

    @on(FilterBar.Filtered)
    def _narrow(self, message: FilterBar.Filtered) -> None:
        if not self._now.view:
            self._views_filter = message.text
            self._show_frame()
        elif message.text != self._now.filter:
            self._now = evolve(self._now, filter=message.text)
            self.subject = f"{self._now.view} {message.text}".rstrip()
            self._start_over()
            self.read_again()

    @on(FilterBar.Left)
    def _back_to_rows(self) -> None:
        self._focus_rows()

    def _focus_rows(self) -> None:
        (self.query_one(RecordTable) if self._now.view else self.query_one(ViewTable)).focus()

    def action_filter(self) -> None:
        """Type a filter."""
        self._write_filter()
        self.query_one(FilterBar).open()

    def _write_filter(self) -> None:
        """Write into the bar what narrows the list that is shown."""
        bar = self.query_one(FilterBar)
        with bar.prevent(Input.Changed):
            bar.value = self._now.filter if self._now.view else self._views_filter
        bar.cursor_position = len(bar.value)
        bar.set_class(bool(bar.value), "open")

    def action_back(self) -> None:
        """Clear the filter; without one, go back to all lists."""
        if self._now.filter or self._views_filter:
            self._views_filter = ""
            self.query_one(FilterBar).action_clear_and_leave()
            if self._now.filter:
                self._narrow(FilterBar.Filtered(""))
        elif self._now.view:
            self.action_views()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer keys where they do something."""
        if action == "filter":
            return not self.query_one(FilterBar).has_focus
        if action in {"act", "story", "diagram", "copy", "copy_all"}:
            return bool(self._now.view)
        if action in {"begin", "sort", "turn", "columns", "export", "views"}:
            return bool(self._now.view)
        return True

    # --- going ----------------------------------------------------------------------------------------

    def action_open(self) -> None:
        """Open the view under the cursor, or the record."""
        if self._now.view:
            if self._stretch and self._stretch.rows:
                self._in_card = True
                self._show_card()
                self.query_one(RecordCard).enter()
        elif key := self.query_one(ViewTable).key:
            self.post_message(Go(Place("records", key)))

    def action_views(self) -> None:
        """Show all lists."""
        self.post_message(Go(Place("records")))

    @on(RecordCard.Left)
    def _leave_card(self) -> None:
        self._in_card = False
        self._show_card()
        self._focus_rows()

    @on(RecordCard.Chosen)
    def _follow(self, message: RecordCard.Chosen) -> None:
        if message.way.verb is not None:
            self._want(message.way.verb, row=True)
        elif message.way.place is not None:
            self.post_message(Go(message.way.place))

    # --- order and columns ----------------------------------------------------------------------------

    def order(self, sort: str) -> None:
        """Order the rows, from the first on."""
        super().order(sort)
        self._start_over()
        self.read_again()

    def columns_chosen(self) -> None:
        """Show the columns that are kept."""
        self._show_frame()
