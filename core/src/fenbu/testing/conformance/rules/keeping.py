"""Disabling keeps every row: enabled, disabled and enabled again, a module finds its data as they were."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import select

from fenbu.testing.conformance.faults import Fault
from fenbu.testing.conformance.subject import Subject

if TYPE_CHECKING:
    from fenbu.engine.kernel import Kernel

Rows = dict[str, list[str]]


def rows_are_kept(subject: Subject, kernel: Kernel) -> Iterator[Fault]:
    """Yield tables whose rows differ after the module was switched off, and on again."""
    before = rows(subject, kernel)
    kernel.perform("fenbu.module.disable", {"modules": [subject.name], "how": "park"})
    yield from _compared(before, rows(subject, kernel), "disabling it")
    kernel.perform("fenbu.module.enable", {"modules": [subject.name]})
    yield from _compared(before, rows(subject, kernel), "enabling it again")


def rows(subject: Subject, kernel: Kernel) -> Rows:
    """Return every row of the module's tables as text, sorted, by table."""
    if subject.metadata is None:
        return {}
    with kernel.database.read() as connection:
        return {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(select(table)))
            for table in subject.metadata.sorted_tables
        }


def _compared(before: Rows, after: Rows, by: str) -> Iterator[Fault]:
    for table, kept in before.items():
        if kept != after[table]:
            lost, made = len(set(kept) - set(after[table])), len(set(after[table]) - set(kept))
            yield Fault(
                table,
                f"{by} changed rows: {lost} gone or changed, {made} new",
                "seed only what is not there yet, and delete nothing when the module goes",
            )
