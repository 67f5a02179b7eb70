"""``fenbu metrics record`` and ``history``: readings of metrics taken, and shown over time."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import click

from fenbu.cli.base import command
from fenbu.cli.export import Day
from fenbu.cli.names import completer
from fenbu.cli.session import Session
from fenbu.i18n import N_, _, ngettext

if TYPE_CHECKING:
    from fenbu.engine.readings import Reading
    from fenbu.metrics import Metric
    from fenbu.work import Enterprise

RECORD = N_("""Keep what the metrics come to now; with names, only those.

A worker does it every hour. Gates with a window count readings, and fenbu metrics history shows them.""")
HISTORY = N_("""Show what a metric came to over time.

Readings are kept for 400 days. The curve has the span of time that is asked for, the list its latest readings.""")
_SHOWN = 20
_WIDEST = 120


@command("record", help=RECORD)
@click.argument("names", nargs=-1, shell_complete=completer("metric"), metavar="[NAME…]")
@click.option("--dry-run", is_flag=True, help=N_("Measure, and keep nothing."))
def record(session: Session, *, names: Sequence[str], dry_run: bool) -> None:
    """Take a reading."""
    kernel = session.kernel
    perform = kernel.dry_run if dry_run else kernel.perform
    answer = perform("fenbu.metric.record", {"metrics": list(names)}).answer
    if session.json:
        session.out.document("metrics-record", {**answer, "dry_run": dry_run})
        return
    count = answer["kept"]
    kept = ngettext("{count} reading kept", "{count} readings kept", count)
    would = ngettext("{count} reading would be kept", "{count} readings would be kept", count)
    session.out.say((would if dry_run else kept).format(count=count))
    if answer["empty"]:
        session.out.say(_("nothing to measure yet: {names}").format(names=", ".join(answer["empty"])))
    for name, reason in answer["failed"].items():
        session.out.warn(_("{name} could not be measured: {reason}").format(name=name, reason=reason))


@command("history", help=HISTORY)
@click.argument("name", shell_complete=completer("metric"))
@click.option("--since", type=Day(), metavar="DAY", help=N_("From this day on."))
@click.option("--until", type=Day(), metavar="DAY", help=N_("Up to this day, itself included."))
@click.option(
    "--limit", type=click.IntRange(min=1), default=_SHOWN, show_default=True, help=N_("Readings listed.")
)
@click.option("--csv", "as_csv", is_flag=True, help=N_("Write all of them as CSV: time in UTC, value."))
def history(
    session: Session, *, name: str, since: date | None, until: date | None, limit: int, as_csv: bool
) -> None:
    """Show the readings of a metric."""
    from fenbu.engine.readings import series

    with session.noticing() as kernel:
        zone = kernel.assembly.enterprise
        with kernel.read() as work:
            found = series(work, name, since=_begins(since, zone), until=_ends(until, zone))
        metric = kernel.assembly.metrics.get(name)
        if session.json:
            session.out.document("metrics-history", _plain(zone, name, metric, found))
        elif as_csv:
            _write_csv(session, found)
        else:
            _show(session, zone, name, metric, found, limit)


def _begins(day: date | None, enterprise: Enterprise) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, enterprise.zone)


def _ends(day: date | None, enterprise: Enterprise) -> datetime | None:
    """Return the last moment of a day."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1), time.min, enterprise.zone) - timedelta(microseconds=1)


def _plain(
    enterprise: Enterprise, name: str, metric: Metric | None, found: Sequence[Reading]
) -> dict[str, Any]:
    unit = None
    if metric is not None:
        unit = enterprise.currency if metric.unit == "money" else metric.unit
    return {
        "metric": name,
        "title": _(metric.title) if metric else None,
        "unit": unit,
        "readings": [{"at": one.at, "value": one.value} for one in found],
    }


def _write_csv(session: Session, found: Sequence[Reading]) -> None:
    writer = csv.writer(session.out.stdout, lineterminator="\n")
    writer.writerow(("at", "value"))
    writer.writerows((one.at.isoformat(), format(one.value, "f")) for one in found)


def _show(
    session: Session,
    enterprise: Enterprise,
    name: str,
    metric: Metric | None,
    found: Sequence[Reading],
    limit: int,
) -> None:
    """Write the curve with its bounds, then the latest readings, the newest first."""
    from fenbu.cli.layout import Cell, Heading
    from fenbu.cli.sparkline import sparkline
    from fenbu.engine.readings import worded
    from fenbu.values import readable

    def said(one: Reading) -> str:
        return worded(metric, one.value, enterprise.currency) if metric else readable(one.value)

    session.out.title(f"{name} · {_(metric.title)}" if metric else name)
    if not found:
        session.out.say(_("no reading is kept; a worker takes one every hour: fenbu metrics record"))
        return
    session.out.line(sparkline([(one.at, one.value) for one in found], min(session.out.width or 80, _WIDEST)))
    low, high = min(found, key=lambda one: one.value), max(found, key=lambda one: one.value)
    session.out.pairs([(_("lowest"), said(low)), (_("highest"), said(high)), (_("latest"), said(found[-1]))])
    session.out.line()
    rows = [[Cell(_moment(one, enterprise)), Cell(said(one))] for one in reversed(found[-limit:])]
    session.out.table([Heading(_("When")), Heading(_("Value"), right=True)], rows)
    if (older := len(found) - limit) > 0:
        told = ngettext(
            "{count} older reading: --limit, --csv or --json show it",
            "{count} older readings: --limit, --csv or --json show them",
            older,
        )
        session.out.say(told.format(count=f"{older:,}"))


def _moment(one: Reading, enterprise: Enterprise) -> str:
    return one.at.astimezone(enterprise.zone).strftime("%Y-%m-%d %H:%M")
