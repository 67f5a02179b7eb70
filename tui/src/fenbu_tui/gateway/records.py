"""Records: any declared view read from both ends, a row with all that stands around it, and what can be done."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fenbu.actions import Action
from fenbu.cli import cells
from fenbu.cli.files import whole
from fenbu.cli.words import quoted
from fenbu.engine import offering, paging, reading, surroundings
from fenbu.engine.catalog.reference import resolve
from fenbu.engine.conditions import Condition, filterable
from fenbu.engine.explaining import kinds
from fenbu.engine.reading import Page, RecordMissing, Row
from fenbu.engine.searching import searched
from fenbu.engine.work import EngineWork
from fenbu.errors import BadFile
from fenbu.i18n import _
from fenbu.lifecycle import Lifecycle
from fenbu.values import MASK
from fenbu.views import Column, Kind, View
from fenbu_tui.gateway.base import EnginePart
from fenbu_tui.gateway.performing import performing
from fenbu_tui.gateway.sentences import ShowingFailed, own_code
from fenbu_tui.signs import SIGNS, Tone
from fenbu_tui.world.base import Act, Consequence
from fenbu_tui.world.records import (
    Asked,
    Belonging,
    Detail,
    Diagram,
    Fact,
    Record,
    Sheet,
    SheetColumn,
    Step,
    Stretch,
    Value,
    Verb,
    ViewLine,
    Wanted,
)

_RIGHT = frozenset({Kind.MONEY, Kind.QUANTITY, Kind.PRICE, Kind.RATE, Kind.NUMBER})
_TONES = {"green": Tone.GOOD, "yellow": Tone.BUSY, "red": Tone.BAD}
_CHUNK = 1_000
"""Rows of one page of an export."""


class RecordsPart(EnginePart):
    """Answers the screen of records."""

    def views(self) -> Sequence[ViewLine]:
        with self._reading() as work:
            assembly = self._kernel.assembly
            return [
                ViewLine(view.name, _(view.title), self._module_title(view.name), _(view.help))
                for view in assembly.views.values()
                if work.holds(view.needs)
            ]

    def sheet(self, view: str) -> Sheet:
        with self._showing(view) as (work, found):
            work.require(found.needs)
            sorts = {*found.sorts, *(name.removeprefix("-") for name in found.key)}
            narrows = filterable(found)
            begun = offering.begun(self._kernel.assembly, found)
            return Sheet(
                view=found.name,
                title=_(found.title),
                module=self._module_title(found.name),
                help=_(found.help),
                columns=tuple(
                    SheetColumn(
                        column.name,
                        _(column.title),
                        right=column.kind in _RIGHT,
                        sorts=column.name in sorts,
                        narrows=column.name in narrows,
                    )
                    for column in cells.shown(found)
                ),
                record=found.record,
                begins=tuple(_verb(action) for action in begun if work.holds(action.permission)),
            )

    def stretch(
        self, asked: Asked, *, after: str = "", before: str = "", last: bool = False, limit: int
    ) -> Stretch:
        with self._showing(asked.view) as (work, view):
            page = _page(work, view, asked, after=after, before=before, last=last, limit=limit)
            orders = paging.orders(view, asked.sort)
            rows = tuple(self._record(view, row, paging.write_after(orders, row)) for row in page.rows)
            above, below = page.previous is not None, page.next is not None
            return Stretch(rows=rows, above=above, below=below, again=page.again)

    def count(self, asked: Asked) -> str:
        with self._showing(asked.view) as (work, view):
            found = reading.count(work, view, filters=searched(view, asked.filter))
            return f"{found:,}+" if found == reading.MOST else f"{found:,}"

    def detail(self, view: str, key: str) -> Detail:
        with self._showing(view) as (work, found):
            row = _row(work, found, key)
            assembly = self._kernel.assembly
            number = str(row[found.record])
            offered = [one for one in reading.offered(assembly, found, row) if work.holds(one.permission)]
            told = {column.name: cells.plain(column, row, work.enterprise) for column in found.columns}
            facts = list(self._facts(work, found, row))
            belongings: list[Belonging] = []
            try:
                with own_code(view):
                    belongings += self._belongings(work, found, row)
            except ShowingFailed as failed:  # of another list; what was read of this one stands
                facts.append(Fact("", Value(f"{SIGNS[Tone.BAD]} {failed.problem}", Tone.BAD)))
            return Detail(
                view=view,
                key=key,
                number=number,
                title=_(found.title),
                facts=tuple(facts),
                verbs=tuple(_verb(action) for action in offered),
                belongings=tuple(belongings),
                diagram=_diagram(found, row),
                story=next((kind for kind, name in kinds(assembly).items() if name == view), ""),
                plain=json.dumps(told, ensure_ascii=False, indent=2),
            )

    def wanted(self, action: str, view: str = "", key: str = "") -> Wanted:
        with self._reaching():
            ready = self._kernel.assembly.action(action)
        given: dict[str, Any] = {}
        if view:
            with self._showing(view) as (work, found):
                given = offering.filled(ready, found, _row(work, found, key))
        subject = ready.action.subject
        fixed = (subject,) if subject in given else ()
        return Wanted(action=_verb(ready.action), model=ready.input_model, given=given, fixed=fixed)

    def consequences(self, action: str, values: Mapping[str, Any]) -> Sequence[Consequence]:
        with self._reaching(), own_code(action):
            found = self._kernel.preview(action, values)
        return [Consequence(_(one.text), one.number) for one in found]

    def performing(self, action: str, values: Mapping[str, Any], view: str = "", key: str = "") -> Act:
        undo = None
        with self._reaching():
            ready = self._kernel.assembly.action(action)
        if view:
            with self._showing(view) as (work, found):
                row = _row(work, found, key)
                back = offering.undoing(self._kernel.assembly, found, ready.action, row)
                if back is not None and back.subject and work.holds(back.permission):
                    undo = (back, {back.subject: row[found.record]})
        return performing(self._do, ready, values, undo=undo)

    def exporting(self, asked: Asked, columns: Sequence[str], path: Path) -> Act:
        with self._reaching():
            filters = searched(self._kernel.assembly.view(asked.view), asked.filter)
        words = ["fenbu show", asked.view, "--csv --all"]
        words += [f"--where {quoted(f'{one.column}{one.operator}{one.value}')}" for one in filters]
        words += [f"--sort {asked.sort}"] if asked.sort else []
        words += [f"--columns {','.join(columns)}"] if columns else []
        return Act(
            command=" ".join([*words, ">", quoted(str(path))]), run=lambda: self._export(asked, columns, path)
        )

    # --- parts ----------------------------------------------------------------------------------------

    @contextmanager
    def _showing(self, name: str) -> Iterator[tuple[EngineWork, View]]:
        """Open a view in a work of its module; whatever its code raises becomes a sentence."""
        with self._reaching():
            view = self._kernel.assembly.view(name)
        with own_code(name), self._reading(self._kernel.assembly.module_of(name)) as work:
            yield work, view

    def _module_title(self, view: str) -> str:
        name = self._kernel.assembly.module_of(view)
        module = self._kernel.assembly.modules.get(name)
        return _(module.manifest.title) if module else name

    def _record(self, view: View, row: Row, place: str) -> Record:
        return Record(
            place=place,
            key=paging.write_key(view, row),
            number=str(row[view.record]),
            values=tuple(self._cell(column, row) for column in cells.shown(view)),
        )

    def _cell(self, column: Column, row: Row, *, long: bool = False) -> Value:
        enterprise = self._kernel.assembly.enterprise
        found = cells.cell(column, row, enterprise)
        tone = _TONES.get(found.style)
        text = cells.words(column, row, enterprise) if long else found.text
        return Value(f"{SIGNS[tone]} {text}" if tone else text, tone)

    def _facts(self, work: EngineWork, view: View, row: Row) -> Iterator[Fact]:
        """Yield the fields of a record, then those that other modules keep of the same."""
        yield from self._fields(work, view, row)
        kernels = EngineWork(work.transaction, "fenbu", read_only=True)
        if [name.removeprefix("-") for name in view.key] != [view.record]:
            return
        for other, more in surroundings.records(kernels, view.name, str(row[view.record]))[1:]:
            yield Fact("", Value(f"{self._module_title(other.name)}: {_(other.title)}", Tone.QUIET))
            for fact in self._fields(work, other, more):
                if fact.label != _(view.column(view.record).title):
                    yield fact

    def _fields(self, work: EngineWork, view: View, row: Row) -> Iterator[Fact]:
        views = self._kernel.assembly.views
        for column in cells.shown(view):
            value = self._cell(column, row, long=True)
            ref = column.ref or ""
            leads = ref != view.name and ref in views and row.get(column.name) not in (None, "", MASK)
            if leads and work.holds(views[ref].needs):
                yield Fact(_(column.title), value, ref, _exactly(views[ref].record, row[column.name]))
            else:
                yield Fact(_(column.title), value)

    def _belongings(self, work: EngineWork, view: View, row: Row) -> Iterator[Belonging]:
        """Yield the lists that a view declares as related, then those of other modules in which a record stands."""
        assembly = self._kernel.assembly
        listed = set()
        for part in view.related:
            other = assembly.views.get(part.view)
            if other is None or row.get(part.value) is None or not work.holds(other.needs):
                continue
            listed.add(other.name)
            inner = EngineWork(work.transaction, assembly.module_of(other.name), read_only=True)
            wanted = [Condition(part.column, row[part.value])]
            count = reading.count(inner, other, filters=wanted, most=surroundings.MOST)
            yield _belonging(_(part.title or other.title), other, part.column, row[part.value], count)
        kernels = EngineWork(work.transaction, "fenbu", read_only=True)
        for place in surroundings.places(kernels, view.name, str(row[view.record])):
            if place.view.name not in listed:
                title = f"{self._module_title(place.view.name)}: {_(place.view.title)}"
                yield _belonging(title, place.view, place.column, row[view.record], place.rows)

    def _do(self, action: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        with self._reaching():
            return self._kernel.perform(action, values).answer

    def _export(self, asked: Asked, columns: Sequence[str], path: Path) -> str:
        try:
            with whole(path) as file:
                count = self._write(csv.writer(file, lineterminator="\n"), asked, columns)
        except OSError as error:
            told = _("it cannot be written: {error}").format(error=error.strerror)
            raise BadFile(
                str(path), told, way_out=_("name a file in a folder that you may write to")
            ) from None
        return _("{count:,} rows in {file}").format(count=count, file=path)

    def _write(self, writer: Any, asked: Asked, columns: Sequence[str]) -> int:
        enterprise = self._kernel.assembly.enterprise
        written, after = 0, ""
        while True:
            with self._showing(asked.view) as (work, view):
                page = _page(work, view, asked, after=after, limit=_CHUNK)
            wanted = [view.column(name) for name in columns] if columns else list(view.columns)
            if not after:
                writer.writerow([column.name for column in wanted])
            for row in page.rows:
                plain = [cells.plain(column, row, enterprise) for column in wanted]
                writer.writerow([cells.harmless(value) for value in plain])
            written += len(page.rows)
            if page.next is None:
                return written
            after = page.next


def _page(work: EngineWork, view: View, asked: Asked, **place: Any) -> Page:
    return reading.page(work, view, filters=searched(view, asked.filter), sort=asked.sort, **place)


def _row(work: EngineWork, view: View, key: str) -> Row:
    """Return a row by its key; a sentence when it is gone."""
    names = [name.removeprefix("-") for name in view.key]
    filters = [Condition(name, value) for name, value in zip(names, json.loads(key), strict=True)]
    rows = reading.page(work, view, filters=filters, limit=1).rows
    if not rows:
        raise RecordMissing(view.name, " ".join(map(str, json.loads(key))), _("it is not there any more"))
    return rows[0]


def _verb(action: Action) -> Verb:
    return Verb(action.name, _(action.title), _(action.help), action.dangerous)


def _belonging(title: str, view: View, column: str, value: Any, count: int) -> Belonging:
    rows = f"{count}" if count < surroundings.MOST else f"{surroundings.MOST - 1}+"
    return Belonging(title, view.name, _exactly(column, value), rows)


def _exactly(column: str, value: Any) -> str:
    """Return the filter that finds a value itself, as it would be typed."""
    return f'{column}="{value}"' if " " in str(value) else f"{column}={value}"


def _diagram(view: View, row: Row) -> Diagram | None:
    state = row.get(view.state) if view.state else None
    if view.lifecycle is None or state is None:
        return None
    lifecycle: Lifecycle[Any] = resolve(view.lifecycle)
    return Diagram(
        name=lifecycle.name,
        initial=str(lifecycle.initial),
        terminal=tuple(sorted(str(one) for one in lifecycle.terminal)),
        steps=tuple(Step(one.verb, str(one.source), str(one.target)) for one in lifecycle.table),
        state=str(state),
    )
