"""The kernel's views of flows: subscriptions, events, calls, workers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, case, func, select, type_coerce
from sqlalchemy import cast as as_type

from fenbu import looks
from fenbu.column_types import Day, MoneyType
from fenbu.engine.builtin_views.moments import moment, moment_or_none
from fenbu.engine.store import tables as t
from fenbu.i18n import N_
from fenbu.views import Column, Kind, Related, View


def _sum(of: Any) -> ColumnElement[int]:
    """Add whole numbers up; PostgreSQL answers NUMERIC for a sum of BIGINT."""
    return as_type(func.sum(of), t.Big)


def _in_state(state: str) -> ColumnElement[int]:
    return _sum(case((t.delivery.c.state == state, 1), else_=0)).label(state)


_BACKLOG = (
    select(
        t.delivery.c.subscription,
        *(_in_state(state) for state in ("waiting", "scheduled", "held", "dead")),
        func.min(t.delivery.c.seq).label("oldest"),
    )
    .group_by(t.delivery.c.subscription)
    .subquery("backlog")
)

_DONE = (
    select(t.partition.c.subscription, _sum(t.partition.c.done).label("done"))
    .group_by(t.partition.c.subscription)
    .subquery("finished")
)


def _counted(source: FromClause, name: str) -> ColumnElement[int]:
    counted: ColumnElement[int] = func.coalesce(source.c[name], 0)
    return counted.label(name)


SUBSCRIPTIONS = View(
    name="fenbu.subscriptions",
    title=N_("Subscriptions"),
    help=N_("Who reacts to what, and how much is still to do."),
    query=looks.always(
        select(
            t.subscription.c.name.label("subscription"),
            t.subscription.c.module,
            t.subscription.c.state,
            _counted(_DONE, "done"),
            *(_counted(_BACKLOG, state) for state in ("waiting", "scheduled", "held", "dead")),
            moment(t.event.c.at).label("oldest"),
            t.subscription.c.reason,
            t.subscription.c.history,
            t.subscription.c.history_position,
            t.subscription.c.history_end,
            moment(t.subscription.c.changed_at).label("changed"),
        ).select_from(
            t.subscription.outerjoin(_BACKLOG, _BACKLOG.c.subscription == t.subscription.c.id)
            .outerjoin(_DONE, _DONE.c.subscription == t.subscription.c.id)
            .outerjoin(t.event, t.event.c.seq == _BACKLOG.c.oldest)
        )
    ),
    columns=(
        Column("subscription", N_("Subscription")),
        looks.state("state", N_("State")),
        looks.number("done", N_("Done")),
        looks.number("waiting", N_("Waiting")),
        looks.number("held", N_("Held")),
        looks.number("dead", N_("Dead")),
        looks.time("oldest", N_("Oldest")),
        Column("reason", N_("Reason")),
        looks.number("scheduled", N_("Timers")),
        Column("module", N_("Module"), ref="fenbu.modules"),
        looks.state("history", N_("History")),
        looks.number("history_position", N_("Read up to")),
        looks.number("history_end", N_("Reads to")),
        looks.time("changed", N_("Since")),
    ),
    key=("subscription",),
    record="subscription",
    filters=("module", "state"),
    actions=("fenbu.flow.pause", "fenbu.flow.resume", "fenbu.flow.replay"),
    related=(Related("fenbu.deliveries", "subscription", "subscription", N_("Still to do")),),
)

EVENTS = View(
    name="fenbu.events",
    title=N_("Events"),
    help=N_("The log: every fact, in the order in which it was written."),
    query=looks.always(
        select(
            t.event.c.seq,
            moment(t.event.c.at).label("at"),
            t.event.c.topic,
            t.event.c.version,
            t.event.c.key,
            type_coerce(t.event.c.day, Day()).label("day"),
            t.event.c.module,
            t.event.c.actor,
            t.event.c.cause,
            t.event.c.depth,
            moment(t.event.c.not_before).label("not_before"),
            t.event.c.about,
            t.event.c.payload,
        )
    ),
    columns=(
        looks.number("seq", N_("No.")),
        looks.time("at", N_("At")),
        Column("topic", N_("Topic")),
        Column("key", N_("Key")),
        looks.day("day", N_("Day")),
        Column("module", N_("Published by")),
        Column("actor", N_("Actor")),
        Column("cause", N_("Cause"), Kind.NUMBER, ref="fenbu.events"),
        Column("payload", N_("Payload")),
        looks.number("version", N_("Version")),
        looks.number("depth", N_("Depth")),
        looks.time("not_before", N_("Not before")),
        Column("about", N_("About")),
    ),
    key=("-seq",),
    record="seq",
    filters=("topic", "key", "module", "actor", "cause"),
    related=(
        Related("fenbu.deliveries", "seq", "seq", N_("Still to be delivered")),
        Related("fenbu.delivered", "seq", "seq", N_("Delivered")),
        Related("fenbu.events", "cause", "seq", N_("Caused by it")),
    ),
)

CALLS = View(
    name="fenbu.calls",
    title=N_("Calls to the outside"),
    query=looks.always(
        select(
            t.call.c.id.label("call"),
            t.call.c.operation,
            t.call.c.subject,
            t.call.c.key,
            t.call.c.state,
            type_coerce(t.call.c.amount, MoneyType()).label("amount"),
            t.call.c.currency,
            t.call.c.attempts,
            moment(t.call.c.at).label("at"),
            moment_or_none(t.call.c.not_before).label("not_before"),
            t.call.c.error,
            t.call.c.module,
        )
    ),
    columns=(
        Column("call", N_("Call")),
        Column("operation", N_("Operation")),
        Column("subject", N_("Subject")),
        looks.state("state", N_("State")),
        looks.money("amount", N_("Amount")),
        looks.number("attempts", N_("Attempts")),
        looks.time("at", N_("Recorded")),
        Column("error", N_("Error")),
        Column("key", N_("Key")),
        looks.time("not_before", N_("Not before")),
        Column("module", N_("Module"), ref="fenbu.modules"),
    ),
    key=("-at", "-call"),
    record="call",
    filters=("operation", "subject", "key", "state", "module"),
    state="state",
)

WORKERS = View(
    name="fenbu.workers",
    title=N_("Workers"),
    query=looks.always(
        select(
            t.worker.c.id.label("worker"),
            t.worker.c.host,
            t.worker.c.pid,
            moment(t.worker.c.started_at).label("started"),
            moment(t.worker.c.beat_at).label("beat"),
            t.worker.c.doing,
        )
    ),
    columns=(
        Column("worker", N_("Worker")),
        Column("host", N_("Host")),
        looks.number("pid", N_("Process")),
        looks.time("started", N_("Started")),
        looks.time("beat", N_("Last beat")),
        Column("doing", N_("Doing")),
    ),
    key=("worker",),
    record="worker",
)
