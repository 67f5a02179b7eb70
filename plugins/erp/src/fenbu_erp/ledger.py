"""The journal: double entry, balanced in the enterprise's own currency, never changed.

Who posts opens the books on a business date; what was posted is written when they are closed: first the postings of
all entries, then their heads, which seal them (triggers of the migration). Debit is positive, credit negative. What
is wrong is corrected by an entry that reverses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

from attrs import frozen
from sqlalchemy import bindparam, insert, select

from fenbu.work import Work
from fenbu_erp import periods
from fenbu_erp.chart import HAS_ROLE, Chart, Role, read
from fenbu_erp.errors import EntryUnbalanced, PartyMissing
from fenbu_erp.lifecycles import PeriodState
from fenbu_erp.numbers import next_number
from fenbu_erp.order import ZERO
from fenbu_erp.rates import in_own, require_bookable
from fenbu_erp.tables import CHART, ENTRY, PERIOD, POSTING

_INSERT_POSTINGS = insert(POSTING)
_INSERT_ENTRIES = insert(ENTRY)
_OPENED = (
    select(CHART.c.role, CHART.c.code)
    .join_from(CHART, PERIOD, PERIOD.c.code == bindparam("wanted"))
    .where(HAS_ROLE, PERIOD.c.state == PeriodState.OPEN)
    .with_for_update(read=True, of=PERIOD)
)
"""The chart, if the period is open: read together, because all who post need both."""


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
        chart: As the books that it is for were opened.
        currency: Of the document.
        rate: What one unit of it is worth in the own currency.
    """

    def __init__(self, work: Work, chart: Chart, currency: str, rate: Decimal) -> None:
        self._work, self._chart, self._currency, self._rate = work, chart, currency, rate
        self.postings: list[Posting] = []

    def debit(self, role: Role, amount: Decimal, party: str = "", text: str = "") -> None:
        """Add an amount on the left; nothing when it is zero, on the right when it is negative."""
        if amount:
            own = in_own(self._work, amount, self._rate)
            self.postings.append(Posting(self._chart.code(role), self._currency, amount, own, party, text))

    def credit(self, role: Role, amount: Decimal, party: str = "", text: str = "") -> None:
        """Add an amount on the right; nothing when it is zero, on the left when it is negative."""
        self.debit(role, -amount, party, text)

    def balanced(self) -> list[Posting]:
        """Return the postings, with a rounding line when converting each left a difference."""
        difference = sum((posting.own for posting in self.postings), ZERO)
        if difference and not sum((posting.amount for posting in self.postings), ZERO):
            own = self._work.enterprise.currency
            code = self._chart.code(Role.ROUNDING)
            return [*self.postings, Posting(code, own, -difference, -difference)]
        return self.postings


class Books:
    """The ledger, open on a business date: its chart, and what this work posts.

    Args:
        work: The caller commits.
        day: Business date of all that is posted; when its period is closed, the entries stand on the first open day
            and keep it. The period is locked against closing until the transaction ends.
    """

    def __init__(self, work: Work, day: date) -> None:
        self._work, self.day = work, day
        self._open: tuple[date, str] | None = None
        roles = work.execute(_OPENED, {"wanted": periods.code_of(day)}).all()
        if roles:
            self._open = day, periods.code_of(day)
        self.chart = Chart(roles) if roles else read(work)
        self._postings: list[dict[str, Any]] = []
        self._heads: list[dict[str, Any]] = []

    @property
    def posted_on(self) -> tuple[date, str]:
        """The day on which is posted, and its period, made if need be."""
        if self._open is None:
            self._open = periods.open_day(self._work, self.day)
        return self._open

    def sheet(self, currency: str, rate: Decimal) -> Sheet:
        """Return an empty sheet for one entry; see `Sheet`."""
        return Sheet(self._work, self.chart, currency, rate)

    def post(
        self,
        kind: str,
        postings: Sequence[Posting],
        *,
        document: str = "",
        text: str = "",
        reverses: str | None = None,
    ) -> str:
        """Post an entry and return its number; it is written when the books are closed.

        Args:
            kind: ``invoice``, ``credit_note``, ``receipt``, ``match``, ``manual``, ``opening``, ``reversal`` ….
            postings: At least two, adding up to zero in the own currency.
            document: Number of what is posted.
            text: For people.
            reverses: Number of the entry that this one undoes.

        Raises:
            EntryUnbalanced: They do not add up to zero.
            BeyondBooks: One is too large.
            PartyMissing: A posting on a control account names no party.
        """
        _check(self._work, postings, self.chart)
        posted_on, period = self.posted_on
        number = next_number(self._work, "entry")
        self._postings += [
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
        ]
        self._heads.append(
            {
                "number": number,
                "day": posted_on,
                "business_day": self.day,
                "period": period,
                "kind": kind,
                "document": document,
                "text": text,
                "reverses": reverses,
                "posted_at": self._work.now,
                "posted_by": self._work.actor.name,
            }
        )
        return number

    def close(self) -> None:
        """Write what was posted."""
        if self._heads:
            self._work.execute(_INSERT_POSTINGS, self._postings)
            self._work.execute(_INSERT_ENTRIES, self._heads)


@contextmanager
def opened(work: Work, day: date) -> Iterator[Books]:
    """Open the books on a business date, and write what the body posts in them; see `Books`."""
    books = Books(work, day)
    yield books
    books.close()


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
