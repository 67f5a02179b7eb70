"""The audit trail: who did what, the latest first, and up to where its chain is whole."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Footer, Static

from fenbu.i18n import N_, _
from fenbu_tui.keys import AUDITING, FILTERED, bindings
from fenbu_tui.screens.live import LiveScreen
from fenbu_tui.signs import SIGNS
from fenbu_tui.widgets.filter_bar import FilterBar, matches
from fenbu_tui.widgets.row_table import Cell, RowTable, TableColumn, TableRow
from fenbu_tui.widgets.top_line import TopLine
from fenbu_tui.world.audit import Audit, AuditLine, AuditPage
from fenbu_tui.world.base import Standing

PAGE = 200
KEPT = 5_000
"""Acts that are read again at most when something has changed; more are read by going on to the end."""
COLUMNS = ("actor", "action", "subject", "outcome", "module", "key")
"""What ``column:value`` in the filter asks the database for; other words are looked for in what was read."""


class AuditScreen(LiveScreen):
    """Lists acts; reads on where the cursor comes to the end of what was read."""

    HELP_TEXT = N_(
        "Who did what, when, with what outcome. actor:ada, action:order, subject:SO-1, outcome:denied, module:erp in "
        "the filter ask the whole trail; other words are looked for in what was read so far. The chain of hashes "
        "over the trail is recomputed when the screen opens, and by v."
    )
    AUTO_FOCUS = "RowTable"
    BINDINGS: ClassVar[list[BindingType]] = bindings(AUDITING, FILTERED)
    DEFAULT_CSS = """
    AuditScreen #frame { border: round $secondary; border-title-color: $accent; }
    AuditScreen #empty { height: 1fr; padding: 1 2; color: $text-muted; display: none; }
    AuditScreen .without-rows RowTable { display: none; }
    AuditScreen .without-rows #empty { display: block; }
    AuditScreen #card { height: auto; max-height: 9; border-top: solid $secondary; padding: 0 1; display: none; }
    """

    def __init__(self, audit: Audit) -> None:
        super().__init__()
        self._audit = audit
        self._lines: tuple[AuditLine, ...] | None = None
        self._next = ""
        self._filter = ""
        self._chain: Standing | None = None

    def compose(self) -> ComposeResult:
        yield TopLine()
        with Vertical(id="frame"):
            yield RowTable(
                (
                    TableColumn(_("at"), 19),
                    TableColumn(_("actor"), 10),
                    TableColumn(_("action"), 22, share=1),
                    TableColumn(_("subject"), 14, share=1),
                    TableColumn(_("outcome"), 10),
                )
            )
            yield Static(id="empty", markup=False)
            yield Static(id="card")
        yield FilterBar(self._filter)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Look whether the chain is whole, once; ``v`` looks again."""
        self._show_frame()
        self.action_verify()

    def show_subject(self, subject: str) -> None:
        """Show the acts that fit a filter."""
        super().show_subject(subject)
        self._filter = subject

    def memory(self) -> dict[str, Any]:
        """Keep the filter."""
        return {"filter": self._filter}

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Take up the filter."""
        self._filter = str(memory.get("filter", ""))

    # --- reading --------------------------------------------------------------------------------------

    def read_again(self) -> None:
        """Read as many acts as were read, the latest first."""
        limit = min(max(len(self._lines or ()), PAGE), KEPT)
        asked = self._asked_of_all()
        self.read(partial(self._audit.audit, asked, "", limit), self.show, about=tuple(asked.items()))

    def show(self, page: AuditPage) -> None:
        """Show acts from the latest on."""
        self._lines, self._next = page.lines, page.next
        self._show_lines()

    def show_refusal(self, sentence: str) -> None:
        """Say why the trail cannot be read."""
        self._lines, self._next = (), ""
        self._show_lines()
        self.query_one("#empty", Static).update(sentence)

    def _read_on(self) -> None:
        asked, after = self._asked_of_all(), self._next
        self.read(partial(self._audit.audit, asked, after, PAGE), self._append, slot="more", about=after)

    def _append(self, page: AuditPage) -> None:
        known = {line.number for line in self._lines or ()}
        self._lines = (*(self._lines or ()), *(line for line in page.lines if line.number not in known))
        self._next = page.next
        self._show_lines()

    def action_verify(self) -> None:
        """Recompute the chain."""
        self._chain = None
        self._show_frame()
        self.read(self._audit.chain, self._show_chain, slot="chain")

    def _show_chain(self, chain: Standing) -> None:
        self._chain = chain
        self._show_frame()

    # --- filter ---------------------------------------------------------------------------------------

    def _asked_of_all(self) -> dict[str, str]:
        pairs = (word.partition(":") for word in self._filter.split())
        return {name: value for name, colon, value in pairs if colon and value and name in COLUMNS}

    def _looked_for(self) -> str:
        return " ".join(word for word in self._filter.split() if word.partition(":")[0] not in COLUMNS)

    @on(FilterBar.Filtered)
    def _narrow(self, message: FilterBar.Filtered) -> None:
        before, self._filter = self._asked_of_all(), message.text
        self.subject = message.text
        if self._asked_of_all() != before:
            self._lines = None
            self.read_again()
        else:
            self._show_lines()

    @on(FilterBar.Left)
    def _back_to_rows(self) -> None:
        self.query_one(RowTable).focus()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterBar).open()

    def action_back(self) -> None:
        """Clear the filter."""
        self.query_one(FilterBar).action_clear_and_leave()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer keys where they are not letters of the filter."""
        if action in {"filter", "verify"} and self.is_mounted and self.query_one(FilterBar).has_focus:
            return False
        return super().check_action(action, parameters)

    # --- showing --------------------------------------------------------------------------------------

    @on(RowTable.Highlighted)
    def _at(self, message: RowTable.Highlighted) -> None:
        lines = {line.number: line for line in self._lines or ()}
        card, line = self.query_one("#card", Static), lines.get(message.key or "")
        card.display = line is not None
        if line is not None:
            card.update(Content("\n").join(_facts(line)))
        table = self.query_one(RowTable)
        if self._next and table.cursor >= len(table.rows) - 2:
            self._read_on()

    def _show_lines(self) -> None:
        lines = [line for line in self._lines or () if matches(self._looked_for(), _words(line))]
        self.query_one(RowTable).rows = [_row(line) for line in lines]
        self.query_one("#frame").set_class(not lines and self._lines is not None, "without-rows")
        self.query_one("#empty", Static).update(self._empty_text())
        self._show_frame(len(lines))

    def _empty_text(self) -> str:
        if self._filter:
            return _("No act fits “{filter}”. esc clears the filter.").format(filter=self._filter)
        return _("Nothing was done yet. Every act of every operator and script will stand here.")

    def _show_frame(self, shown: int = 0) -> None:
        frame, chain = self.query_one("#frame"), self._chain
        frame.border_title = f"{_('Audit')} /{self._filter}" if self._filter else _("Audit")
        told = _("recomputing the chain …")
        if chain is not None:
            told = f"{SIGNS[chain.tone]} {_('chain')} {chain.word}: {chain.means}"
        more = "+" if self._next else ""
        counted = _("{count} acts").format(count=f"{shown or len(self.query_one(RowTable).rows):,}{more}")
        frame.border_subtitle = f"{told} ─ {counted}"


def _words(line: AuditLine) -> tuple[str, ...]:
    return (
        line.at,
        line.actor,
        line.action,
        line.subject,
        line.standing.word,
        *(value for _label, value in line.facts),
    )


def _row(line: AuditLine) -> TableRow:
    sign = SIGNS[line.standing.tone]
    cells = (
        Cell(line.at),
        Cell(line.actor),
        Cell(line.action),
        Cell(line.subject),
        Cell(f"{sign} {line.standing.word}", line.standing.tone),
    )
    return TableRow(line.number, cells)


def _facts(line: AuditLine) -> list[Content]:
    head = Content.assemble(Content.styled(f"{line.number} {line.action}", "bold"), f" {line.subject}")
    return [
        head,
        *(Content.assemble(Content.styled(f"{label}: ", "dim"), value) for label, value in line.facts),
    ]
