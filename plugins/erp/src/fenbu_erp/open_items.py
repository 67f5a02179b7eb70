"""Open items: what each document leaves owing, in hand; and which of them cancel each other.

The first half knows no database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from attrs import define, fields, frozen
from sqlalchemy import Row, bindparam, case, insert, literal_column, select, update

from fenbu.work import Work
from fenbu_erp.order import ZERO, share
from fenbu_erp.tables import ACCOUNT, OPEN_ITEM


@define
class OpenItem:
    """What an account owes us (positive) or we owe it (negative) by one document."""

    document: str
    kind: str
    """``invoice``, ``credit_note``, ``receipt``, ``payment``, ``opening``, ``journal``, ``payout`` …."""
    account: str
    order_number: str
    control: str
    """Role of the ledger account on which it stands: receivables or deposits."""
    currency: str
    amount: Decimal
    amount_own: Decimal
    day: date
    due: date
    entry: str
    matched: Decimal = ZERO
    matched_own: Decimal = ZERO

    @property
    def open(self) -> Decimal:
        """What is not matched yet, signed as the amount."""
        return self.amount - self.matched

    def take(self, amount: Decimal, own_currency: str) -> Decimal:
        """Match this much, signed as the amount, and return its worth in the own currency.

        The worths of all parts add up to that of the whole.
        """
        if self.open == amount:
            own = self.amount_own - self.matched_own
        else:
            own = share(self.amount_own, self.matched, amount, self.amount, own_currency)
        self.matched += amount
        self.matched_own += own
        return own


@frozen
class Pair:
    """An amount by which a debit and a credit cancel each other."""

    debit: OpenItem
    credit: OpenItem
    amount: Decimal
    debit_own: Decimal
    credit_own: Decimal


@frozen
class Owed:
    """A document that leaves something owing, and the order it is of."""

    document: str
    order_number: str


def paired(
    debits: Iterable[OpenItem],
    creditors: Iterable[OpenItem],
    own_currency: str,
    limit: Decimal | None = None,
) -> list[Pair]:
    """Match debits with credits in the order given, as far as they reach.

    Args:
        debits: What is owed to us, all in one currency.
        creditors: What has come in, in the same.
        own_currency: Of the enterprise.
        limit: At most this much in total.
    """
    pairs = []
    left = limit
    waiting = [item for item in creditors if item.open < 0]
    for debit in debits:
        while debit.open > 0 and waiting and (left is None or left > 0):
            credit = waiting[0]
            amount = min(debit.open, -credit.open)
            if left is not None:
                amount = min(amount, left)
                left -= amount
            pairs.append(
                Pair(
                    debit,
                    credit,
                    amount,
                    debit.take(amount, own_currency),
                    -credit.take(-amount, own_currency),
                )
            )
            if credit.open == 0:
                waiting.pop(0)
    return pairs


# --- rows -----------------------------------------------------------------------------------------------

_FIELDS = tuple(f.name for f in fields(OpenItem))
_COLUMNS = [OPEN_ITEM.c[name] for name in _FIELDS]
_OPEN = OPEN_ITEM.c.amount != OPEN_ITEM.c.matched
_INSERT = insert(OPEN_ITEM)
_UPDATE = (
    update(OPEN_ITEM)
    .where(OPEN_ITEM.c.document == bindparam("wanted"))
    .values(matched=bindparam("new_matched"), matched_own=bindparam("new_matched_own"))
)
_OWED = (
    select(
        OPEN_ITEM.c.document,
        OPEN_ITEM.c.order_number,
        (OPEN_ITEM.c.amount - OPEN_ITEM.c.matched).label("open"),
    )
    .where(
        OPEN_ITEM.c.account == bindparam("wanted"),
        OPEN_ITEM.c.currency == bindparam("wanted_currency"),
        OPEN_ITEM.c.amount > 0,
        _OPEN,
    )
    .order_by(OPEN_ITEM.c.due, OPEN_ITEM.c.document)
)
_OWED_BY = _OWED.where(OPEN_ITEM.c.document.in_(bindparam("documents", expanding=True)))
_ITS_OWN = bindparam("wanted_order", type_=OPEN_ITEM.c.order_number.type)
_NOBODYS = (
    select(case((ACCOUNT.c.kind == "walk_in", _ITS_OWN), else_=""))
    .where(ACCOUNT.c.number == bindparam("wanted"))
    .scalar_subquery()
)
"""What stands for the order where a deposit came for none: money of walk-in buyers is left out."""
_DEPOSITS = (
    select(*_COLUMNS)
    .where(
        OPEN_ITEM.c.account == bindparam("wanted"),
        OPEN_ITEM.c.currency == bindparam("wanted_currency"),
        OPEN_ITEM.c.control == literal_column("'deposits'"),  # as in the index that holds them
        OPEN_ITEM.c.amount < 0,
        _OPEN,
        OPEN_ITEM.c.order_number.in_([_ITS_OWN, _NOBODYS]),
    )
    .order_by(OPEN_ITEM.c.document)
    .with_for_update(of=OPEN_ITEM, key_share=True)
)
_LOCK_DEPOSITS = (
    select(OPEN_ITEM.c.document)
    .where(
        OPEN_ITEM.c.account.in_(bindparam("accounts", expanding=True)),
        OPEN_ITEM.c.order_number.in_(bindparam("orders", expanding=True)),
        OPEN_ITEM.c.control == literal_column("'deposits'"),
        OPEN_ITEM.c.amount < 0,
        _OPEN,
    )
    .order_by(OPEN_ITEM.c.document)
    .with_for_update(key_share=True)
)
_OF_ORDER = (
    select(*_COLUMNS)
    .where(OPEN_ITEM.c.order_number == bindparam("wanted"), OPEN_ITEM.c.order_number != "", _OPEN)
    .order_by(OPEN_ITEM.c.document)
    .with_for_update(key_share=True)
)
_OF_ENTRY = (
    select(*_COLUMNS)
    .where(OPEN_ITEM.c.entry == bindparam("wanted"))
    .order_by(OPEN_ITEM.c.document)
    .with_for_update(key_share=True)
)
_DOCUMENTS = (
    select(*_COLUMNS)
    .where(OPEN_ITEM.c.document.in_(bindparam("documents", expanding=True)))
    .order_by(OPEN_ITEM.c.document)
    .with_for_update(key_share=True)
)
_SEEN = select(*_COLUMNS).where(OPEN_ITEM.c.document == bindparam("wanted"))


def add(work: Work, items: Sequence[OpenItem]) -> None:
    """Store new open items; those of zero are not kept."""
    rows: list[dict[str, Any]] = [
        {name: getattr(item, name) for name in _FIELDS} for item in items if item.amount
    ]
    if rows:
        work.execute(_INSERT, rows)


def save(work: Work, items: Iterable[OpenItem]) -> None:
    """Store how much of these items is matched."""
    rows = [
        {"wanted": item.document, "new_matched": item.matched, "new_matched_own": item.matched_own}
        for item in items
    ]
    if rows:
        work.execute(_UPDATE, rows)


def owed(
    work: Work, account: str, currency: str, amount: Decimal, invoices: Collection[str] = ()
) -> list[Owed]:
    """Return what an account owes in one currency, oldest first and not locked: as much as an amount can settle.

    Whoever settles it locks the orders first, then the items (`of_documents`), and looks again.

    Args:
        work: Reads.
        account: Its number.
        currency: Of the items.
        amount: What there is to settle it with.
        invoices: Only these, all of them.
    """
    values: dict[str, Any] = {"wanted": account, "wanted_currency": currency}
    if invoices:
        found = work.execute(_OWED_BY, values | {"documents": sorted(set(invoices))})
        return [Owed(row.document, row.order_number) for row in found]
    owing = []
    for row in work.execute(_OWED, values):
        owing.append(Owed(row.document, row.order_number))
        amount -= row.open
        if amount <= 0:
            break
    return owing


def deposits(work: Work, account: str, currency: str, order_number: str) -> list[OpenItem]:
    """Return the deposits that may settle an order's invoices, locked: its own first, then the oldest.

    Money of walk-in buyers settles nothing but the order it came for.
    """
    found = work.execute(
        _DEPOSITS, {"wanted": account, "wanted_currency": currency, "wanted_order": order_number}
    )
    items = oldest_first(_item(row) for row in found)
    return sorted(items, key=lambda item: item.order_number != order_number)


def lock_deposits(work: Work, accounts: Iterable[str], orders: Iterable[str]) -> None:
    """Lock what these accounts have deposited for these orders or for none, in the order of the documents' numbers."""
    wanted = {"accounts": sorted(set(accounts)), "orders": sorted({"", *orders})}
    work.execute(_LOCK_DEPOSITS, wanted).all()


def of_order(work: Work, order_number: str) -> list[OpenItem]:
    """Return an order's open items, locked, oldest first."""
    return oldest_first(_item(row) for row in work.execute(_OF_ORDER, {"wanted": order_number}))


def of_entry(work: Work, entry: str) -> list[OpenItem]:
    """Return the items that a journal entry left, locked."""
    return [_item(row) for row in work.execute(_OF_ENTRY, {"wanted": entry})]


def of_documents(work: Work, documents: Iterable[str]) -> dict[str, OpenItem]:
    """Return the items of these documents, open or not, locked, by document."""
    wanted = sorted(set(documents))
    if not wanted:
        return {}
    return {row.document: _item(row) for row in work.execute(_DOCUMENTS, {"documents": wanted})}


def seen(work: Work, document: str) -> OpenItem | None:
    """Return the item of a document, open or not, as it is now; it is not locked."""
    row = work.execute(_SEEN, {"wanted": document}).first()
    return None if row is None else _item(row)


def _item(row: Row[Any]) -> OpenItem:
    return OpenItem(*tuple(row))


def oldest_first(items: Iterable[OpenItem]) -> list[OpenItem]:
    """Return items by due day, then by number."""
    return sorted(items, key=lambda item: (item.due, item.document))
