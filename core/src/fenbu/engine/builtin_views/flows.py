"""The kernel's views of flows: subscriptions, deliveries, events, calls, workers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, case, func, select, type_coerce
from sqlalchemy import cast as as_type

from fenbu.column_types import Day, MoneyType
from fenbu.engine.builtin_views.shared import moment, moment_or_none, number, query, time
from fenbu.engine.store import tables as t
from fenbu.i18n import N_
from fenbu.views import Column, Kind, Related, View

_TEXT = t.event.c.topic.type


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
    query=query(
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
        Column("state", N_("State"), Kind.STATE),
        number("done", N_("Done")),
        number("waiting", N_("Waiting")),
        number("held", N_("Held")),
        number("dead", N_("Dead")),
        time("oldest", N_("Oldest")),
        Column("reason", N_("Reason")),
        number("scheduled", N_("Timers")),
        Column("module", N_("Module"), ref="fenbu.modules"),
        Column("history", N_("History")),
        number("history_position", N_("Read up to")),
        number("history_end", N_("Reads to")),
        time("changed", N_("Since")),
    ),
    key=("subscription",),
    record="subscription",
    filters=("module", "state"),
    actions=("fenbu.flow.pause", "fenbu.flow.resume", "fenbu.flow.replay"),
    related=(Related("fenbu.deliveries", "subscription", "subscription", N_("Still to do")),),
)

_WAITS = t.delivery.join(t.event, t.event.c.seq == t.delivery.c.seq).join(
    t.subscription, t.subscription.c.id == t.delivery.c.subscription
)


def _deliveries(*states: str) -> Select[Any]:
    wanted = select(
        (t.subscription.c.name + "/" + as_type(t.delivery.c.seq, _TEXT)).label("delivery"),
        t.subscription.c.name.label("subscription"),
        t.delivery.c.seq,
        t.event.c.topic,
        t.delivery.c.key,
        t.delivery.c.state,
        t.delivery.c.attempts,
        moment_or_none(t.delivery.c.not_before).label("not_before"),
        moment(t.event.c.at).label("at"),
        t.delivery.c.error,
        t.subscription.c.module,
        t.event.c.payload,
    ).select_from(_WAITS)
    return wanted.where(t.delivery.c.state.in_(states)) if states else wanted


_DELIVERY_COLUMNS = (
    Column("delivery", N_("Delivery")),
    Column("topic", N_("Topic")),
    Column("key", N_("Key")),
    Column("state", N_("State"), Kind.STATE),
    number("attempts", N_("Attempts")),
    time("at", N_("Published")),
    Column("error", N_("Error")),
    time("not_before", N_("Not before")),
    Column("subscription", N_("Subscription"), ref="fenbu.subscriptions"),
    Column("seq", N_("Event"), Kind.NUMBER, ref="fenbu.events"),
    Column("module", N_("Module"), ref="fenbu.modules"),
    Column("payload", N_("Payload")),
)

DELIVERIES = View(
    name="fenbu.deliveries",
    title=N_("Deliveries still to do"),
    query=query(_deliveries()),
    columns=_DELIVERY_COLUMNS,
    key=("seq", "subscription"),
    record="delivery",
    filters=("subscription", "topic", "key", "state", "module", "seq"),
    state="state",
    actions=("fenbu.flow.retry", "fenbu.flow.skip"),
)

DEAD = View(
    name="fenbu.dead",
    title=N_("Dead deliveries"),
    help=N_("Tried too often, or never to be tried again; their keys wait until somebody decides."),
    query=query(_deliveries("dead")),
    columns=_DELIVERY_COLUMNS,
    key=("seq", "subscription"),
    record="delivery",
    filters=("subscription", "topic", "key", "module"),
    state="state",
    actions=("fenbu.flow.retry", "fenbu.flow.skip"),
)

DELIVERED = View(
    name="fenbu.delivered",
    title=N_("Deliveries lately done"),
    query=query(
        select(
            (t.subscription.c.name + "/" + as_type(t.delivered.c.seq, _TEXT)).label("delivery"),
            t.delivered.c.seq,
            t.subscription.c.name.label("subscription"),
            t.event.c.topic,
            t.event.c.key,
            moment(t.delivered.c.at).label("at"),
            t.delivered.c.ms,
            t.delivered.c.attempts,
        ).select_from(
            t.delivered.join(t.event, t.event.c.seq == t.delivered.c.seq).join(
                t.subscription, t.subscription.c.id == t.delivered.c.subscription
            )
        )
    ),
    columns=(
        Column("delivery", N_("Delivery")),
        Column("topic", N_("Topic")),
        Column("key", N_("Key")),
        time("at", N_("Done")),
        number("ms", N_("ms")),
        number("attempts", N_("Failures before")),
        Column("subscription", N_("Subscription"), ref="fenbu.subscriptions"),
        Column("seq", N_("Event"), Kind.NUMBER, ref="fenbu.events"),
    ),
    key=("-seq", "-subscription"),
    record="delivery",
    filters=("subscription", "topic", "key", "seq"),
)

SKIPPED = View(
    name="fenbu.skipped",
    title=N_("Deliveries that ended by decision"),
    query=query(
        select(
            (t.subscription.c.name + "/" + as_type(t.skipped.c.seq, _TEXT)).label("delivery"),
            t.skipped.c.seq,
            t.subscription.c.name.label("subscription"),
            t.event.c.topic,
            t.event.c.key,
            moment(t.skipped.c.at).label("at"),
            t.skipped.c.reason,
        ).select_from(
            t.skipped.join(t.event, t.event.c.seq == t.skipped.c.seq).join(
                t.subscription, t.subscription.c.id == t.skipped.c.subscription
            )
        )
    ),
    columns=(
        Column("delivery", N_("Delivery")),
        Column("topic", N_("Topic")),
        Column("key", N_("Key")),
        time("at", N_("Skipped")),
        Column("reason", N_("Reason")),
        Column("subscription", N_("Subscription"), ref="fenbu.subscriptions"),
        Column("seq", N_("Event"), Kind.NUMBER, ref="fenbu.events"),
    ),
    key=("-seq", "-subscription", "-at"),
    record="delivery",
    filters=("subscription", "topic", "key", "seq"),
)

EVENTS = View(
    name="fenbu.events",
    title=N_("Events"),
    help=N_("The log: every fact, in the order in which it was written."),
    query=query(
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
        number("seq", N_("No.")),
        time("at", N_("At")),
        Column("topic", N_("Topic")),
        Column("key", N_("Key")),
        Column("day", N_("Day"), Kind.DAY),
        Column("module", N_("Published by")),
        Column("actor", N_("Actor")),
        Column("cause", N_("Cause"), Kind.NUMBER, ref="fenbu.events"),
        Column("payload", N_("Payload")),
        number("version", N_("Version")),
        number("depth", N_("Depth")),
        time("not_before", N_("Not before")),
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
    query=query(
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
        Column("state", N_("State"), Kind.STATE),
        Column("amount", N_("Amount"), Kind.MONEY, unit="currency"),
        number("attempts", N_("Attempts")),
        time("at", N_("Recorded")),
        Column("error", N_("Error")),
        Column("key", N_("Key")),
        time("not_before", N_("Not before")),
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
    query=query(
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
        number("pid", N_("Process")),
        time("started", N_("Started")),
        time("beat", N_("Last beat")),
        Column("doing", N_("Doing")),
    ),
    key=("worker",),
    record="worker",
)
