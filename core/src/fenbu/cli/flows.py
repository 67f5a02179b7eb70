"""``fenbu flows``: what travels between modules, and the hand that repairs it; every change is audited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from fenbu.cli.base import Group
from fenbu.cli.names import completer
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    pass

HELP = N_("""What travels between modules; retry, skip, pause, replay.

Without a command: the subscriptions, as list shows them. A delivery is named by its subscription and the number
of its event: scm.orders/42""")
_DEAD_COLUMNS = ("delivery", "key", "attempts", "error", "topic", "at")
_LOST_COLUMNS = ("call", "subject", "attempts", "error", "operation", "amount", "at")


@click.group("flows", cls=Group, help=HELP, invoke_without_command=True)
@click.pass_context
def flows(context: click.Context) -> None:
    """List the subscriptions when no command is named."""
    if context.invoked_subcommand is None:
        context.invoke(list_, module=None, limit=50, after="")


_limit = click.option("--limit", type=int, default=50, show_default=True, help=N_("Rows wanted."))
_after = click.option("--after", default="", metavar="KEY", help=N_("Continue after this key."))
_dry_run = click.option("--dry-run", is_flag=True, help=N_("Say what would happen; change nothing."))
_subscription = click.argument("subscription", shell_complete=completer("subscription"))


@flows.command("list", help=N_("The subscriptions, and how much is still to do."))
@click.option("--module", shell_complete=completer("module"), help=N_("Only of this module."))
@_limit
@_after
@click.pass_obj
def list_(session: Session, *, module: str | None, limit: int, after: str) -> None:
    """List the subscriptions."""
    _view(session, "fenbu.subscriptions", {"module": module}, limit, after)


@flows.command("waiting", help=N_("Deliveries that are still to do, with why they wait."))
@click.option("--subscription", shell_complete=completer("subscription"), help=N_("Only of this one."))
@click.option("--key", help=N_("Only of this key, as an order's number."))
@_limit
@_after
@click.pass_obj
def waiting(session: Session, *, subscription: str | None, key: str | None, limit: int, after: str) -> None:
    """List what waits."""
    _view(session, "fenbu.deliveries", {"subscription": subscription, "key": key}, limit, after)


@flows.command("dead", help=N_("Deliveries and calls that wait for a decision."))
@click.option("--subscription", shell_complete=completer("subscription"), help=N_("Only of this one."))
@_limit
@_after
@click.pass_obj
def dead(session: Session, *, subscription: str | None, limit: int, after: str) -> None:
    """List the dead deliveries and calls, with what to do."""
    from fenbu.cli.show import plain_rows, write_rows
    from fenbu.cli.words import quoted
    from fenbu.engine import reading
    from fenbu.engine.conditions import Condition

    with session.noticing() as kernel:
        deliveries, calls = kernel.assembly.view("fenbu.dead"), kernel.assembly.view("fenbu.calls")
        only = [Condition("subscription", subscription)] if subscription else []
        is_dead = [Condition("state", "dead")]
        with kernel.read() as work:
            stuck = reading.page(work, deliveries, filters=only, after=after, limit=limit)
            lost = [] if subscription else reading.page(work, calls, filters=is_dead, limit=limit).rows
        if session.json:
            rows = plain_rows(deliveries, (), stuck.rows, kernel)
            body = {"rows": rows, "next": stuck.next, "calls": plain_rows(calls, (), lost, kernel)}
            session.out.document("dead", body)
            return
        if not stuck.rows and not lost:
            session.out.say(_("nothing is dead"))
            return
        if stuck.rows:
            write_rows(session, kernel, deliveries, stuck.rows, _DEAD_COLUMNS)
        if stuck.next:
            session.out.say(_("more follow: --after {next}").format(next=quoted(stuck.next)))
        if lost:
            session.out.title(_("Calls to the outside"))
            write_rows(session, kernel, calls, lost, _LOST_COLUMNS)
        session.out.say(
            _("tried again: fenbu flows retry DELIVERY or --call KEY; given up: fenbu flows skip")
        )


@flows.command(
    "retry", help=N_("Try again: one delivery, all like it, all of a subscription, or everything dead.")
)
@click.argument("delivery", required=False)
@click.option("--like", is_flag=True, help=N_("All dead ones of its topic and kind of error too."))
@click.option("--subscription", shell_complete=completer("subscription"), help=N_("All dead ones of it."))
@click.option("--call", metavar="KEY", help=N_("A call to the outside."))
@click.option("--all", "everything", is_flag=True, help=N_("Everything that is dead."))
@click.option("--wait", is_flag=True, help=N_("Deliver before coming back."))
@_dry_run
@click.pass_obj
def retry(session: Session, /, *, dry_run: bool, wait: bool, **given: Any) -> None:
    """Retry through the kernel's action."""
    _act(session, "retry", given, dry_run)
    if wait and not dry_run:
        from fenbu.cli.waiting import deliver

        deliver(session, session.kernel, ())


