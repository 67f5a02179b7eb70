"""What an enterprise has from the first day: a chart of accounts, two tax categories, a walk-in account."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import insert

from fenbu.i18n import _
from fenbu.work import Work
from fenbu_erp import accounts, chart, taxes
from fenbu_erp.tables import TAX_CATEGORY, TAX_RATE

STANDARD_TAX = "standard"
_ALWAYS = date(1970, 1, 1)


def seed(work: Work) -> None:
    """Write the rows without which nothing can be sold; run once, when the module is first enabled."""
    chart.seed(work)
    work.execute(
        insert(TAX_CATEGORY),
        [
            {"code": taxes.UNTAXED, "title": _("Without tax")},
            {"code": STANDARD_TAX, "title": _("Standard rate")},
        ],
    )
    work.execute(
        insert(TAX_RATE),
        [
            {"category": taxes.UNTAXED, "since": _ALWAYS, "rate": Decimal(0)},
            {"category": STANDARD_TAX, "since": _ALWAYS, "rate": Decimal("0.2")},
        ],
    )
    walk_in = accounts.NewAccount(
        account=accounts.WALK_IN, kind="walk_in", name=_("Walk-in customers"), address="", currency=""
    )
    accounts.register(work, accounts.RegisterAccounts(accounts=[walk_in]))
