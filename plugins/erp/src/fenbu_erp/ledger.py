"""The journal: double entry, balanced in the enterprise's own currency, never changed.

An entry's postings are written first and its head last; the head seals them (triggers of the migration).
Debit is positive, credit negative. What is wrong is corrected by an entry that reverses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from attrs import frozen
from sqlalchemy import insert

from fenbu.work import Work
from fenbu_erp import periods
from fenbu_erp.chart import Chart, Role
from fenbu_erp.errors import EntryUnbalanced, PartyMissing
from fenbu_erp.numbers import next_number
from fenbu_erp.order import ZERO
from fenbu_erp.rates import in_own, require_bookable
from fenbu_erp.tables import ENTRY, POSTING

_INSERT_POSTINGS = insert(POSTING)
_INSERT_ENTRY = insert(ENTRY)


@frozen
class Posting:
    """One line of an entry: debit positive, credit negative."""

    chart: str
    currency: str
    amount: Decimal
    """In its currency."""
    own: Decimal
    """In the enterprise's own."""
    party: str = ""
    text: str = ""


class Sheet:
    """Collects the postings of one entry, all in one currency at one rate.

    Args:
        work: The caller's.
        currency: Of the document.
        rate: What one unit of it is worth in the own currency.
    """

    def __init__(self, work: Work, chart: Chart, currency: str, rate: Decimal) -> None:
        self._work, self.chart, self._currency, self._rate = work, chart, currency, rate
        self.postings: list[Posting] = []

    def debit(self, role: Role, amount: Decimal, party: str = "", text: str = "") -> None:
        """Add an amount on the left; nothing when it is zero, on the right when it is negative."""
        if amount:
            own = in_own(self._work, amount, self._rate)
            self.postings.append(Posting(self.chart.code(role), self._currency, amount, own, party, text))

    def credit(self, role: Role, amount: Decimal, party: str = "", text: str = "") -> None:
        """Add an amount on the right; nothing when it is zero, on the left when it is negative."""
        self.debit(role, -amount, party, text)

    def balanced(self) -> list[Posting]:
        """Return the postings, with a rounding line when converting each left a difference."""
        difference = sum((posting.own for posting in self.postings), ZERO)
        if difference and not sum((posting.amount for posting in self.postings), ZERO):
            own = self._work.enterprise.currency
            code = self.chart.code(Role.ROUNDING)
            return [*self.postings, Posting(code, own, -difference, -difference)]
        return self.postings


def post(
    work: Work,
    kind: str,
    postings: Sequence[Posting],
    *,
    day: date,
    document: str = "",
    text: str = "",
    reverses: str | None = None,
    chart: Chart,
) -> str:
    """Write a journal entry and return its number.

    Args:
        work: The caller commits.
        kind: ``invoice``, ``credit_note``, ``receipt``, ``match``, ``manual``, ``opening``, ``reversal`` ….
        postings: At least two, adding up to zero in the own currency.
        day: Business date; when its period is closed the entry stands on the first open day and keeps it.
        document: Number of what is posted.
        text: For people.
        reverses: Number of the entry that this one undoes.
        chart: As read by this work.

    Raises:
        EntryUnbalanced: They do not add up to zero.
        BeyondBooks: One is too large.
        PartyMissing: A posting on a control account names no party.
    """
    _check(work, postings, chart)
    posted_on, period = periods.open_day(work, day)
    number = next_number(work, "entry")
    work.execute(
        _INSERT_POSTINGS,
        [
            {
                "entry": number,
                "line": position,
                "day": posted_on,
                "chart": posting.chart,
                "party": posting.party,
                "currency": posting.currency,
                "amount": posting.amount,
                "amount_own": posting.own,
                "text": posting.text,
            }
            for position, posting in enumerate(postings, 1)
        ],
    )
    head: dict[str, Any] = {
        "number": number,
        "day": posted_on,
        "business_day": day,
        "period": period,
        "kind": kind,
        "document": document,
        "text": text,
        "reverses": reverses,
        "posted_at": work.now,
        "posted_by": work.actor.name,
    }
    work.execute(_INSERT_ENTRY, head)
    return number


def _check(work: Work, postings: Iterable[Posting], chart: Chart) -> None:
    debit = credit = ZERO
    for posting in postings:
        require_bookable(posting.amount, posting.currency)
        require_bookable(posting.own, work.enterprise.currency)
        if posting.own > 0:
            debit += posting.own
        else:
            credit -= posting.own
        if posting.chart in chart.control and not posting.party:
            raise PartyMissing(posting.chart)
    if debit != credit:
        raise EntryUnbalanced(debit, credit, work.enterprise.currency)
