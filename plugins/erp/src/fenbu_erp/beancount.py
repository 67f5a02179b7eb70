"""The ledger as Beancount text, for any program that reads it; ``bean-check`` adds it all up again and compares.

Postings are in the enterprise's own currency, in which the books balance; what a posting was in another currency
stands beside it as ``foreign``. Asserted are the balances that each closed month has kept and those of the trial
balance at the end, to the last digit: they come from other places than the postings before them.

Source: https://beancount.github.io/docs/beancount_language_syntax.html
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Text, bindparam, func, select, tuple_

from fenbu.exporting import Span
from fenbu.inputs import FIRST_DAY, LAST_DAY
from fenbu.tables import Day
from fenbu.values import minor_units, padded
from fenbu.work import Work
from fenbu_erp.ledger_views import trial_balance
from fenbu_erp.tables import BALANCE, CHART, ENTRY, PERIOD, POSTING

PAGE = 500
"""Entries that are in memory at a time, with their postings."""
ROOTS = {
    "asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "revenue": "Income",
    "expense": "Expenses",
}
"""Kind of ledger account to the root under which Beancount wants it."""

_DAY = timedelta(days=1)
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_APOSTROPHES = re.compile(r"['’]")

_CHART = select(CHART.c.code, CHART.c.title, CHART.c.kind)
_SPANNED = (ENTRY.c.day >= bindparam("since", type_=Day()), ENTRY.c.day <= bindparam("until", type_=Day()))
_DAYS = select(func.min(ENTRY.c.day).label("first"), func.max(ENTRY.c.day).label("last")).where(*_SPANNED)
_ENTRIES = (
    select(ENTRY)
    .where(
        tuple_(ENTRY.c.day, ENTRY.c.number)
        > tuple_(bindparam("day", type_=Day()), bindparam("number", type_=Text())),
        ENTRY.c.day <= bindparam("until", type_=Day()),
    )
    .order_by(ENTRY.c.day, ENTRY.c.number)
    .limit(bindparam("page"))
)
_POSTINGS = (
    select(POSTING)
    .where(POSTING.c.entry.in_(bindparam("entries", expanding=True)))
    .order_by(POSTING.c.entry, POSTING.c.line)
)
_KEPT = (
    select(PERIOD.c.code, PERIOD.c.last, BALANCE.c.chart, BALANCE.c.balance)
    .join_from(BALANCE, PERIOD, BALANCE.c.period == PERIOD.c.code)
    .where(PERIOD.c.last >= bindparam("since", type_=Day()), PERIOD.c.last <= bindparam("until", type_=Day()))
    .order_by(PERIOD.c.last, BALANCE.c.chart)
    .execution_options(yield_per=PAGE)
)


def write(work: Work, span: Span) -> Iterator[str]:
    """Yield the ledger of these days, as lines; what accounts held before them stands at their head as one entry."""
    since, until = span.since or FIRST_DAY, span.until or LAST_DAY
    days = {"since": since, "until": until}
    posted = work.execute(_DAYS, days).one()
    carried = _carried(work, since - _DAY) if span.since else {}
    begin = since - _DAY if carried else span.since or posted.first or work.today
    book = Book(work)
    yield from book.head(begin)
    if carried:
        yield from book.carried(begin, carried)
    for entry, postings in _entries(work, since, until):
        yield from book.entry(entry, postings)
    for (period, day), kept in groupby(work.execute(_KEPT, days), key=attrgetter("code", "last")):
        yield from book.asserted(f"kept when {period} was closed", day, {b.chart: b.balance for b in kept})
    yield from book.asserted("the trial balance", posted.last or begin, _balances(work, until))


class Book:
    """Writes entries and balances under the names that Beancount has for our accounts.

    Args:
        work: Its chart of accounts is read once.
    """

    def __init__(self, work: Work) -> None:
        self._title = work.enterprise.name
        self._currency = work.enterprise.currency
        self._chart = sorted(work.execute(_CHART), key=attrgetter("code"))
        self._names = account_names(self._chart)

    def head(self, begin: date) -> Iterator[str]:
        """Yield whose books these are, and their accounts."""
        yield f'option "title" {quoted(self._title)}'
        yield f'option "operating_currency" "{self._currency}"'
        yield 'option "tolerance_multiplier" "0"'
        yield ""
        for row in self._chart:
            yield f"{begin} open {self._names[row.code]} {self._currency}"
            yield f"  number: {quoted(row.code)}"
            yield f"  title: {quoted(row.title)}"

    def carried(self, day: date, balances: Mapping[str, Decimal]) -> Iterator[str]:
        """Yield one transaction with what the accounts hold at the end of a day."""
        yield ""
        yield f'{day} * "carried forward"'
        for code, balance in balances.items():
            yield f"  {self._amount(code, balance)}"

    def entry(self, entry: Row[Any], postings: Iterable[Row[Any]]) -> Iterator[str]:
        """Yield a journal entry; it is linked by its number, and by that of the entry it reverses."""
        told = entry.text or f"{entry.kind} {entry.document}".strip()
        links = " ".join(f"^{number}" for number in (entry.number, entry.reverses) if number)
        yield ""
        yield f"{entry.day} * {quoted(told)} {links}"
        yield f"  kind: {quoted(entry.kind)}"
        if entry.document:
            yield f"  reference: {quoted(entry.document)}"
        if entry.business_day != entry.day:
            yield f"  business-day: {entry.business_day}"
        for posting in postings:
            yield f"  {self._amount(posting.chart, posting.amount_own)}"
            if posting.currency != self._currency:
                yield f"    foreign: {money(posting.amount, posting.currency)}"
            if posting.party:
                yield f"    party: {quoted(posting.party)}"
            if posting.text:
                yield f"    text: {quoted(posting.text)}"

    def asserted(self, whose: str, day: date, balances: Mapping[str, Decimal]) -> Iterator[str]:
        """Yield what the accounts must hold at the end of a day; Beancount looks in the morning of the next."""
        if balances:
            yield ""
            yield f"; {whose}"
        for code, balance in balances.items():
            yield f"{day + _DAY} balance {self._amount(code, balance)}"

    def _amount(self, code: str, amount: Decimal) -> str:
        return f"{self._names[code]}  {money(amount, self._currency)}"


def account_names(chart: Iterable[Row[Any]]) -> dict[str, str]:
    """Return what Beancount calls each account, by its number: ``Assets:1000-Bank``.

    A name tells kind, number and title, as far as Beancount has letters for them; it depends on nothing else. Where
    two accounts would be called alike, a digest of its number stands in the name of each.
    """
    names = {row.code: f"{ROOTS[row.kind]}:{_component(row.code, row.title)}" for row in chart}
    times = Counter(names.values())
    return {
        code: name if times[name] == 1 else f"{name}-{sha256(code.encode()).hexdigest()[:12]}"
        for code, name in names.items()
    }


def quoted(text: str) -> str:
    """Return a text as Beancount reads it."""
    return f'"{text.translate(_ESCAPES)}"'


def money(amount: Decimal, currency: str) -> str:
    """Return an exact amount as Beancount reads it, with all decimals of its currency: ``1234.50 GBP``."""
    return f"{padded(amount, minor_units(currency)):f} {currency}"


def _component(*texts: str) -> str:
    """Return a part of an account's name: letters, digits and hyphens, with a capital or a digit at its head."""
    composed = _APOSTROPHES.sub("", unicodedata.normalize("NFC", " ".join(texts)))
    words = "".join(sign if _allowed(sign) else " " for sign in composed).split()
    name = "-".join(words)
    name = name[:1].upper() + name[1:]
    return name if unicodedata.category(name[:1] or " ") in ("Lu", "Nd") else f"X{name}"


