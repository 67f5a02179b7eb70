"""``fenbu metrics``: numbers with their definitions, each by the module that knows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from fenbu.cli.base import command
from fenbu.cli.names import completer
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.engine.kernel import Kernel
    from fenbu.metrics import Metric

_UNITS = {"percent": "%", "days": N_("days"), "count": "", "quantity": ""}


@command("metrics", help=N_("Numbers with their definitions; with names, only those."))
@click.argument("names", nargs=-1, shell_complete=completer("metric"), metavar="[NAME…]")
@click.option("--definitions", is_flag=True, help=N_("Say of each what is counted."))
def metrics(session: Session, *, names: Sequence[str], definitions: bool) -> None:
    """Measure and show."""
    from fenbu.engine.assembly import unknown

    with session.noticing() as kernel:
        known = kernel.assembly.metrics
        for name in names:
            if name not in known:
                raise unknown(_("metric"), name, known)
        wanted = names or _permitted(session, kernel, known)
        measured = [(known[name], measure(kernel, known[name])) for name in wanted]
        if session.json:
            session.out.document("metrics", {"metrics": [_plain(kernel, *one) for one in measured]})
        elif not measured:
            session.out.say(_("no enabled module measures anything"))
        else:
            table(session, kernel, measured, definitions or bool(names))


def _permitted(session: Session, kernel: Kernel, known: Iterable[str]) -> list[str]:
    """Return the metrics that the actor may see, and say which permissions the others take."""
    from fenbu.engine.guard.permissions import show

    with kernel.read() as work:
        hidden = {module for module in map(kernel.assembly.module_of, known) if not work.holds(show(module))}
    if hidden:
        told = _("not shown, for lack of the permissions: {names}")
        session.out.say(told.format(names=", ".join(map(show, sorted(hidden)))))
    return [name for name in known if kernel.assembly.module_of(name) not in hidden]


def measure(kernel: Kernel, metric: Metric) -> Any:
    """Return what a metric comes to now; None when there is nothing to measure."""
    from fenbu.engine.reading import measure as measured

    with kernel.read(kernel.assembly.module_of(metric.name)) as work:
        return measured(work, metric)


def _plain(kernel: Kernel, metric: Metric, value: Any) -> dict[str, Any]:
    return {
        "metric": metric.name,
        "title": _(metric.title),
        "value": value,
        "unit": kernel.assembly.enterprise.currency if metric.unit == "money" else metric.unit,
        "definition": _(metric.definition),
        "drill": metric.drill,
    }


def table(
    session: Session, kernel: Kernel, measured: Sequence[tuple[Metric, Any]], definitions: bool
) -> None:
    """Write metrics with their values."""
    from fenbu.cli.layout import Cell, Heading

    headings = [Heading(_("Metric")), Heading(_("Value"), right=True), Heading(_("Title"), wraps=True)]
    if definitions:
        headings.append(Heading(_("Definition"), wraps=True))
    rows = []
    for metric, value in measured:
        row = [Cell(metric.name), Cell(_shown(kernel, metric, value)), Cell(_(metric.title))]
        rows.append([*row, Cell(_(metric.definition))] if definitions else row)
    session.out.table(headings, rows)


def _shown(kernel: Kernel, metric: Metric, value: Any) -> str:
    from decimal import Decimal

    from fenbu.values import readable, readable_money

    if value is None:
        return "–"
    if metric.unit == "money":
        return readable_money(Decimal(value), kernel.assembly.enterprise.currency)
    return f"{readable(Decimal(value))} {_(_UNITS.get(metric.unit, metric.unit))}".rstrip()
