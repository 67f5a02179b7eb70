"""Answers to ERP's hooks: who hands over what is paid for before it leaves, when no module keeps stock."""

from __future__ import annotations

from collections.abc import Sequence

from fenbu import Refusal
from fenbu.contracts.erp import DraftOrder, LineQuantity, erp_open_lines
from fenbu.hooks import hookimpl
from fenbu.i18n import _
from fenbu.work import Work
from fenbu_online_retail.codes import CHANNEL, KEEPS_PROMISES, TAKES_MONEY


@hookimpl
def erp_order_fulfiller(work: Work, order: DraftOrder) -> str | None:
    """Goods of the file were handed over; where orders are paid for, they are when ERP releases them."""
    ours = order.channel == CHANNEL and work.enabled(TAKES_MONEY) and not work.enabled(KEEPS_PROMISES)
    return work.module if ours else None


@hookimpl
def erp_order_cancellation(work: Work, order: str, lines: Sequence[LineQuantity]) -> Refusal | None:  # noqa: ARG001
    """What is released is on its way to being recorded as handed over."""
    left = work.ask(erp_open_lines, orders=[order]) or ()
    if any(line.fulfiller == work.module and line.released > 0 for line in left):
        return Refusal(_("it was handed over when it was paid"))
    return None
