"""What this module does when something has happened."""

from __future__ import annotations

from decimal import Decimal

from fenbu.contracts.erp import OrderReleased
from fenbu.contracts.scm import CostedLine, GoodsDispatched
from fenbu.work import Work


def released(work: Work, event: OrderReleased) -> None:
    """Goods leave as soon as what their order waited for is met; nobody here knows what they cost."""
    assert work.event is not None
    work.publish(
        GoodsDispatched(
            order=event.order,
            shipment=f"{event.order}/{work.event.seq}",
            day=event.day,
            currency=work.enterprise.currency,
            lines=tuple(
                CostedLine(line=line.line, item=line.item, quantity=line.quantity, cost=Decimal(0))
                for line in event.lines
            ),
        )
    )
