"""What can be done with a list and its records: acting, ordering, writing and copying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from attrs import evolve
from textual import on
from textual.content import Content

from fenbu.i18n import _
from fenbu_tui.messages import Go
from fenbu_tui.places import Place
from fenbu_tui.screens.action import ActionScreen
from fenbu_tui.screens.choose import ChooseScreen, KeepScreen, LookScreen, TypeScreen
from fenbu_tui.screens.live import LiveScreen
from fenbu_tui.widgets.record_table import RecordTable
from fenbu_tui.widgets.row_table import RowTable
from fenbu_tui.widgets.state_diagram import drawn
from fenbu_tui.world.records import Asked, Detail, Records, Sheet, Verb, Wanted


class ActingOnRecords(LiveScreen):
    """Acts on the list and the record that a subclass shows."""

    def __init__(self, records: Records) -> None:
        super().__init__()
        self._records = records
        self._now = Asked(view="")
        self._sheet: Sheet | None = None
        self._detail: Detail | None = None
        self._hidden: dict[str, set[str]] = {}
        self._orders: dict[str, str] = {}

    def memory(self) -> dict[str, Any]:
        """Remember of each view which columns are left out, and its order."""
        hidden = {view: sorted(names) for view, names in self._hidden.items() if names}
        return {"hidden": hidden, "orders": self._orders}

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Take up columns and orders; what is not as `memory` has it is left out."""
        hidden, orders = memory.get("hidden"), memory.get("orders")
        if isinstance(hidden, dict):
            self._hidden = {
                str(view): set(map(str, names)) for view, names in hidden.items() if isinstance(names, list)
            }
        if isinstance(orders, dict):
            self._orders = {str(view): str(sort) for view, sort in orders.items()}

    def order(self, sort: str) -> None:
        """Order the rows by a column, with ``-`` before it downwards; in the view's own order when empty."""
        self._orders[self._now.view] = sort
        self._now = evolve(self._now, sort=sort)

    def columns_chosen(self) -> None:
        """Show the columns that are kept."""

    def action_story(self) -> None:
        """Tell the story of the record."""
        if self._detail and self._detail.story:
            self.post_message(Go(Place("story", f"{self._detail.story} {self._detail.number}")))
        else:
            self.notify(_("nothing tells stories of these records"))

    def action_diagram(self) -> None:
        """Show the states of the record."""
        if self._detail and self._detail.diagram:
            self.app.push_screen(LookScreen(self._detail.diagram.name, drawn(self._detail.diagram)))
        else:
            self.notify(_("these records have no states of their own"))

    # --- order and columns ----------------------------------------------------------------------------

    def action_sort(self) -> None:
        """Order by the next column that has an index."""
        names = ["", *self._sorts]
        now = self._now.sort.removeprefix("-")
        self.order(names[(names.index(now) + 1 if now in names else 0) % len(names)])

    def action_turn(self) -> None:
        """Turn the order round."""
        if sort := self._now.sort:
            self.order(sort.removeprefix("-") if sort.startswith("-") else f"-{sort}")
        elif names := self._sorts:
            self.order(names[0])

    @on(RowTable.HeadClicked)
    def _sort_by(self, message: RowTable.HeadClicked) -> None:
        column = self.query_one(RecordTable).column(message.place) if self._now.view else None
        if column is None:
            return
        if not column.sorts:
            self.notify(
                _("{column} has no index, so the list is not sorted by it").format(column=column.title)
            )
        else:
            self.order(f"-{column.name}" if self._now.sort == column.name else column.name)

    @property
    def _sorts(self) -> list[str]:
        return [column.name for column in self._sheet.columns if column.sorts] if self._sheet else []

    def action_columns(self) -> None:
        """Choose the columns."""
        if self._sheet is None:
            return
        names = [
            (column.name, column.title) for column in self._sheet.columns if column.name != self._sheet.record
        ]
        hidden = self._hidden.setdefault(self._now.view, set())
        kept = [name for name, _title in names if name not in hidden]

        def keep(chosen: list[str] | None) -> None:
            if chosen is not None:
                hidden.clear()
                hidden.update(name for name, _title in names if name not in chosen)
                self.columns_chosen()

        self.app.push_screen(KeepScreen(_("Columns"), names, kept), keep)

    # --- acting ---------------------------------------------------------------------------------------

    def action_act(self) -> None:
        """Choose among what the state of the record allows."""
        verbs = self._detail.verbs if self._detail else ()
        if not verbs:
            self.notify(_("nothing can be done with this record as it stands"))
            return
        assert self._detail is not None
        self._choose(f"{self._detail.title} {self._detail.number}", verbs, row=True)

    def action_begin(self) -> None:
        """Choose among what makes a record."""
        begins = self._sheet.begins if self._sheet else ()
        if not begins:
            self.notify(_("no action makes such records"))
        else:
            self._choose(self._sheet.title if self._sheet else "", begins, row=False)

    def _choose(self, title: str, verbs: Sequence[Verb], *, row: bool) -> None:
        def want(place: int | None) -> None:
            if place is not None:
                self._want(verbs[place], row=row)

        if len(verbs) == 1:
            want(0)
        else:
            self.app.push_screen(ChooseScreen(title, [_offered(verb) for verb in verbs]), want)

    def _want(self, verb: Verb, *, row: bool) -> None:
        view, key = (self._detail.view, self._detail.key) if row and self._detail else ("", "")
        ask = partial(self._records.wanted, verb.name, view, key)
        self.read(ask, partial(self._fill_in, view, key), slot="form", about=(verb.name, key))

    def _fill_in(self, view: str, key: str, wanted: Wanted) -> None:
        self.app.push_screen(ActionScreen(self._records, wanted, view, key), self._done)

    def _done(self, done: bool | None) -> None:
        if done:
            self.read_again()

    def action_export(self) -> None:
        """Write all rows into a file."""
        if self._sheet is None:
            return
        hidden = self._hidden.get(self._now.view, set())
        columns = (
            [column.name for column in self._sheet.columns if column.name not in hidden] if hidden else []
        )
        asked = self._now

        def write(name: str | None) -> None:
            if name is not None:
                self.act(lambda: self._records.exporting(asked, columns, Path(name).expanduser()))

        told = _(
            "All rows of the list as it is narrowed and sorted; the file is there whole or as it was before."
        )
        self.app.push_screen(TypeScreen(_("Write as CSV"), f"{self._now.view}.csv", told), write)

    def action_copy(self) -> None:
        """Copy the number of the record."""
        if self._detail:
            self._copy(self._detail.number, self._detail.number)

    def action_copy_all(self) -> None:
        """Copy the record as JSON."""
        if self._detail:
            self._copy(self._detail.plain, _("{number} as JSON").format(number=self._detail.number))

    def _copy(self, text: str, told: str) -> None:
        self.app.copy_to_clipboard(text)
        self.notify(_("copied: {told}").format(told=told), markup=False)


def _offered(verb: Verb) -> Content:
    danger = Content.styled(" !", "bold $text-error") if verb.dangerous else Content("")
    return Content.assemble(verb.title, danger, Content.styled(f"  {verb.name}", "dim"))
