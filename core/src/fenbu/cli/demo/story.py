"""What the demo shows: what flowed, one order's story, the books, the numbers, the health, and how to go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.cli.demo.command import Done
    from fenbu.cli.demo.shop import Story
    from fenbu.engine.kernel import Kernel

WIDTH = 80
_FLOWS: Mapping[str, Mapping[str, str]] = {
    N_("information"): {
        "erp.order-placed": N_("orders placed"),
        "erp.order-released": N_("released"),
        "erp.order-cancelled": N_("cancelled"),
        "erp.order-closed": N_("closed"),
    },
    N_("goods"): {"erp.order-fulfilled": N_("handed over")},
    N_("capital"): {
        "erp.invoice-issued": N_("invoices"),
        "erp.credit-note-issued": N_("credit notes"),
        "erp.receipt-recorded": N_("receipts"),
        "erp.invoice-settled": N_("invoices settled"),
    },
}
_STEP = 18


def begin(session: Session) -> None:
    """Write the heading."""
    if not session.json:
        session.out.title(_("fenbu 分步 · an enterprise from its first order to its ledger"))
        session.out.line()


def step(session: Session, command: str, text: str) -> None:
    """Write one step with the command that does it by hand."""
    if not session.json:
        session.out.line(f"  {session.out.style('✔', 'green')} {command:<{_STEP}}{text}")


def show(session: Session, kernel: Kernel, done: Done, *, keep: bool) -> bool:
    """Show what the demo came to; return whether doctor finds everything well."""
    if session.json:
        return _as_json(session, kernel, done)
    _flows(session, kernel)
    _one_order(session, kernel, done)
    _trial_balance(session, kernel)
    _metrics(session, kernel)
    healthy = _doctor(session, kernel)
    if keep:
        _next(session, done)
    return healthy


def _heading(session: Session, text: str, command: str) -> None:
    gap = max(1, WIDTH - len(text) - len(command))
    session.out.line()
    session.out.line(
        f"{session.out.style(text, 'bold')}{' ' * gap}{session.out.style(command, 'dim')}".rstrip()
    )


def _flows(session: Session, kernel: Kernel) -> None:
    from fenbu.cli.layout import wrap

    _heading(session, _("What flowed"), "fenbu flows")
    told = _events(kernel)
    for lane, topics in _FLOWS.items():
        parts = [f"{told[topic]:,} {_(text)}" for topic, text in topics.items() if told[topic]]
        first, *rest = wrap(" · ".join(parts), WIDTH - 16)
        session.out.line(f"  {session.out.style(f'{_(lane):<12}', 'cyan')}  {first}")
        for more in rest:
            session.out.line(f"{' ' * 16}{more}")
    session.out.line(f"  {_delivered(kernel)}")


def _events(kernel: Kernel) -> Counter[str]:
    from sqlalchemy import func, select

    from fenbu.engine.store.tables import event

    with kernel.database.read() as connection:
        rows = connection.execute(select(event.c.topic, func.count()).group_by(event.c.topic)).all()
    return Counter({row.topic: int(row[1]) for row in rows})


def _delivered(kernel: Kernel) -> str:
    from sqlalchemy import func, select

    from fenbu.engine.store.tables import delivery, partition

    with kernel.database.read() as connection:
        done = connection.execute(select(func.coalesce(func.sum(partition.c.done), 0))).scalar_one()
        rows = connection.execute(select(delivery.c.state, func.count()).group_by(delivery.c.state))
        states: Counter[str] = Counter({row.state: int(row[1]) for row in rows})
    return _(
        "{events:,} events in all; {done:,} deliveries done, each exactly once; {waiting} wait, {dead} dead"
    ).format(events=sum(_events(kernel).values()), done=done, waiting=states["waiting"], dead=states["dead"])


def _one_order(session: Session, kernel: Kernel, done: Done) -> None:
    """Tell the order to which most has happened."""
    from fenbu.cli.explain import tell
    from fenbu.engine import explaining

    chosen = max(done.shop.stories, key=_eventful)
    number = done.trade.orders[chosen.number]
    _heading(session, _("One order, as it happened"), f"fenbu explain order {number}")
    with kernel.read() as work:
        tell(session, kernel, explaining.explain(work, "order", number))


def _eventful(story: Story) -> tuple[int, int]:
    happened = 2 * bool(story.rest) + bool(story.returned) + len(story.payments)
    return happened if story.first else 0, -len(story.lines)


def _trial_balance(session: Session, kernel: Kernel) -> None:
    from fenbu.cli.show import show_page

    view = kernel.assembly.view("erp.trial-balance")
    _heading(session, _("Trial balance"), "fenbu show erp.trial-balance")
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


def _metrics(session: Session, kernel: Kernel) -> None:
    from fenbu.cli.metrics import measure, table

    _heading(session, _("Numbers"), "fenbu metrics --definitions")
    measured = [(metric, measure(kernel, metric)) for metric in kernel.assembly.metrics.values()]
    table(session, kernel, measured, definitions=False)


def _doctor(session: Session, kernel: Kernel) -> bool:
    from fenbu.engine.doctor import examine

    examined = list(examine(kernel))
    sick = [one for one in examined if one.finding.health != "ok"]
    _heading(session, _("Health"), "fenbu doctor")
    for one in sick:
        session.out.line(f"  {session.out.style('✖', 'red')} {one.check.name}: {one.finding.detail}")
        session.out.line(f"    {_(one.check.repair)}")
    well = [one.check.name for one in examined if one not in sick]
    sign = session.out.style("✔", "green")
    for left, right in zip_longest(well[::2], well[1::2]):
        session.out.line(f"  {sign} {left:<{WIDTH // 2 - 4}}" + (f"{sign} {right}" if right else ""))
    return not sick


def _next(session: Session, done: Done) -> None:
    _heading(session, _("Go on"), "")
    order = next(iter(done.trade.orders.values()))
    commands = (
        (f"cd {done.folder}", _("it lies here, in one file")),
        ("fenbu tui", _("look around")),
        ("fenbu show erp.orders --limit 10", _("the newest orders")),
        ("fenbu show erp.aged-receivables", _("who owes what since when")),
        (f"fenbu explain order {order}", _("the first order's story")),
        ("fenbu do erp.order.place --help", _("place one yourself")),
        (f"fenbu do erp.period.close --period {done.shop.first_day:%Y-%m}", _("close the first month")),
    )
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
        "events": dict(sorted(_events(kernel).items())),
        "trial_balance": _sums(kernel),
        "healthy": not sick,
        "failed_checks": sick,
    }
    session.out.document("demo", body)
    return not sick
