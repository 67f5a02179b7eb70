"""What the demo shows at its end: what flowed at each stage, one order's story, books, health, how to go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define

from fenbu.cli.demo.growth import topics
from fenbu.cli.demo.telling import WIDTH, heading
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.cli.demo.growth import Lived
    from fenbu.cli.demo.shop import Shop
    from fenbu.cli.demo.stages import Stage
    from fenbu.cli.demo.trade import Trade
    from fenbu.cli.layout import Cell
    from fenbu.engine.kernel import Kernel

_FLOWS: Mapping[str, Mapping[str, str]] = {
    N_("information"): {
        "erp.order-placed": N_("orders placed"),
        "erp.order-released": N_("released"),
        "erp.order-cancelled": N_("cancelled"),
        "erp.order-closed": N_("closed"),
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
_TELLING = (
    "scm.backorder-raised",
    "scm.backorder-filled",
    "payments.payment-captured",
    "scm.goods-dispatched",
    "erp.order-closed",
)
"""An order to which these have happened is worth telling."""
_OPEN_ENDS = 10


@define
class Done:
    """What a demo has made."""

    folder: Path
    seed: int
    shop: Shop
    trade: Trade
    lived: list[Lived]
    skipped: list[Stage]
    seconds: float


def show(session: Session, kernel: Kernel, done: Done, *, keep: bool) -> bool:
    """Show what the demo came to; return whether doctor finds everything well."""
    if session.json:
        return _as_json(session, kernel, done)
    _flows(session, kernel, done.lived)
    number = most_told(kernel)
    _one_order(session, kernel, number)
    _trial_balance(session, kernel)
    _open_ends(session, kernel)
    _metrics(session, kernel)
    healthy = _doctor(session, kernel)
    if keep:
        _next(session, kernel, done, number)
    return healthy


def _flows(session: Session, kernel: Kernel, lived: Iterable[Lived]) -> None:
    """Write what flowed, a row a kind of event, a column a stage."""
    from fenbu.cli.layout import Cell, Heading

    stages = list(lived)
    heading(session, _("What flowed"), "fenbu flows")
    heads = [Heading(_("Lane")), Heading(_("What"))]
    heads += [Heading(" + ".join(one.stage.modules), right=True) for one in stages]
    rows: list[list[Cell]] = []
    for lane, named in _FLOWS.items():
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
    table(session, kernel, measured, definitions=False)


def _doctor(session: Session, kernel: Kernel) -> bool:
    from fenbu.engine.doctor import examine

    examined = list(examine(kernel))
    sick = [one for one in examined if one.finding.health != "ok"]
    heading(session, _("Health"), "fenbu doctor")
    for one in sick:
        session.out.line(f"  {session.out.style('✖', 'red')} {one.check.name}: {one.finding.detail}")
        session.out.line(f"    {_(one.check.repair)}")
    well = [one.check.name for one in examined if one not in sick]
    sign = session.out.style("✔", "green")
    for left, right in zip_longest(well[::2], well[1::2]):
        session.out.line(f"  {sign} {left:<{WIDTH // 2 - 4}}" + (f"{sign} {right}" if right else ""))
    return not sick


def _next(session: Session, kernel: Kernel, done: Done, number: str) -> None:
    heading(session, _("Go on"), "")
    commands = [
        (f"cd {done.folder}", _("it lies here, in one file")),
        ("fenbu tui", _("look around")),
        ("fenbu show erp.orders --limit 10", _("the newest orders")),
        ("fenbu show erp.aged-receivables", _("who owes what since when")),
        (f"fenbu explain order {number}", _("one order's story")),
        ("fenbu do erp.order.place --help", _("place one yourself")),
    ]
    if "scm" in kernel.assembly.modules:
        commands.append(("fenbu do scm.receipt.post --help", _("fill what is short")))
    if "payments" in kernel.assembly.modules:
        commands.append(("fenbu do payments.payment.refund --help", _("give money back")))
    month = f"{done.shop.first_day:%Y-%m}"
    commands.append((f"fenbu do erp.period.close --period {month}", _("close the first month")))
    for command, text in commands:
        session.out.line(f"  {command:<43}  {session.out.style(text, 'dim')}")


def _as_json(session: Session, kernel: Kernel, done: Done) -> bool:
    from fenbu.engine.doctor import examine

    sick = [one.check.name for one in examine(kernel) if one.finding.health != "ok"]
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
        "skipped": [stage.name for stage in done.skipped],
        "events": dict(sorted(topics(kernel).items())),
        "trial_balance": _sums(kernel),
        "healthy": not sick,
        "failed_checks": sick,
    }
    session.out.document("demo", body)
    return not sick