@flows.command("skip", help=N_("Give up a delivery or a call; what waited behind it goes on."))
@click.argument("delivery", required=False)
@click.option("--call", metavar="KEY", help=N_("A call to the outside."))
@click.option("--reason", required=True, help=N_("Why; kept with it and in the audit trail."))
@_dry_run
@click.pass_obj
def skip(session: Session, /, *, dry_run: bool, **given: Any) -> None:
    """Skip through the kernel's action."""
    _act(session, "skip", given, dry_run)


@flows.command("pause", help=N_("Let nothing of a subscription begin; its events go on gathering."))
@_subscription
@click.option("--reason", help=N_("Why; shown with it."))
@_dry_run
@click.pass_obj
def pause(session: Session, /, *, dry_run: bool, **given: Any) -> None:
    """Pause through the kernel's action."""
    _act(session, "pause", given, dry_run)


@flows.command("resume", help=N_("Let a paused or tripped subscription go on."))
@_subscription
@_dry_run
@click.pass_obj
def resume(session: Session, /, *, dry_run: bool, **given: Any) -> None:
    """Resume through the kernel's action."""
    _act(session, "resume", given, dry_run)


@flows.command("replay", help=N_("Deliver events again, to a handler that says this does no harm."))
@_subscription
@click.option("--key", help=N_("Only events of this key."))
@click.option("--first", type=int, help=N_("Number of the first event."))
@click.option("--last", type=int, help=N_("Number of the last event."))
@_dry_run
@click.pass_obj
def replay(session: Session, /, *, dry_run: bool, **given: Any) -> None:
    """Replay through the kernel's action."""
    _act(session, "replay", given, dry_run)


@flows.command("drop", help=N_("End a subscription for good; what waits for it is skipped."))
@_subscription
@click.option("--reason", required=True, help=N_("Why; kept with what is skipped."))
@_dry_run
@click.pass_obj
def drop(session: Session, /, *, dry_run: bool, **given: Any) -> None:
    """Drop through the kernel's action."""
    _act(session, "drop", given, dry_run)


@flows.command("map", help=N_("Who tells whom: modules, topics by lane, and what moves along each arrow."))
@click.pass_obj
def map_(session: Session) -> None:
    """Draw the map."""
    from fenbu.cli.flow_map import show_map

    with session.noticing() as kernel:
        show_map(session, kernel)


@flows.command("unmatched", help=N_("Topics that were published and that nobody takes."))
@click.pass_obj
def unmatched(session: Session) -> None:
    """List topics without a subscription, with how many events of each there are."""
    from sqlalchemy import func, select

    from fenbu.cli.layout import Cell, Heading
    from fenbu.engine.store.tables import event, subscription_topic

    taken = select(subscription_topic.c.topic)
    counted = func.count().label("events")
    wanted = (
        select(event.c.topic, event.c.module, counted, func.max(event.c.seq).label("last"))
        .where(event.c.topic.not_in(taken))
        .group_by(event.c.topic, event.c.module)
        .order_by(event.c.topic, event.c.module)
    )
    with session.noticing() as kernel:
        with kernel.read() as work:
            rows = [dict(row) for row in work.execute(wanted).mappings()]
        if session.json:
            session.out.document("unmatched", {"topics": rows})
            return
        if not rows:
            session.out.say(_("every topic that was published is taken by somebody"))
            return
        headings = [Heading(_("Topic")), Heading(_("Published by")), Heading(_("Events"), right=True)]
        session.out.table(
            headings, [[Cell(row["topic"]), Cell(row["module"]), Cell(f"{row['events']:,}")] for row in rows]
        )
        session.out.say(_("a module that comes later may still read them (history = catch_up)"))


def _act(session: Session, verb: str, given: Mapping[str, Any], dry_run: bool) -> None:
    from fenbu.cli.do import act

    values = {name: value for name, value in given.items() if value not in (None, False)}
    with session.noticing() as kernel:
        act(session, kernel, f"fenbu.flow.{verb}", values, dry_run=dry_run)


def _view(session: Session, name: str, narrowed: Mapping[str, str | None], limit: int, after: str) -> None:
    from fenbu.cli.show import show_narrowed

    with session.noticing() as kernel:
        show_narrowed(session, kernel, name, narrowed, after=after, limit=limit)
