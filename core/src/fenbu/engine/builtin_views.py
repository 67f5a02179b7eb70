"""The kernel's own views, by the same declarations as a module's: what is on, what flows, what was done.

Times are kept as integers in the kernel's tables and read here as moments; SQL compares them all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, case, func, select, type_coerce
from sqlalchemy import cast as as_type

from fenbu.engine.store import tables as t
from fenbu.i18n import N_
from fenbu.tables import Day, MoneyType, UtcTime
from fenbu.views import Column, Kind, Related, View
from fenbu.work import Work

_TEXT = t.event.c.topic.type


def _moment(column: ColumnElement[int]) -> ColumnElement[Any]:
    return type_coerce(column, UtcTime())


def _moment_or_none(column: ColumnElement[int]) -> ColumnElement[Any]:
    """Return a time that is kept as 0 where there is none."""
    return type_coerce(func.nullif(column, 0), UtcTime())


def _query(statement: Select[Any]) -> Callable[[Work], Select[Any]]:
    return lambda _work: statement


def _time(name: str, title: str) -> Column:
    return Column(name, title, Kind.TIME)


def _number(name: str, title: str) -> Column:
    return Column(name, title, Kind.NUMBER)


MODULES = View(
    name="fenbu.modules",
    title=N_("Modules"),
    help=N_("Modules that were ever enabled here; fenbu modules also shows what is only installed."),
    query=_query(
        select(
            t.module.c.name.label("module"),
            t.module.c.state,
            t.module.c.version,
            t.module.c.reason,
            _moment(t.module.c.changed_at).label("changed"),
        )
    ),
    columns=(
        Column("module", N_("Module")),
        Column("state", N_("State"), Kind.STATE),
        Column("version", N_("Version")),
        _time("changed", N_("Since")),
        Column("reason", N_("Reason")),
    ),
    key=("module",),
    record="module",
    filters=("state",),
    related=(
        Related("fenbu.problems", "module", "module", N_("Problems")),
        Related("fenbu.subscriptions", "module", "module", N_("Subscriptions")),
        Related("fenbu.settings", "module", "module", N_("Settings")),
    ),
    actions=("fenbu.module.enable", "fenbu.module.disable"),
)

PROBLEMS = View(
    name="fenbu.problems",
    title=N_("Problems of modules"),
    query=_query(
        select(
            t.problem.c.id,
            t.problem.c.module,
            t.problem.c.kind,
            t.problem.c.subject,
            t.problem.c.detail,
            t.problem.c.hint,
            t.problem.c.count,
            _moment(t.problem.c.first_at).label("first"),
            _moment(t.problem.c.last_at).label("last"),
        )
    ),
    columns=(
        _number("id", N_("No.")),
        Column("module", N_("Module"), ref="fenbu.modules"),
        Column("kind", N_("Kind")),
        Column("subject", N_("About")),
        Column("detail", N_("What is wrong")),
        Column("hint", N_("What to do")),
        _number("count", N_("Times")),
        _time("last", N_("Last")),
        _time("first", N_("First")),
    ),
    key=("-id",),
    record="id",
    filters=("module", "kind", "subject"),
)

SETTINGS = View(
    name="fenbu.settings",
    title=N_("Settings that were changed"),
    help=N_("Only what differs from a module's defaults; fenbu settings list shows all."),
    query=_query(
        select(
            (t.setting.c.module + "." + t.setting.c.name).label("setting"),
            t.setting.c.module,
            t.setting.c.name,
            t.setting.c.value,
        )
    ),
    columns=(
        Column("setting", N_("Setting")),
        Column("module", N_("Module"), ref="fenbu.modules"),
        Column("value", N_("Value")),
    ),
    key=("module", "name"),
    record="setting",
    filters=("module",),
)

EVENTS = View(
    name="fenbu.events",
    title=N_("Events"),
    help=N_("The log: every fact, in the order in which it was written."),
    query=_query(
        select(
            t.event.c.seq,
            _moment(t.event.c.at).label("at"),
            t.event.c.topic,
            t.event.c.version,
            t.event.c.key,
            type_coerce(t.event.c.day, Day()).label("day"),
            t.event.c.module,
            t.event.c.actor,
            t.event.c.cause,
            t.event.c.depth,
            _moment(t.event.c.not_before).label("not_before"),
            t.event.c.about,
            t.event.c.payload,
        )
    ),
    columns=(
        _number("seq", N_("No.")),
        _time("at", N_("At")),
        Column("topic", N_("Topic")),
        Column("key", N_("Key")),
        Column("day", N_("Day"), Kind.DAY),
        Column("module", N_("Published by")),
        Column("actor", N_("Actor")),
        Column("cause", N_("Cause"), Kind.NUMBER, ref="fenbu.events"),
        Column("payload", N_("Payload")),
        _number("version", N_("Version")),
        _number("depth", N_("Depth")),
        _time("not_before", N_("Not before")),
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
        _moment_or_none(t.delivery.c.not_before).label("not_before"),
        _moment(t.event.c.at).label("at"),
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
    _number("attempts", N_("Attempts")),
    _time("at", N_("Published")),
    Column("error", N_("Error")),
    _time("not_before", N_("Not before")),
    Column("subscription", N_("Subscription"), ref="fenbu.subscriptions"),
    Column("seq", N_("Event"), Kind.NUMBER, ref="fenbu.events"),
    Column("module", N_("Module"), ref="fenbu.modules"),
    Column("payload", N_("Payload")),
)

DELIVERIES = View(
    name="fenbu.deliveries",
    title=N_("Deliveries still to do"),
    query=_query(_deliveries()),
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
    query=_query(_deliveries("dead")),
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
    query=_query(
        select(
            (t.subscription.c.name + "/" + as_type(t.delivered.c.seq, _TEXT)).label("delivery"),
            t.delivered.c.seq,
            t.subscription.c.name.label("subscription"),
            t.event.c.topic,
            t.event.c.key,
            _moment(t.delivered.c.at).label("at"),
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
        _time("at", N_("Done")),
        _number("ms", N_("ms")),
        _number("attempts", N_("Failures before")),
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
    query=_query(
        select(
            (t.subscription.c.name + "/" + as_type(t.skipped.c.seq, _TEXT)).label("delivery"),
            t.skipped.c.seq,
            t.subscription.c.name.label("subscription"),
            t.event.c.topic,
            t.event.c.key,
            _moment(t.skipped.c.at).label("at"),
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
        _time("at", N_("Skipped")),
        Column("reason", N_("Reason")),
        Column("subscription", N_("Subscription"), ref="fenbu.subscriptions"),
        Column("seq", N_("Event"), Kind.NUMBER, ref="fenbu.events"),
    ),
    key=("-seq", "-subscription", "-at"),
    record="delivery",
    filters=("subscription", "topic", "key", "seq"),
)


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
    query=_query(
        select(
            t.subscription.c.name.label("subscription"),
            t.subscription.c.module,
            t.subscription.c.state,
            _counted(_DONE, "done"),
            *(_counted(_BACKLOG, state) for state in ("waiting", "scheduled", "held", "dead")),
            _moment(t.event.c.at).label("oldest"),
            t.subscription.c.reason,
            t.subscription.c.history,
            t.subscription.c.history_position,
            t.subscription.c.history_end,
            _moment(t.subscription.c.changed_at).label("changed"),
        ).select_from(
            t.subscription.outerjoin(_BACKLOG, _BACKLOG.c.subscription == t.subscription.c.id)
            .outerjoin(_DONE, _DONE.c.subscription == t.subscription.c.id)
            .outerjoin(t.event, t.event.c.seq == _BACKLOG.c.oldest)
        )
    ),
    columns=(
        Column("subscription", N_("Subscription")),
        Column("state", N_("State"), Kind.STATE),
        _number("done", N_("Done")),
        _number("waiting", N_("Waiting")),
        _number("held", N_("Held")),
        _number("dead", N_("Dead")),
        _time("oldest", N_("Oldest")),
        Column("reason", N_("Reason")),
        _number("scheduled", N_("Timers")),
        Column("module", N_("Module"), ref="fenbu.modules"),
        Column("history", N_("History")),
        _number("history_position", N_("Read up to")),
        _number("history_end", N_("Reads to")),
        _time("changed", N_("Since")),
    ),
    key=("subscription",),
    record="subscription",
    filters=("module", "state"),
    actions=("fenbu.flow.pause", "fenbu.flow.resume", "fenbu.flow.replay"),
    related=(Related("fenbu.deliveries", "subscription", "subscription", N_("Still to do")),),
)

CALLS = View(
    name="fenbu.calls",
    title=N_("Calls to the outside"),
    query=_query(
        select(
            t.call.c.id.label("call"),
            t.call.c.operation,
            t.call.c.subject,
            t.call.c.key,
            t.call.c.state,
            type_coerce(t.call.c.amount, MoneyType()).label("amount"),
            t.call.c.currency,
            t.call.c.attempts,
            _moment(t.call.c.at).label("at"),
            _moment_or_none(t.call.c.not_before).label("not_before"),
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
        _number("attempts", N_("Attempts")),
        _time("at", N_("Recorded")),
        Column("error", N_("Error")),
        Column("key", N_("Key")),
        _time("not_before", N_("Not before")),
        Column("module", N_("Module"), ref="fenbu.modules"),
    ),
    key=("-at", "-call"),
    record="call",
    filters=("operation", "subject", "key", "state", "module"),
    state="state",
)

AUDIT = View(
    name="fenbu.audit",
    title=N_("Audit trail"),
    help=N_("Who did what, when, with what outcome."),
    query=_query(
        select(
            t.audit.c.id,
            _moment(t.audit.c.at).label("at"),
            t.audit.c.actor,
            t.audit.c.action,
            t.audit.c.subject,
            t.audit.c.outcome,
            t.audit.c.summary,
            t.audit.c.module,
            t.audit.c.key,
            t.audit.c.input_digest,
        )
    ),
    columns=(
        _number("id", N_("No.")),
        _time("at", N_("At")),
        Column("actor", N_("Actor")),
        Column("action", N_("Action")),
        Column("subject", N_("Subject")),
        Column("outcome", N_("Outcome")),
        Column("summary", N_("Input")),
        Column("module", N_("Module"), ref="fenbu.modules"),
        Column("key", N_("Idempotency key")),
        Column("input_digest", N_("Digest of the input")),
    ),
    key=("-id",),
    record="id",
    filters=("actor", "action", "subject", "outcome", "module", "key"),
)

WORKERS = View(
    name="fenbu.workers",
    title=N_("Workers"),
    query=_query(
        select(
            t.worker.c.id.label("worker"),
            t.worker.c.host,
            t.worker.c.pid,
            _moment(t.worker.c.started_at).label("started"),
            _moment(t.worker.c.beat_at).label("beat"),
            t.worker.c.doing,
        )
    ),
    columns=(
        Column("worker", N_("Worker")),
        Column("host", N_("Host")),
        _number("pid", N_("Process")),
        _time("started", N_("Started")),
        _time("beat", N_("Last beat")),
        Column("doing", N_("Doing")),
    ),
    key=("worker",),
    record="worker",
)

IMPORTS = View(
    name="fenbu.imports",
    title=N_("Imports"),
    query=_query(
        select(
            t.import_run.c.id.label("run"),
            t.import_run.c.profile,
            t.import_run.c.file,
            _moment(t.import_run.c.started_at).label("started"),
            _moment(t.import_run.c.finished_at).label("finished"),
            t.import_run.c.rows,
            t.import_run.c.documents,
            t.import_run.c.rejected,
        )
    ),
    columns=(
        _number("run", N_("Run")),
        Column("profile", N_("Profile")),
        Column("file", N_("File")),
        _time("started", N_("Started")),
        _time("finished", N_("Finished")),
        _number("rows", N_("Rows")),
        _number("documents", N_("Documents")),
        _number("rejected", N_("Rejected")),
    ),
    key=("-run",),
    record="run",
    filters=("profile", "file"),
)

OPERATORS = View(
    name="fenbu.operators",
    title=N_("Operators"),
    query=_query(
        select(
            t.operator.c.name.label("operator"),
            t.operator.c.os_user,
            t.operator.c.owner,
            _moment(t.operator.c.created_at).label("since"),
            _moment(t.operator.c.disabled_at).label("disabled"),
        )
    ),
    columns=(
        Column("operator", N_("Operator")),
        Column("os_user", N_("User of the system")),
        Column("owner", N_("Owner"), Kind.YES_NO),
        _time("since", N_("Since")),
        _time("disabled", N_("Disabled")),
    ),
    key=("operator",),
    record="operator",
)

VIEWS = (
    MODULES,
    PROBLEMS,
    SETTINGS,
    SUBSCRIPTIONS,
    DELIVERIES,
    DEAD,
    DELIVERED,
    SKIPPED,
    EVENTS,
    CALLS,
    WORKERS,
    IMPORTS,
    AUDIT,
    OPERATORS,
)
"""All views of the kernel."""
