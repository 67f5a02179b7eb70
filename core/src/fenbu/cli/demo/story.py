"""What the demo shows at its end: what flowed, one order's and one customer's story, books, health, how to go on."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from fenbu.cli.demo import flowed, going_on
from fenbu.cli.demo.done import Told
from fenbu.cli.demo.growth import topics
from fenbu.cli.demo.telling import WIDTH, heading
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.cli.demo.done import Done
    from fenbu.engine.kernel import Kernel

_TELLING = (
    "scm.backorder-raised",
    "scm.backorder-filled",
    "payments.payment-captured",
    "scm.goods-dispatched",
    "erp.order-closed",
)
"""An order to which these have happened is worth telling."""
_OPEN_ENDS = 10
_EVENTS = 12
_TIMELINE = "crm.timeline"
_AT_WORK = ("hrm.employee-hired", "hrm.leave-requested", "hrm.leave-approved")


def show(session: Session, kernel: Kernel, done: Done, *, keep: bool) -> bool:
    """Show what the demo came to; return whether doctor finds everything well."""
    if session.json:
        return _as_json(session, kernel, done)
    told = Told(most_told(kernel), _customer(kernel), _employee(kernel))
    flowed.table(session, kernel, done.lived)
    _one_order(session, kernel, told.order)
    _one_customer(session, kernel, told.customer)
    _trial_balance(session, kernel)
    _open_ends(session, kernel)
    _metrics(session, kernel)
    healthy = _doctor(session, kernel)
    if keep:
        going_on.show(session, kernel, done, told)
    return healthy


def most_told(kernel: Kernel) -> str:
    """Return the order to which most different things have happened that are worth telling, the latest of them."""
    from sqlalchemy import func, select

    from fenbu.engine.store.tables import event

    kinds = func.count(event.c.topic.distinct())
    told = (
        select(event.c.key, kinds.label("kinds"), func.max(event.c.seq).label("last"))
        .where(event.c.topic.in_(_TELLING))
        .group_by(event.c.key)
        .order_by(kinds.desc(), func.max(event.c.seq).desc())
        .limit(1)
    )
    with kernel.database.read() as connection:
        found = connection.execute(told).first()
        if found is None:
            placed = select(event.c.key).where(event.c.topic == "erp.order-placed").limit(1)
            found = connection.execute(placed).one()
    return str(found.key)


def _one_order(session: Session, kernel: Kernel, number: str) -> None:
    from fenbu.cli.explain import tell
    from fenbu.engine import explaining

    heading(session, _("One order, as it happened"), f"fenbu explain order {number}")
    with kernel.read() as work:
        tell(session, kernel, explaining.explain(work, "order", number))


def _customer(kernel: Kernel) -> str | None:
    """Return the customer to whom most different things have happened, the latest of them; not who gave no name."""
    from sqlalchemy import func, select

    if _TIMELINE not in kernel.assembly.views:
        return None
    with kernel.read("crm") as work:
        told = kernel.assembly.view(_TIMELINE).query(work).subquery().c
        wanted = (
            select(told.customer)
            .where(~told.customer.like("%WALK-IN"))
            .group_by(told.customer)
            .order_by(func.count(told.topic.distinct()).desc(), func.max(told.event).desc())
            .limit(1)
        )
        found: str | None = work.execute(wanted).scalar()
    return found


def _employee(kernel: Kernel) -> str | None:
    """Return somebody who was on leave, or whoever was hired first."""
    from sqlalchemy import func, select

    from fenbu.engine.store.tables import event

    told = (
        select(event.c.key)
        .where(event.c.module == "hrm", event.c.topic.in_(_AT_WORK))
        .group_by(event.c.key)
        .order_by(func.count(event.c.topic.distinct()).desc(), event.c.key)
        .limit(1)
    )
    with kernel.database.read() as connection:
        found: str | None = connection.execute(told).scalar()
    return found


def _one_customer(session: Session, kernel: Kernel, number: str | None) -> None:
    """Write what happened to a customer lately, in whichever module."""
    from fenbu.cli.explain import tell
    from fenbu.engine import explaining

    if number is None:
        return
    heading(session, _("One customer, lately"), f"fenbu explain customer {number}")
    with kernel.read() as work:
        tell(session, kernel, explaining.explain(work, "customer", number, most=_EVENTS))


def _trial_balance(session: Session, kernel: Kernel) -> None:
    from fenbu.cli.show import show_page

    view = kernel.assembly.view("erp.trial-balance")
    heading(session, _("Trial balance"), "fenbu show erp.trial-balance")
    wanted = ("chart", "title", "debit", "credit", "balance")
    show_page(session, kernel, view, wanted=wanted, limit=100)
    sums = _sums(kernel)
    agree = (
        session.out.style("✔", "green") if sums["debit"] == sums["credit"] else session.out.style("✖", "red")
    )
    currency = kernel.assembly.enterprise.currency
    session.out.line(
        f"{agree} "
        + _("debit {debit:,.2f} = credit {credit:,.2f} {currency}").format(currency=currency, **sums)
    )


def _sums(kernel: Kernel) -> dict[str, Any]:
    from fenbu.engine.reading import page

    with kernel.read("erp") as work:
        rows = page(work, kernel.assembly.view("erp.trial-balance"), limit=1000).rows
    return {side: sum(row[side] or 0 for row in rows) for side in ("debit", "credit")}


def _open_ends(session: Session, kernel: Kernel) -> None:
    """Show what is still short, and money that belongs to no document."""
    from fenbu.cli.show import show_page

    views = kernel.assembly.views
    for name, text in (
        ("scm.backorders", N_("Still short")),
        ("payments.money-without-document", N_("Money without document")),
    ):
        if name in views:
            heading(session, _(text), f"fenbu show {name}")
            if _any(kernel, name):
                show_page(session, kernel, views[name], limit=_OPEN_ENDS)
            else:
                session.out.line(f"{session.out.style('✔', 'green')} {_('none')}")


def _any(kernel: Kernel, name: str) -> bool:
    from fenbu.engine.reading import page

    with kernel.read(kernel.assembly.module_of(name)) as work:
        return bool(page(work, kernel.assembly.view(name), limit=1).rows)


def _metrics(session: Session, kernel: Kernel) -> None:
    from fenbu.cli.metrics import measure, table

    heading(session, _("Numbers"), "fenbu metrics --definitions")
    measured = [(metric, measure(kernel, metric)) for metric in kernel.assembly.metrics.values()]
    telling = [(metric, value) for metric, value in measured if value]
    table(session, kernel, telling, definitions=False)
    session.out.line(_("and {count} that are zero").format(count=len(measured) - len(telling)))


def _doctor(session: Session, kernel: Kernel) -> bool:
    from fenbu.engine.doctor import examine

    examined = list(examine(kernel))
    sick = [one for one in examined if not one.well]
    heading(session, _("Health"), "fenbu doctor")
    for one in sick:
        session.out.line(f"  {session.out.style('✖', 'red')} {one.check.name}: {one.finding.detail}")
        session.out.line(f"    {_(one.check.repair)}")
    well = [one.check.name for one in examined if one not in sick]
    sign = session.out.style("✔", "green")
    for left, right in zip_longest(well[::2], well[1::2]):
        session.out.line(f"  {sign} {left:<{WIDTH // 2 - 4}}" + (f"{sign} {right}" if right else ""))
    return not sick


def _as_json(session: Session, kernel: Kernel, done: Done) -> bool:
    from fenbu.engine.doctor import examine

    sick = [one.check.name for one in examine(kernel) if not one.well]
    body = {
        "folder": str(done.folder),
        "seed": done.seed,
        "seconds": round(done.seconds, 1),
        "orders": len(done.trade.orders),
        "stages": [
            {
                "stage": one.stage.name,
                "modules": list(one.stage.modules),
                "first": one.season.first,
                "last": one.season.last,
                "orders": one.orders,
                "events": dict(sorted(one.events.items())),
                "delivered": dict(sorted(one.delivered.items())),
            }
            for one in done.lived
        ],
        "skipped": done.skipped,
        "events": dict(sorted(topics(kernel).items())),
        "trial_balance": _sums(kernel),
        "healthy": not sick,
        "failed_checks": sick,
    }
    session.out.document("demo", body)
    return not sick
