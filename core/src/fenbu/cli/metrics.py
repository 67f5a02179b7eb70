"""``fenbu metrics``: numbers with their definitions, each by the module that knows it; now and over time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from fenbu.cli.base import Group
from fenbu.cli.names import completer
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.engine.kernel import Kernel
    from fenbu.metrics import Metric

HELP = N_("""Numbers with their definitions, now and over time.

fenbu metrics                       all of them
fenbu metrics erp.revenue           one, with what is counted
fenbu metrics history erp.revenue   what it came to""")
LAZY = {
    "record": ("fenbu.cli.readings:record", N_("Keep what they come to now")),
    "history": ("fenbu.cli.readings:history", N_("Show what one came to over time")),
}
_LIST = "list"


class Metrics(Group):
    """Takes everything but its commands for names of metrics to list, so that ``fenbu metrics`` shows them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command that lists in front, unless another is named or help is wanted."""
        named = set(self.list_commands(ctx)) | set(ctx.help_option_names)
        return super().parse_args(ctx, args if named & set(args) else [_LIST, *args])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the names of metrics too, as far as they were remembered."""
        names: list[CompletionItem] = completer("metric")(ctx, None, incomplete)
        return [*names, *super().shell_complete(ctx, incomplete)]


@click.group("metrics", cls=Metrics, lazy=LAZY, help=HELP)
def metrics() -> None:
    """Group of the commands on metrics."""


@metrics.command(_LIST, help=N_("Show what metrics come to now; with names, only those. Needs not be typed."))
@click.argument("names", nargs=-1, shell_complete=completer("metric"), metavar="[NAME…]")
@click.option("--definitions", is_flag=True, help=N_("Say of each what is counted."))
@click.pass_obj
def list_(session: Session, *, names: Sequence[str], definitions: bool) -> None:
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
    from fenbu.engine.readings import worded

    currency = kernel.assembly.enterprise.currency
    headings = [Heading(_("Metric")), Heading(_("Value"), right=True), Heading(_("Title"), wraps=True)]
    if definitions:
        headings.append(Heading(_("Definition"), wraps=True))
    rows = []
    for metric, value in measured:
        shown = "–" if value is None else worded(metric, value, currency)
        row = [Cell(metric.name), Cell(shown), Cell(_(metric.title))]
        rows.append([*row, Cell(_(metric.definition))] if definitions else row)
    session.out.table(headings, rows)
