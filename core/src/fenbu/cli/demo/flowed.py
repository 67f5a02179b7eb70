"""What flowed in the shop's months: a row a kind of event, by lane; a column a stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fenbu.cli.demo.growth import topics
from fenbu.cli.demo.telling import heading
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.cli.demo.growth import Lived
    from fenbu.cli.layout import Cell
    from fenbu.engine.kernel import Kernel

_LANES: Mapping[str, Mapping[str, str]] = {
    N_("information"): {
        "crm.customer-registered": N_("customers known"),
        "crm.lead-entered": N_("leads"),
        "crm.case-opened": N_("questions asked"),
        "crm.case-overdue": N_("answered too late"),
        "erp.order-placed": N_("orders placed"),
        "erp.order-released": N_("released"),
        "erp.order-cancelled": N_("cancelled"),
        "erp.order-closed": N_("closed"),
        "hrm.employee-hired": N_("people hired"),
        "hrm.leave-approved": N_("leave approved"),
    },
    N_("capital"): {
        "erp.invoice-issued": N_("invoices"),
        "erp.credit-note-issued": N_("credit notes"),
        "erp.receipt-recorded": N_("payments typed in"),
        "payments.payment-authorised": N_("payments held"),
        "payments.payment-captured": N_("payments taken"),
        "payments.payment-failed": N_("payments declined"),
        "payments.payment-refunded": N_("refunds"),
        "payments.payout-paid": N_("payouts"),
        "hrm.payroll-approved": N_("payrolls approved"),
        "erp.payroll-posted": N_("payrolls posted"),
    },
    N_("goods"): {
        "erp.order-fulfilled": N_("fulfilments"),
        "scm.goods-dispatched": N_("shipments"),
        "scm.backorder-raised": N_("backorders"),
        "scm.backorder-filled": N_("backorders filled"),
        "scm.goods-received": N_("receipts of goods"),
        "scm.goods-returned": N_("returns of goods"),
    },
}


def table(session: Session, kernel: Kernel, stages: Sequence[Lived]) -> None:
    """Write what flowed at each stage, and that all of it was delivered."""
    from fenbu.cli.layout import Cell, Heading

    heading(session, _("What flowed"), "fenbu flows")
    heads = [Heading(_("Lane")), Heading(_("What"))]
    heads += [Heading(" + ".join(one.stage.modules), right=True) for one in stages]
    rows: list[list[Cell]] = []
    for lane, named in _LANES.items():
        first = True
        for topic, text in named.items():
            counts = [one.events[topic] for one in stages]
            if any(counts):
                cells = [Cell(f"{count:,}" if count else "–") for count in counts]
                rows.append([Cell(_(lane) if first else "", "cyan"), Cell(_(text)), *cells])
                first = False
    session.out.table(heads, rows)
    session.out.line(_delivered(kernel))


def _delivered(kernel: Kernel) -> str:
    from sqlalchemy import func, select

    from fenbu.engine.store.tables import delivery, partition

    with kernel.database.read() as connection:
        done = connection.execute(select(func.coalesce(func.sum(partition.c.done), 0))).scalar_one()
        rows = connection.execute(select(delivery.c.state, func.count()).group_by(delivery.c.state))
        states: Counter[str] = Counter({row.state: int(row[1]) for row in rows})
    told = _("{events:,} events; {done:,} deliveries done, each exactly once; {waiting} wait, {dead} dead")
    return told.format(
        events=sum(topics(kernel).values()), done=done, waiting=states["waiting"], dead=states["dead"]
    )
