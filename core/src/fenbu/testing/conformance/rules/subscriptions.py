"""What a module subscribes to exists, and its handlers can read it."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Any

import attrs

from fenbu.engine.binding import reader_of
from fenbu.errors import FenbuError
from fenbu.events import event_type, is_event
from fenbu.testing.conformance.faults import Fault
from fenbu.testing.conformance.subject import Subject, told


def topics_are_known(subject: Subject, elsewhere: Collection[str] = ()) -> Iterator[Fault]:
    """Yield topics that no known contract declares.

    Args:
        subject: The module.
        elsewhere: Topics of contracts that are not installed here, as their author has told.
    """
    for subscription in subject.manifest.subscriptions:
        for topic in subscription.on:
            if topic in subject.events or topic in elsewhere:
                continue
            near = get_close_matches(topic, subject.events, 1)
            yield Fault(
                f"{subscription.name} on {topic}",
                "no known contract declares this topic",
                f"did you mean {near[0]}?"
                if near
                else "name it as its contract does; for one that is not installed here, list it in foreign_topics",
            )


def handlers_fit(subject: Subject) -> Iterator[Fault]:
    """Yield handlers that cannot be given their event."""
    for subscription in subject.manifest.subscriptions:
        for topic, text in subscription.on.items():
            yield from _handler(subject, topic, text)
        for reference in filter(None, (subscription.locks, subscription.together)):
            try:
                inspect.signature(subject.resolve(reference)).bind(None, ())
            except TypeError:
                yield Fault(reference, "cannot be called with (work, events)", "let it take (work, events)")


def routes_fit(subject: Subject) -> Iterator[Fault]:
    """Yield routes on topics whose event declares none."""
    for subscription in subject.manifest.subscriptions:
        for topic in subscription.route:
            body = subject.events.get(topic)
            if body is not None and event_type(body).route is None:
                yield Fault(
                    f"{subscription.name} on {topic}",
                    "routes by a value, and the event declares no route field",
                    "leave the route out and look at the event in the handler",
                )


def own_events_fit(subject: Subject) -> Iterator[Fault]:
    """Yield events of the module's own contracts that are called after somebody else or have nothing to tell."""
    own = {
        name
        for contract in subject.contracts
        for name in [contract.__name__]
        if name in subject.manifest.contracts
    }
    for body in subject.events.values():
        if body.__module__ not in own:
            continue
        declared = event_type(body)
        if not declared.topic.startswith(f"{subject.name}."):
            yield Fault(
                declared.name, f"is not called after the module {subject.name}", f"call it {subject.name}.…"
            )
        if not declared.says:
            yield Fault(declared.name, "has no sentence for people", 'say=N_("…") how it reads in a story')


def _handler(subject: Subject, topic: str, text: str) -> Iterator[Fault]:
    handler = subject.resolve(text)
    try:
        reader = reader_of(handler, topic)
    except (FenbuError, AttributeError, NameError, IndexError) as error:
        yield Fault(text, told(error), "write it as def handler(work: Work, event: TheEventsClass) -> None")
        return
    if not attrs.has(reader):
        yield Fault(
            text, f"its event is annotated with {reader.__name__}", "annotate it with the event's attrs class"
        )
        return
    if is_event(reader):
        if (name := event_type(reader).name) != topic:
            yield Fault(text, f"reads {name}, and is subscribed to {topic}", "annotate it with that event")
        return
    yield from _smaller(subject, topic, text, reader)


def _smaller(subject: Subject, topic: str, text: str, reader: type[Any]) -> Iterator[Fault]:
    """A reader may declare its own smaller class; what it wants must be in the event."""
    if (body := subject.events.get(topic)) is None:
        return
    there = {field.name for field in attrs.fields(body)}
    wanted = {field.name for field in attrs.fields(reader) if field.default is attrs.NOTHING}
    if missing := sorted(wanted - there):
        yield Fault(
            text,
            f"wants {', '.join(missing)}, which {topic} does not carry ({', '.join(sorted(there))})",
            "read those",
        )
