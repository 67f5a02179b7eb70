"""The kernel's own verbs on flows, declared as a module declares its actions: so each is permitted and audited.

A delivery is named as every face shows it: its subscription and the number of its event, ``scm.orders/42``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import Field, field_validator, model_validator
from sqlalchemy import bindparam, func, select

from fenbu.actions import Consequence
from fenbu.engine import binding
from fenbu.engine.assembly import ReadyAction, unknown
from fenbu.engine.flows import admin, calls, history, subscriptions
from fenbu.engine.flows.records import BoundCall, BoundSubscription
from fenbu.engine.store.tables import call, delivery
from fenbu.engine.work import EngineWork
from fenbu.i18n import N_, _
from fenbu.inputs import Input

_DELIVERY = N_("Delivery, as subscription/event: scm.orders/42")
_LAST = 2**63 - 1
_OPERATION = select(call.c.operation).where(call.c.id == bindparam("wanted"))
_BACKLOG = select(func.count()).select_from(delivery).where(delivery.c.subscription == bindparam("wanted"))


class _OneOf(Input):
    delivery: str = Field("", description=_DELIVERY)
    call: str = Field("", description=N_("Call to the outside, by its key"))

    @field_validator("delivery")
    @classmethod
    def _reads_as_delivery(cls, value: str) -> str:
        if value:
            parted(value)
        return value


class Retry(_OneOf):
    """What to try again: one delivery, all like it, one call, or all that is dead."""

    like: bool = Field(False, description=N_("With a delivery: all dead ones of its topic and kind of error"))
    subscription: str = Field("", description=N_("All dead deliveries of this subscription"))
    everything: bool = Field(False, description=N_("All dead deliveries and calls"))

    @model_validator(mode="after")
    def _says_one_thing(self) -> Retry:
        if sum(map(bool, (self.delivery, self.call, self.subscription, self.everything))) != 1:
            raise ValueError(_("one of delivery, call, subscription or everything is wanted"))
        return self


class Skip(_OneOf):
    """What to give up, and why."""

    reason: str = Field(min_length=1, description=N_("Why; kept with it and in the audit trail"))

    @model_validator(mode="after")
    def _says_one_thing(self) -> Skip:
        if bool(self.delivery) == bool(self.call):
            raise ValueError(_("a delivery or a call is wanted"))
        return self


class Pause(Input):
    """Which subscription to stop for a while."""

    subscription: str = Field(description=N_("Subscription"))
    reason: str = Field("", description=N_("Why; shown with it"))


class Resume(Input):
    """Which subscription may go on."""

    subscription: str = Field(description=N_("Subscription"))


class Replay(Input):
    """What to deliver again on purpose."""

    subscription: str = Field(description=N_("Subscription whose handler says that this does no harm"))
    key: str = Field("", description=N_("Only events of this key"))
    first: int = Field(1, ge=1, description=N_("Number of the first event"))
    last: int = Field(_LAST, ge=1, description=N_("Number of the last event"))


class Drop(Input):
    """Which subscription to end for good."""

    subscription: str = Field(description=N_("Subscription"))
    reason: str = Field(min_length=1, description=N_("Why; kept with what is skipped"))


def parted(delivery: str) -> tuple[str, int]:
    """Return subscription and event of ``scm.orders/42``; ValueError when it reads otherwise."""
    name, _slash, seq = delivery.rpartition("/")
    if not name or not (seq.isascii() and seq.isdigit()):
        raise ValueError(_("a delivery reads like scm.orders/42, got {delivery!r}").format(delivery=delivery))
    return name, int(seq)


def retry(work: EngineWork, values: Retry) -> dict[str, Any]:
    """Try again what failed, now and with all its attempts before it."""
    connection = work.connection
    if values.call:
        calls.retry(connection, values.call)
        return {"retried": 1}
    if values.delivery:
        name, seq = parted(values.delivery)
        if values.like:
            return {"retried": admin.retry_like(connection, name, seq)}
        admin.retry(connection, name, seq)
        return {"retried": 1}
    if values.subscription:
        subscriptions.find(connection, values.subscription)
        return {"retried": admin.retry_all(connection, subscription=values.subscription)}
    return {"retried": admin.retry_all(connection) + calls.retry_all(connection)}


def skip(work: EngineWork, values: Skip) -> dict[str, Any]:
    """Give up a delivery or a call by decision; what waited behind a delivery goes on."""
    if values.call:
        calls.skip(work.connection, values.call, _bound_call(work, values.call), reason=values.reason)
        return {"skipped": 1, "released": 0}
    name, seq = parted(values.delivery)
    released = admin.skip(work.connection, name, seq, reason=values.reason, at=work.transaction.at)
    return {"skipped": 1, "released": released}


def preview_skip(work: EngineWork, values: Skip) -> list[Consequence]:
    """Say what would never happen, and what would go on."""
    if values.call:
        return [Consequence(_("this call is never made; its module is told that it failed"), "1")]
    stuck = admin.find(work.connection, *parted(values.delivery))
    effect = _("{subscription} never learns of {topic} about {key}")
    return [
        Consequence(effect.format(subscription=stuck.subscription, topic=stuck.topic, key=stuck.key), "1"),
        Consequence(_("later events of {key} go on").format(key=stuck.key), str(stuck.followers)),
    ]


def pause(work: EngineWork, values: Pause) -> dict[str, Any]:
    """Let nothing of a subscription begin until it is resumed; events go on gathering."""
    subscriptions.pause(work.connection, values.subscription, at=work.transaction.at, reason=values.reason)
    return {"paused": values.subscription}


def resume(work: EngineWork, values: Resume) -> dict[str, Any]:
    """Let a paused or tripped subscription go on."""
    subscriptions.resume(work.connection, values.subscription, at=work.transaction.at)
    return {"resumed": values.subscription}


def replay(work: EngineWork, values: Replay) -> dict[str, Any]:
    """Deliver events again that a subscription has had."""
    bound = _bound_subscription(work, values.subscription)
    key = values.key or None
    count = history.replay(work.connection, bound, key=key, first=values.first, last=values.last)
    return {"replayed": count}


def drop(work: EngineWork, values: Drop) -> dict[str, Any]:
    """End a subscription for good: what waits for it is skipped, and nothing gathers any more."""
    at = work.transaction.at
    skipped = subscriptions.drop(work.connection, values.subscription, at=at, reason=values.reason)
    return {"dropped": values.subscription, "skipped": skipped}


def preview_drop(work: EngineWork, values: Drop) -> list[Consequence]:
    """Say how much would be skipped."""
    identity = subscriptions.find(work.connection, values.subscription).id
    waiting = work.connection.execute(_BACKLOG, {"wanted": identity}).scalar_one()
    return [Consequence(_("deliveries of {name} are skipped").format(name=values.subscription), str(waiting))]


def _bound_subscription(work: EngineWork, name: str) -> BoundSubscription:
    declared = {
        one.name: (module, one)
        for module, loaded in work.transaction.assembly.modules.items()
        for one in loaded.manifest.subscriptions
    }
    if name not in declared:
        raise unknown(_("subscription"), name, declared)
    return binding.bound(*declared[name])


def _bound_call(work: EngineWork, identity: str) -> BoundCall | None:
    """Return the kind of a call; None when its module is gone."""
    operation = work.connection.execute(_OPERATION, {"wanted": identity}).scalar()
    return binding.call_of(
        work.transaction.assembly, str(operation), lambda _connection, _now: work.transaction
    )


def _action(
    name: str, title: str, model: type[Input], run: Callable[[EngineWork, Any], dict[str, Any]], **more: Any
) -> ReadyAction:
    return ReadyAction.of_kernel(f"flow.{name}", title, model, run, help=(run.__doc__ or "").strip(), **more)


ACTIONS: tuple[ReadyAction, ...] = (
    _action(
        "retry", N_("Try deliveries or calls again"), Retry, retry, subject="delivery", view="fenbu.dead"
    ),
    _action(
        "skip",
        N_("Give up a delivery or a call, with a reason"),
        Skip,
        skip,
        subject="delivery",
        view="fenbu.dead",
        dangerous=True,
        preview=preview_skip,
    ),
    _action(
        "pause", N_("Pause a subscription"), Pause, pause, subject="subscription", view="fenbu.subscriptions"
    ),
    _action(
        "resume",
        N_("Resume a subscription"),
        Resume,
        resume,
        subject="subscription",
        view="fenbu.subscriptions",
    ),
    _action(
        "replay",
        N_("Deliver events again"),
        Replay,
        replay,
        subject="subscription",
        view="fenbu.subscriptions",
    ),
    _action(
        "drop",
        N_("End a subscription for good"),
        Drop,
        drop,
        subject="subscription",
        view="fenbu.subscriptions",
        dangerous=True,
        preview=preview_drop,
    ),
)
"""What the kernel can do about flows."""
