"""Deliveries: the tail of the flows as a list, one of them at length, and what an operator does about it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from functools import partial
from typing import cast

from fenbu.engine.flows import call_tail, tail, trace
from fenbu.engine.flows.call_tail import OutsideCall
from fenbu.engine.flows.errors import NoSuchDelivery
from fenbu.engine.flows.tail import Delivery
from fenbu.engine.flows.trace import Trace, Traced, Travel
from fenbu.engine.flows.wanted import parse
from fenbu.engine.guard import permissions
from fenbu.engine.masking import masked
from fenbu.engine.telling import event_types, sentence
from fenbu.engine.work import EngineWork
from fenbu.i18n import _, ngettext
from fenbu.values import MONEY_SCALE, exact_decimal, readable_money
from fenbu_tui.gateway.base import EnginePart
from fenbu_tui.gateway.trees import took, tree
from fenbu_tui.gateway.wording import exactly, first_line, moment, state, traced
from fenbu_tui.world.base import Act, Choice, Consequence, Question
from fenbu_tui.world.deliveries import Before, DeliveryDetail, DeliveryLine, DeliveryPage

REPAIRED = ("dead", "retrying")
"""States of deliveries that can be tried again at once, or given up."""
CALLS_REPAIRED = ("dead", "unknown")
_URGENT = ("dead", "retrying", "held", "waiting", "scheduled", "skipped", "done")


class DeliveriesPart(EnginePart):
    """Answers the list of deliveries."""

    def deliveries(
        self, wanted: str, before: Before | None = None, *, limit: int = 200, outside: bool = False
    ) -> DeliveryPage:
        with self._reading() as work:
            work.require(permissions.show("fenbu"))
            place = before.place if before else None
            if outside:
                calls = call_tail.page(
                    work.connection,
                    parse(wanted),
                    before=cast("tuple[int, str] | None", place),
                    limit=limit,
                )
                lines = tuple(_call_line(work, one) for one in calls.rows)
                return DeliveryPage(lines, Before(calls.next) if calls.next else None)
            page = tail.page(work.connection, parse(wanted), before=cast("int | None", place), limit=limit)
            lines = tuple(self._line(work, one) for one in page.rows)
            return DeliveryPage(lines, Before(page.next) if page.next else None)

    def delivery(self, line: DeliveryLine) -> DeliveryDetail:
        with self._reading() as work:
            work.require(permissions.show("fenbu"))
            if line.outside:
                call = call_tail.call(work.connection, line.name)
                found = trace.trace(work.connection, call.cause) if call.cause else None
                return _call_detail(work, call, found)
            assert line.event is not None
            found = trace.trace(work.connection, line.event)
            for travel in found.event.travels:
                if travel.subscription == line.subscription:
                    return self._detail(work, found, travel)
            raise NoSuchDelivery(line.subscription, line.event)

    def delivery_of(self, event: int) -> DeliveryLine:
        with self._reading() as work:
            work.require(permissions.show("fenbu"))
            found = trace.trace(work.connection, event, most=1).event
            travels = sorted(found.travels, key=lambda one: _URGENT.index(one.state))
            if not travels:
                raise NoSuchDelivery(_("any subscription"), event)
            return self._line(work, _as_delivery(found, travels[0]))

    def retry(self, line: DeliveryLine, *, like: bool = False) -> Act:
        given: dict[str, object] = {"call" if line.outside else "delivery": line.name}
        told = f"--call {line.name}" if line.outside else line.name
        if like and not line.outside:
            given["like"] = True
            told += " --like"
        return Act(command=f"fenbu flows retry {told}", run=partial(self._retry, given))

    def _retry(self, given: dict[str, object]) -> str:
        with self._reaching():
            count = int(self._kernel.perform("fenbu.flow.retry", given).answer["retried"])
        told = ngettext("{count} is tried again now", "{count} are tried again now", count)
        return told.format(count=f"{count:,}")

    def skip(self, line: DeliveryLine, reason: str) -> Question:
        values = {"call" if line.outside else "delivery": line.name, "reason": reason}
        words = ["--call", line.name] if line.outside else [line.name]
        with self._reaching():
            told = self._kernel.preview("fenbu.flow.skip", values)
        act = Act(
            command=shlex.join(["fenbu", "flows", "skip", *words, "--reason", reason]),
            run=partial(self._skip, values),
        )
        return Question(
            title=_("Give up {name}").format(name=line.name),
            consequences=tuple(Consequence(_(one.text), one.number) for one in told),
            choices=(Choice(label=_("Give up"), act=act),),
        )

    def _skip(self, values: dict[str, str]) -> str:
        with self._reaching():
            released = int(self._kernel.perform("fenbu.flow.skip", values).answer["released"])
        told = ngettext("given up; {count} behind it goes on", "given up; {count} behind it go on", released)
        return told.format(count=released) if released else _("given up")

    def replay(self, line: DeliveryLine) -> Question:
        ways = (
            (_("This one"), {"first": line.event, "last": line.event}),
            (_("Its key"), {"key": line.key, "first": line.event}),
            (_("All from here"), {"first": line.event}),
        )
        choices, counts = [], []
        for label, more in ways:
            values: dict[str, object] = {"subscription": line.subscription, **more}
            with self._reaching():
                count = int(self._kernel.dry_run("fenbu.flow.replay", values).answer["replayed"])
            counts.append(Consequence(_("are delivered again: {which}").format(which=label), f"{count:,}"))
            words = [part for name, value in more.items() for part in (f"--{name}", str(value))]
            command = shlex.join(["fenbu", "flows", "replay", line.subscription, *words])
            choices.append(Choice(label=label, act=Act(command=command, run=partial(self._replay, values))))
        title = _("Deliver again to {name}").format(name=line.subscription)
        return Question(title=title, consequences=tuple(counts), choices=tuple(choices))

    def _replay(self, values: dict[str, object]) -> str:
        with self._reaching():
            count = int(self._kernel.perform("fenbu.flow.replay", values).answer["replayed"])
        told = ngettext("{count} is delivered again", "{count} are delivered again", count)
        return told.format(count=f"{count:,}")

    # --- wording --------------------------------------------------------------------------------------

    def _line(self, work: EngineWork, one: Delivery) -> DeliveryLine:
        return DeliveryLine(
            id=f"{one.name}/{one.state}/{one.ended or 0}",
            name=one.name,
            outside=False,
            event=one.seq,
            topic=one.topic,
            key=one.key,
            subscription=one.subscription,
            standing=state(one.state),
            at=moment(one.published, work.now, work.enterprise.zone),
            took=took(one.ms, one.attempts),
            detail=first_line(one.detail),
            retried=one.state in REPAIRED,
            replayable=one.state == "done" and one.subscription in _replayable(work),
        )

    def _detail(self, work: EngineWork, found: Trace, travel: Travel) -> DeliveryDetail:
        line = self._line(work, _as_delivery(found.event, travel))
        says = partial(_says, work)
        first, _newline, rest = travel.detail.partition("\n")
        return DeliveryDetail(
            line=line,
            says=says(found.event),
            facts=tuple(_facts(work, found.event)),
            tree=tuple(tree(found, says, line.name)),
            payload=_payload(work, found.event),
            attempts=_attempts(work, travel),
            traceback=traced("\n".join([first, rest]).strip()) if travel.state != "skipped" else "",
        )


def _replayable(work: EngineWork) -> frozenset[str]:
    return frozenset(
        one.name
        for module in work.transaction.assembly.modules.values()
        for one in module.manifest.subscriptions
        if one.replayable
    )


def _as_delivery(event: Traced, travel: Travel) -> Delivery:
    return Delivery(
        subscription=travel.subscription,
        module=travel.module,
        seq=event.seq,
        topic=event.topic,
        version=event.version,
        key=event.key,
        publisher=event.module,
        state=travel.state,
        published=event.at,
        ended=travel.ended,
        ms=travel.ms,
        attempts=travel.attempts,
        not_before=travel.not_before,
        detail=travel.detail,
    )


def _says(work: EngineWork, event: Traced) -> str:
    declared = event_types(work.transaction.assembly).get((event.topic, event.version))
    payload = masked(work.transaction.assembly, declared, event.payload)
    return sentence(declared, event.topic, payload, work.enterprise.zone)


def _payload(work: EngineWork, event: Traced) -> str:
    declared = event_types(work.transaction.assembly).get((event.topic, event.version))
    shown = masked(work.transaction.assembly, declared, event.payload)
    return json.dumps(shown, ensure_ascii=False, indent=2)


def _facts(work: EngineWork, event: Traced) -> Iterator[tuple[str, str]]:
    zone = work.enterprise.zone
    yield _("event"), f"{event.seq} {event.topic}/{event.version}"
    yield _("key"), event.key
    yield _("published"), f"{exactly(event.at, zone)}, {event.module}, {event.actor}"
    if event.not_before is not None:
        yield _("rings"), exactly(event.not_before, zone)
    if event.day:
        yield _("business date"), event.day
    if event.about:
        yield _("about"), ", ".join(f"{_(kind)} {number}" for kind, number in event.about.items())


def _attempts(work: EngineWork, travel: Travel) -> str:
    """Return how often a delivery was tried, when it goes on, and what can be done about it."""
    again = exactly(travel.not_before, work.enterprise.zone)
    times = ngettext("tried {count} time", "tried {count} times", travel.attempts).format(
        count=travel.attempts
    )
    told = {
        "dead": _("{times}; r tries it again, K gives it up with a reason").format(times=times),
        "retrying": _("{times}; again at {at}, r tries it now").format(times=times, at=again),
        "scheduled": _("rings at {at}").format(at=again),
        "held": _("it goes on when the one of its key before it has ended"),
        "skipped": _("skipped: {reason}").format(reason=travel.detail),
        "done": _done(work, travel),
    }
    return told.get(travel.state, "")


def _done(work: EngineWork, travel: Travel) -> str:
    at = exactly(travel.ended or 0, work.enterprise.zone)
    told = _("done at {at} in {ms} ms").format(at=at, ms=travel.ms)
    failures = ngettext("after {count} failure", "after {count} failures", travel.attempts)
    return f"{told}, {failures.format(count=travel.attempts)}" if travel.attempts else told


def _call_line(work: EngineWork, one: OutsideCall) -> DeliveryLine:
    return DeliveryLine(
        id=one.id,
        name=one.id,
        outside=True,
        event=one.cause,
        topic=one.operation,
        key=one.key,
        subscription=one.subject,
        standing=state(one.state),
        at=moment(one.at, work.now, work.enterprise.zone),
        took=f"×{one.attempts}" if one.attempts else "",
        detail=first_line(one.detail),
        retried=one.state in CALLS_REPAIRED,
    )


def _call_detail(work: EngineWork, call: OutsideCall, found: Trace | None) -> DeliveryDetail:
    line, zone = _call_line(work, call), work.enterprise.zone
    says = partial(_says, work)
    times = ngettext("sent {count} time", "sent {count} times", call.attempts).format(count=call.attempts)
    what = ""
    if call.state in CALLS_REPAIRED:
        what = _("; r asks again with the same key, K gives it up with a reason")
    elif call.state == "new" and call.not_before:
        what = _("; again at {at}").format(at=exactly(call.not_before, zone))
    amount = ""
    if call.amount is not None and call.currency:
        exact = exact_decimal(call.amount, 0).scaleb(-MONEY_SCALE)
        amount = f" {readable_money(exact, call.currency)}"
    facts = [
        (_("call"), f"{call.operation} {call.subject}{amount}"),
        (_("key"), call.key),
        (_("recorded"), f"{exactly(call.at, zone)}, {call.module}"),
        (_("idempotency key"), call.id),
    ]
    return DeliveryDetail(
        line=line,
        says=f"{call.operation} {call.subject}{amount}: {line.standing.word}",
        facts=tuple(facts),
        tree=tuple(tree(found, says, line.name)) if found else (),
        payload=_payload(work, found.event) if found else "",
        attempts=f"{times}{what}",
        traceback=traced(call.detail),
    )
