"""Binding: the handlers and calls that enabled modules declare, as the flows run them.

The flows know neither works nor manifests. For each subscription they get a function of what is pending and
the event received; it decodes the payload into the class that the handler's annotation names, opens a work
in the delivery's transaction, runs the handler and lets what it published be written with the rest of the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, get_type_hints

from attrs import evolve, frozen

from fenbu.calls import Call, CallRequest, Outcome
from fenbu.engine.assembly import Assembly
from fenbu.engine.catalog.reference import resolve
from fenbu.engine.flows.errors import PublishedTogether
from fenbu.engine.flows.pending import Pending
from fenbu.engine.flows.records import BoundCall, BoundSubscription, Handle, HandleAll, Received
from fenbu.engine.guard.network import no_network
from fenbu.engine.work import EngineWork, Transaction
from fenbu.errors import EventInvalid, FenbuError, Permanent
from fenbu.events import decode, parse_topic
from fenbu.i18n import _
from fenbu.manifest import Subscription
from fenbu.values import from_microseconds
from fenbu.work import Envelope

Begin = Callable[[Pending, int | None], Transaction]
"""Makes the record of a transaction that the flows have begun, for one handler; given the time, or reads it."""

Broken = Callable[[str, str, str], None]
"""Told of a module, a subscription and what is wrong with its code."""

Handler = Callable[[Any, Any], None]


@frozen(eq=False)
class Bound:
    """All that one assembly's modules handle and call."""

    assembly: Assembly
    subscriptions: tuple[BoundSubscription, ...]
    calls: tuple[BoundCall, ...]


def bind(assembly: Assembly, begin: Begin, broken: Broken) -> Bound:
    """Return the handlers and calls of the enabled modules; what is broken has no handle, and waits."""
    found: list[BoundSubscription] = []
    made: list[BoundCall] = []
    for name, module in assembly.modules.items():
        for declared in module.manifest.subscriptions:
            try:
                found.append(_subscription(name, declared, begin))
            except FenbuError as error:
                broken(name, declared.name, str(error))
                found.append(bound(name, declared))
        for call in module.manifest.calls:
            try:
                made.append(_call(name, call, assembly.settings[name], begin))
            except FenbuError as error:
                broken(name, call.operation, str(error))
    return Bound(assembly, tuple(found), tuple(made))


def call_of(assembly: Assembly, operation: str, begin: Begin) -> BoundCall | None:
    """Return one kind of call; None when no enabled module makes it."""
    for name, module in assembly.modules.items():
        for declared in module.manifest.calls:
            if declared.operation == operation:
                return _call(name, declared, assembly.settings[name], begin)
    return None


def reader_of(handler: Handler, topic: str) -> type[Any]:
    """Return the class into which a handler wants its event decoded: its second parameter's annotation.

    Raises:
        EventInvalid: The parameter is missing or not annotated with a class.
    """
    names = handler.__code__.co_varnames[: handler.__code__.co_argcount]
    hint = get_type_hints(handler).get(names[1]) if len(names) == 2 else None
    if not isinstance(hint, type):
        raise EventInvalid(topic, f"{handler.__qualname__} must be (work, event: EventClass)")
    return hint


def _subscription(module: str, declared: Subscription, begin: Begin) -> BoundSubscription:
    return evolve(
        bound(module, declared),
        locks=_locks(module, declared, begin),
        handle=_handle(module, declared, begin),
        together=_together(module, declared, begin),
    )


def bound(module: str, declared: Subscription) -> BoundSubscription:
    """Return a subscription as declared, without the functions that serve it; imports no code."""
    return BoundSubscription(
        name=declared.name,
        module=module,
        topics=_newest(declared.on),
        routes={parse_topic(name)[0]: value for name, value in declared.route.items()},
        attempts=declared.attempts,
        history=declared.history,
        replayable=declared.replayable,
    )


def _newest(names: Iterable[str]) -> dict[str, int]:
    """Return the newest version of each topic among ``erp.order-placed/1`` and the like."""
    newest: dict[str, int] = {}
    for topic, version in map(parse_topic, names):
        newest[topic] = max(version, newest.get(topic, 0))
    return newest


