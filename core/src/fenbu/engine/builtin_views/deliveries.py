"""The kernel's views of deliveries: still to do, dead, lately done, ended by decision."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Table, select
from sqlalchemy import cast as as_type

from fenbu import looks
from fenbu.engine.builtin_views.moments import moment, moment_or_none
from fenbu.engine.store import tables as t
from fenbu.i18n import N_
from fenbu.views import Column, Kind, View

_DELIVERY = Column("delivery", N_("Delivery"))
_TOPIC = Column("topic", N_("Topic"))
_KEY = Column("key", N_("Key"))
_SUBSCRIPTION = Column("subscription", N_("Subscription"), ref="fenbu.subscriptions")
_EVENT = Column("seq", N_("Event"), Kind.NUMBER, ref="fenbu.events")


def _named(seq: ColumnElement[int]) -> ColumnElement[str]:
    """Return a delivery as every face names it: ``scm.orders/42``."""
    name: ColumnElement[str] = t.subscription.c.name + "/" + as_type(seq, t.event.c.topic.type)
    return name.label("delivery")


_WAITS = t.delivery.join(t.event, t.event.c.seq == t.delivery.c.seq).join(
    t.subscription, t.subscription.c.id == t.delivery.c.subscription
)


def _deliveries(*states: str) -> Select[Any]:
    wanted = select(
        _named(t.delivery.c.seq),
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
    _DELIVERY,
    _TOPIC,
    _KEY,
    looks.state("state", N_("State")),
    looks.number("attempts", N_("Attempts")),
    looks.time("at", N_("Published")),
    Column("error", N_("Error")),
    looks.time("not_before", N_("Not before")),
    _SUBSCRIPTION,
    _EVENT,
    Column("module", N_("Module"), ref="fenbu.modules"),
    Column("payload", N_("Payload")),
)

DELIVERIES = View(
    name="fenbu.deliveries",
    title=N_("Deliveries still to do"),
    query=looks.always(_deliveries()),
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
    query=looks.always(_deliveries("dead")),
    columns=_DELIVERY_COLUMNS,
    key=("seq", "subscription"),
    record="delivery",
    filters=("subscription", "topic", "key", "module"),
    state="state",
    actions=("fenbu.flow.retry", "fenbu.flow.skip"),
)


def _ended(table: Table, *more: ColumnElement[Any]) -> Select[Any]:
    """Select deliveries that are over, with what the table knows of each beside its moment."""
    return select(
        _named(table.c.seq),
        table.c.seq,
        t.subscription.c.name.label("subscription"),
        t.event.c.topic,
        t.event.c.key,
        moment(table.c.at).label("at"),
        *more,
    ).select_from(
        table.join(t.event, t.event.c.seq == table.c.seq).join(
            t.subscription, t.subscription.c.id == table.c.subscription
        )
    )


DELIVERED = View(
    name="fenbu.delivered",
    title=N_("Deliveries lately done"),
    query=looks.always(_ended(t.delivered, t.delivered.c.ms, t.delivered.c.attempts)),
    columns=(
        _DELIVERY,
        _TOPIC,
        _KEY,
        looks.time("at", N_("Done")),
        looks.number("ms", N_("ms")),
        looks.number("attempts", N_("Failures before")),
        _SUBSCRIPTION,
        _EVENT,
    ),
    key=("-seq", "-subscription"),
    record="delivery",
    filters=("subscription", "topic", "key", "seq"),
)

SKIPPED = View(
    name="fenbu.skipped",
    title=N_("Deliveries that ended by decision"),
    query=looks.always(_ended(t.skipped, t.skipped.c.reason)),
    columns=(
        _DELIVERY,
        _TOPIC,
        _KEY,
        looks.time("at", N_("Skipped")),
        Column("reason", N_("Reason")),
        _SUBSCRIPTION,
        _EVENT,
    ),
    key=("-seq", "-subscription", "-at"),
    record="delivery",
    filters=("subscription", "topic", "key", "seq"),
)
