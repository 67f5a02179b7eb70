"""Journal entries by hand: posted, reversed; and opening balances."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from pydantic import Field, model_validator
from sqlalchemy import Row, bindparam, select

from fenbu.errors import FieldProblem, InputInvalid, NotFound
from fenbu.i18n import _
from fenbu.inputs import AmountOrZero, Code, Day, Input, Reason
from fenbu.work import Work
from fenbu_erp import accounts, ledger, open_items
from fenbu_erp.chart import Role, resolve
from fenbu_erp.errors import EntryNotReversible
from fenbu_erp.inputs import CurrencyOrNone, ExchangeRate, Text, require_payable
from fenbu_erp.ledger import Books, Posting
from fenbu_erp.open_items import OpenItem
from fenbu_erp.order import ZERO
from fenbu_erp.rates import in_own, rate_on
from fenbu_erp.tables import ENTRY, POSTING

MANUAL, OPENING, REVERSAL = "manual", "opening", "reversal"
_CORRECTABLE = frozenset({MANUAL, OPENING})

_ENTRY = select(ENTRY).where(ENTRY.c.number == bindparam("wanted"))
_REVERSED_BY = select(ENTRY.c.number).where(ENTRY.c.reverses == bindparam("wanted"))
_POSTINGS = select(POSTING).where(POSTING.c.entry == bindparam("wanted")).order_by(POSTING.c.line)


class JournalLine(Input):
    """One line of an entry: either debit or credit."""

    account: Code = Field(description="Code of a ledger account, or a role as @bank, @bad_debt")
    debit: AmountOrZero = ZERO
    credit: AmountOrZero = ZERO
    party: str = Field("", max_length=64, description="Account number; wanted on control accounts")
    currency: CurrencyOrNone = Field("", description="The enterprise's own unless given")
    exchange_rate: ExchangeRate | None = None
    text: Text = ""

    @model_validator(mode="after")
    def _one_side(self) -> JournalLine:
        if (self.debit == 0) == (self.credit == 0):
            raise ValueError(_("a line is either debit or credit, above zero"))
        return self


class PostEntry(Input):
    """A journal entry by hand."""

    lines: Sequence[JournalLine] = Field(min_length=2, max_length=1_000)
    day: Day | None = Field(None, description="Business date; today unless given")
    text: Text = Field("", description="What it is about")


class ReverseEntry(Input):
    """An entry that was wrong."""

    entry: Code
    reason: Reason
    day: Day | None = Field(None, description="Business date of the reversal; today unless given")


class OpeningLine(JournalLine):
    """A balance taken over from the books kept before."""

    document: str = Field("", max_length=64, description="Number of the open invoice or credit it stands for")
    due: Day | None = Field(None, description="When it is due; the opening day unless given")


class PostOpening(Input):
    """Balances taken over; what they do not balance stands against the opening account."""

    lines: Sequence[OpeningLine] = Field(min_length=1, max_length=10_000)
    day: Day = Field(description="The day before the books begin here")


def post(work: Work, wanted: PostEntry) -> dict[str, Any]:
    """Post an entry by hand.

    Raises:
        NotFound: No such ledger account, role or party.
        EntryUnbalanced: Debit and credit differ.
        PartyMissing: A line on a control account says nothing of whose debt it is.
    """
    day = wanted.day or work.today
    with ledger.opened(work, day) as books:
        postings = _postings(work, wanted.lines, books)
        entry = books.post(MANUAL, postings, text=wanted.text)
        _keep_open(work, entry, "journal", postings, wanted.lines, books)
    return {"entry": entry, "debit": _debit(postings)}


def open_books(work: Work, wanted: PostOpening) -> dict[str, Any]:
    """Post opening balances; receivables and deposits become open items of their parties.

    Raises:
        NotFound, PartyMissing: As for an entry by hand.
        InputInvalid: A document's number is taken.
    """
    taken = open_items.of_documents(work, [line.document for line in wanted.lines if line.document])
    if taken:
        problem = FieldProblem("lines", _("these documents are known already"), ", ".join(sorted(taken)))
        raise InputInvalid("erp.opening.post", [problem])
    with ledger.opened(work, wanted.day) as books:
        postings = _postings(work, wanted.lines, books)
        balancing = []
        if rest := sum((posting.own for posting in postings), ZERO):
            own = work.enterprise.currency
            balancing = [Posting(books.chart.code(Role.OPENING), own, -rest, -rest)]
        entry = books.post(OPENING, [*postings, *balancing])
        _keep_open(work, entry, "opening", postings, wanted.lines, books)
    return {"entry": entry, "lines": len(postings), "against_opening": -rest}


def reverse(work: Work, wanted: ReverseEntry) -> dict[str, Any]:
    """Post the opposite of an entry made by hand; both stay in the journal.

    Raises:
        NotFound: No such entry.
        EntryNotReversible: It belongs to a document, was reversed before, or what it left open is matched.
    """
    entry = _entry(work, wanted.entry)
    rows = list(work.execute(_POSTINGS, {"wanted": entry.number}))
    items = _items_of(work, entry, rows)
    postings = [
        Posting(row.chart, row.currency, -row.amount, -row.amount_own, row.party, row.text) for row in rows
    ]
    with ledger.opened(work, wanted.day or work.today) as books:
        number = books.post(REVERSAL, postings, text=wanted.reason, reverses=entry.number)
    for item in items:
        item.take(item.open, work.enterprise.currency)
    open_items.save(work, items)
    return {"entry": number, "reverses": entry.number}


def _entry(work: Work, number: str) -> Row[Any]:
    entry = work.execute(_ENTRY, {"wanted": number}).first()
    if entry is None:
        raise NotFound(_("journal entry"), number, _("fenbu show erp.journal lists them"))
    if entry.kind not in _CORRECTABLE:
        told = _("it belongs to {document}") if entry.document else _("it is itself a {kind}")
        raise EntryNotReversible(number, told.format(document=entry.document, kind=entry.kind))
    if by := work.execute(_REVERSED_BY, {"wanted": number}).scalar():
        raise EntryNotReversible(number, _("it was reversed by {entry}").format(entry=by))
    return entry


def _items_of(work: Work, entry: Row[Any], rows: Sequence[Row[Any]]) -> list[OpenItem]:
    """Return the open items that an entry made, untouched; EntryNotReversible when one is matched."""
    items = open_items.of_entry(work, entry.number) if any(row.party for row in rows) else []
    for item in items:
        if item.matched:
            raise EntryNotReversible(
                entry.number, _("{document} is matched already").format(document=item.document)
            )
    return items


def _postings(work: Work, lines: Sequence[JournalLine], books: Books) -> list[Posting]:
    codes = resolve(work, books.chart, [line.account for line in lines])
    for party in sorted({line.party for line in lines if line.party}):
        accounts.find(work, party)
    own_currency = work.enterprise.currency
    postings = []
    for position, line in enumerate(lines):
        currency = line.currency or own_currency
        amount = line.debit - line.credit
        require_payable("erp.journal.post", f"lines.{position}", amount, currency)
        rate = rate_on(work, currency, books.day, line.exchange_rate)
        own = in_own(work, amount, rate)
        postings.append(Posting(codes[line.account], currency, amount, own, line.party, line.text))
    return postings


def _keep_open(
    work: Work,
    entry: str,
    kind: str,
    postings: Sequence[Posting],
    lines: Iterable[JournalLine],
    books: Books,
) -> None:
    """Keep what postings on control accounts leave owing."""
    open_items.add(
        work,
        [
            OpenItem(
                document=getattr(line, "document", "") or f"{entry}/{position}",
                kind=kind,
                account=posting.party,
                order_number="",
                control=books.chart.control[posting.chart],
                currency=posting.currency,
                amount=posting.amount,
                amount_own=posting.own,
                day=books.day,
                due=getattr(line, "due", None) or books.day,
                entry=entry,
            )
            for position, (posting, line) in enumerate(zip(postings, lines, strict=True), 1)
            if posting.chart in books.chart.control
        ],
    )


def _debit(postings: Iterable[Posting]) -> Decimal:
    return sum((posting.own for posting in postings if posting.own > 0), ZERO)