def _handle(module: str, declared: Subscription, begin: Begin) -> Handle:
    handlers: dict[tuple[str, int], tuple[Handler, type[Any]]] = {}
    for name, reference in declared.on.items():
        handler = resolve(reference, module=module)
        handlers[parse_topic(name)] = (handler, reader_of(handler, name))

    def handle(pending: Pending, received: Received) -> None:
        handler, reader = _chosen(handlers, declared.name, received)
        transaction = begin(pending, received.now)
        transaction.cause, transaction.depth = received.seq, received.depth + 1
        transaction.catching_up = received.history
        work = EngineWork(transaction, module, event=_envelope(received))
        with no_network(module), work.owned():
            handler(work, decode(reader, received.payload, received.topic))
        transaction.hand_over()

    return handle


def _chosen(
    handlers: Mapping[tuple[str, int], tuple[Handler, type[Any]]], subscription: str, received: Received
) -> tuple[Handler, type[Any]]:
    """Return the handler of an event's topic and version; a version that the module skipped has none."""
    found = handlers.get((received.topic, received.version))
    if found is None:
        told = _("{subscription} has no handler for {topic}/{version}, only for others of its versions")
        raise Permanent(
            told.format(subscription=subscription, topic=received.topic, version=received.version)
        )
    return found


def _locks(module: str, declared: Subscription, begin: Begin) -> HandleAll | None:
    if declared.locks is None:
        return None
    take = resolve(declared.locks, module=module)
    readers = _readers(module, declared)

    def lock(pending: Pending, batch: Sequence[Received]) -> None:
        work = EngineWork(begin(pending, batch[0].now), module)
        with no_network(module), work.owned():
            take(work, [_decoded(readers, one) for one in batch])

    return lock


def _together(module: str, declared: Subscription, begin: Begin) -> HandleAll | None:
    if declared.together is None:
        return None
    handler = resolve(declared.together, module=module)
    readers = _readers(module, declared)

    def handle(pending: Pending, batch: Sequence[Received]) -> None:
        transaction = begin(pending, batch[0].now)
        transaction.catching_up = any(one.history for one in batch)
        work = EngineWork(transaction, module)
        with no_network(module), work.owned():
            handler(work, [(_envelope(one), _decoded(readers, one)) for one in batch])
        if transaction.published:  # none of the batch could be named as its cause
            raise PublishedTogether(declared.name)
        transaction.flush_rows()

    return handle


def _readers(module: str, declared: Subscription) -> Mapping[tuple[str, int], type[Any]]:
    """Return the classes into which events are decoded, by topic and version."""
    return {
        parse_topic(name): reader_of(resolve(reference, module=module), name)
        for name, reference in declared.on.items()
    }


def _decoded(readers: Mapping[tuple[str, int], type[Any]], received: Received) -> Any:
    return decode(readers[received.topic, received.version], received.payload, received.topic)


def _call(module: str, declared: Call, settings: Any, begin: Begin) -> BoundCall:
    record = resolve(declared.record, module=module)

    def recorded(pending: Pending, request: CallRequest, outcome: Outcome) -> None:
        transaction = begin(pending, None)
        transaction.cause = (
            request.cause
        )  # its depth stays 0: a chain through the outside is no loop of handlers
        work = EngineWork(transaction, module)
        with no_network(module), work.owned():
            record(work, request, outcome)
        transaction.hand_over()

    return BoundCall(
        operation=declared.operation,
        module=module,
        send=resolve(declared.send, module=module),
        ask=resolve(declared.ask, module=module) if declared.ask else None,
        record=recorded,
        rehearse=resolve(declared.rehearse, module=module) if declared.rehearse else None,
        locks=_call_locks(module, declared, begin),
        deadline=declared.deadline,
        ask_after=declared.ask_after,
        attempts=declared.attempts,
        settings=settings,
    )


def _call_locks(
    module: str, declared: Call, begin: Begin
) -> Callable[[Pending, Sequence[CallRequest]], None] | None:
    if declared.locks is None:
        return None
    take = resolve(declared.locks, module=module)

    def lock(pending: Pending, requests: Sequence[CallRequest]) -> None:
        work = EngineWork(begin(pending, None), module)
        with no_network(module), work.owned():
            take(work, requests)

    return lock


def _envelope(received: Received) -> Envelope:
    return Envelope(
        seq=received.seq,
        id=received.id,
        topic=received.topic,
        version=received.version,
        key=received.key,
        at=from_microseconds(received.at),
        cause=received.cause,
        module=received.module,
    )
