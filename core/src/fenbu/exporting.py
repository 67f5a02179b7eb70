"""Exporters: how what a module keeps is written in a format that other programs read.

An *exporter* is declared by a module: what is written, and for each format a writer. A writer is a function of
``(work, span)`` that yields lines; the work only looks, and all lines are of one moment::

    Exporter(name="loyalty.points", title=N_("Points"), formats={"csv": "fenbu_loyalty.exports:as_csv"})

    def as_csv(work: Work, span: Span) -> Iterator[str]:
        yield "account,points"
        for page in pages(work):
            yield from (f"{row.account},{row.points}" for row in page)

Lines are written as they come: a writer reads page by page and never holds a whole table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from attrs import field, frozen

from fenbu.work import Work


@frozen
class Span:
    """The business days that an export is about, both ends included."""

    since: date | None = None
    """None: from the first day that there is."""
    until: date | None = None
    """None: to the last."""


def _copied(mapping: Mapping[str, str]) -> dict[str, str]:
    return dict(mapping)


@frozen(kw_only=True)
class Exporter:
    """Something of a module that can be written down for others."""

    name: str
    """``<module>.<noun>``; on the command line the noun is enough where no other module has it."""
    title: str
    formats: Mapping[str, str] = field(converter=_copied)
    """Name of the format (``beancount``) to its writer ``"package.module:function"`` of ``(work, span)``."""
    help: str = ""

    @property
    def noun(self) -> str:
        """What stands after the module's name (``ledger``)."""
        return self.name.partition(".")[2]


Writer = Callable[[Work, Span], Iterable[str]]
"""Yields lines without their ends."""
