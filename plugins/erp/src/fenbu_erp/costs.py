"""What goods cost: posted when stock moves, as the supply chain tells it, in the own currency."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from fenbu.work import Work
from fenbu_erp import ledger
from fenbu_erp.chart import Role
from fenbu_erp.rates import ONE


def post(work: Work, kind: str, debit: Role, credit: Role, value: Decimal, day: date, document: str) -> None:
    """Post a value from one role to another; a negative value goes the other way, zero is not posted."""
    if not value:
        return
    with ledger.opened(work, day) as books:
        sheet = books.sheet(work.enterprise.currency, ONE)
        sheet.debit(debit, value)
        sheet.credit(credit, value)
        books.post(kind, sheet.postings, document=document)
