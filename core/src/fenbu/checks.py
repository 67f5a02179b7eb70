"""What checks are written with: what is judged, and how a finding is told.

def order_axes(work: Work) -> Finding:
    rest, skipped = at_rest(work, work.execute(_OFF_AXES).scalars())
    return found(_("{count} orders disagree with their lines: {named}"), rest, count(work, ORDER), skipped)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Table, func, select

from fenbu.metrics import Finding, Health

if TYPE_CHECKING:
    from fenbu.work import Work

_SHOWN = 5

Suspect = TypeVar("Suspect", str, tuple[str, str])
"""A document under suspicion: its number, or the key of its events and its number."""


def found(told: str, wrong: Sequence[str], counted: int, skipped: int = 0) -> Finding:
    """Return what a check found: all is well when nothing is wrong.

    Args:
        told: What is wrong, with ``{count}`` and ``{named}``, the first five.
        wrong: Numbers of what is wrong, in the order in which a person would look for them.
        counted: How many things were looked at.
        skipped: How many were left out because work on their key still waits.
    """
    if not wrong:
        return Finding(Health.OK, "", counted, skipped)
    named = ", ".join(wrong[:_SHOWN]) + (" …" if len(wrong) > _SHOWN else "")
    return Finding(Health.FAILED, told.format(count=len(wrong), named=named), counted, skipped)


def at_rest(
    work: Work, suspects: Iterable[Suspect], key: Callable[[Suspect], str] = str
) -> tuple[list[Suspect], int]:
    """Return the suspects on whose key nothing waits, sorted, and how many others there are.

    What several modules must agree on is judged only where all of them have heard everything.

    Args:
        work: Reading.
        suspects: Each counts once.
        key: Gives the key of a suspect's events (the order's number); a text is its own key.
    """
    seen = sorted(set(suspects))
    waiting = work.waiting_keys() if seen else frozenset()
    rest = [one for one in seen if key(one) not in waiting]
    return rest, len(seen) - len(rest)


def count(work: Work, table: Table) -> int:
    """Return how many rows a table has."""
    return int(work.execute(select(func.count()).select_from(table)).scalar_one())