def _allowed(sign: str) -> bool:
    kind = unicodedata.category(sign)
    return kind.startswith("L") or kind == "Nd"


def _entries(work: Work, since: date, until: date) -> Iterator[tuple[Row[Any], list[Row[Any]]]]:
    """Yield journal entries with their postings, by day and number; a page of them is in memory."""
    day, number = since, ""
    while page := _page(work, day, number, until):
        found = work.execute(_POSTINGS, {"entries": [entry.number for entry in page]})
        postings = {entry: list(rows) for entry, rows in groupby(found, key=attrgetter("entry"))}
        for entry in page:
            yield entry, postings[entry.number]
        day, number = page[-1].day, page[-1].number


def _page(work: Work, day: date, number: str, until: date) -> Sequence[Row[Any]]:
    """Return the entries that follow this one, up to a day."""
    after = {"day": day, "number": number, "until": until, "page": PAGE}
    return work.execute(_ENTRIES, after).all()


def _balances(work: Work, until: date) -> dict[str, Decimal]:
    """Return what each account that was ever posted to holds at the end of a day, by its number."""
    return dict(sorted((row.chart, row.balance) for row in work.execute(trial_balance(work, until))))


def _carried(work: Work, until: date) -> dict[str, Decimal]:
    return {code: balance for code, balance in _balances(work, until).items() if balance}
