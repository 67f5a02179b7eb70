"""What human resources have from the first day: the agreed pay as a component, two kinds of leave."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import insert

from fenbu.i18n import _
from fenbu.work import Work
from fenbu_hrm import components
from fenbu_hrm.tables import LEAVE_TYPE

ANNUAL_DAYS = Decimal(20)
"""Four weeks of five days. Source: Directive 2003/88/EC, article 7 (1)."""


def seed(work: Work) -> None:
    """Write the rows without which nobody can be paid or away; run once, when the module is first enabled."""
    components.seed(work)
    work.execute(
        insert(LEAVE_TYPE),
        [
            {"code": "annual", "title": _("Annual leave"), "days": ANNUAL_DAYS, "overdraw": False},
            {"code": "sick", "title": _("Sickness"), "days": Decimal(0), "overdraw": True},
        ],
    )
