"""Metrics (numbers with a definition) and checks (questions about health)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from fenbu.work import Work


@frozen(kw_only=True)
class Metric:
    """A number with a name, a unit, a definition and the view in which one finds its rows."""

    name: str
    title: str
    unit: str
    """``money`` (the enterprise's currency), ``count``, ``percent``, ``quantity``, ``days``."""
    definition: str
    """In words: what is counted, over which time, what is left out."""
    value: Callable[[Work], Decimal | int | None]
    """None when there is nothing to measure yet."""
    drill: str | None = None
    """View with the rows behind the number."""
    window: timedelta | None = None


class Health(StrEnum):
    """Answer of a check."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


@frozen
class Finding:
    """What a check found."""

    health: Health
    detail: str = ""
    """In words and numbers: what was compared, what is wrong, for which documents (the first few)."""
    counted: int = 0
    """How many things were looked at."""
    skipped: int = 0
    """How many were left out because work on their key still waits."""


@frozen(kw_only=True)
class Check:
    """A yes/no/unknown question about health; ``doctor`` runs it, gates use it."""

    name: str
    title: str
    run: Callable[[Work], Finding]
    repair: str
    """What to do when it fails."""
