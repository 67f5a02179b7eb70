"""Events: facts that have happened, published in the transaction that made them true.

An event is a frozen attrs class with a topic and a version::

    @event("erp.order-placed/1", lane=Lane.INFORMATION, key="order", about={"order": "order"})
    @frozen(kw_only=True)
    class OrderPlaced:
        order: str
        total: Decimal

Adding a field with a default keeps the version; anything else is a new one. A reader may declare its
own smaller class for a topic, with only the fields it needs: unknown fields are ignored, a missing one
is an error that names it. Events carry ids, codes, amounts and quantities, never a field marked
``Personal``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import MappingProxyType, ModuleType
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import attrs
from attrs import field, frozen
from cattrs import BaseValidationError, Converter, transform_error

from fenbu.errors import EventInvalid, PayloadInvalid
from fenbu.i18n import N_
from fenbu.values import Personal

T = TypeVar("T")

_TOPIC = re.compile(r"^(?P<topic>[a-z][a-z0-9_]*\.[a-z][a-z0-9-]*)/(?P<version>[1-9][0-9]*)$")


class Lane(StrEnum):
    """The kind of flow an event belongs to."""

    INFORMATION = N_("information")
    CAPITAL = N_("capital")
    GOODS = N_("goods")


def _frozen_mapping(mapping: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(mapping))


@frozen
class EventType:
    """What is declared of an event: how it is addressed, ordered, found again."""

    topic: str
    version: int
    lane: Lane
    key: str
    """Field that holds the key; events with one key reach a subscription in order."""
    about: Mapping[str, str] = field(converter=_frozen_mapping)
    """Kind of document to the field that holds its number (``{"order": "order"}``)."""
    route: str | None = None
    """Field by which subscriptions may pick their events, by equality."""
    day: str | None = None
    """Field that holds the business date."""
    says: str = ""
    """How it reads in an order's story, with the payload's fields in braces."""
    body: type[Any] = field(default=object, eq=False)

    @property
    def name(self) -> str:
        """Topic and version as written in subscriptions: ``erp.order-placed/1``."""
        return f"{self.topic}/{self.version}"


def parse_topic(name: str) -> tuple[str, int]:
    """Split ``erp.order-placed/1`` into topic and version; ValueError when it has another form."""
    match = _TOPIC.match(name)
    if match is None:
        raise ValueError(f"a topic reads like 'erp.order-placed/1', got {name!r}")
    return match["topic"], int(match["version"])


def event(
    name: str,
    *,
    lane: Lane,
    key: str,
    about: Mapping[str, str] | None = None,
    route: str | None = None,
    day: str | None = None,
    says: str = "",
) -> Callable[[type[T]], type[T]]:
    """Declare a frozen attrs class as an event.

    Args:
        name: Topic and version, ``<domain>.<participle>/<version>``.
        lane: Information, capital or goods.
        key: Field with the key of its order; every event about an order has the order's number.
        about: Kinds of document to fields, by which ``explain`` and timelines find the event.
        route: At most one field on which a subscription may filter, by equality.
        day: Field with the business date, if the event has one.
        says: A sentence for people, with fields in braces, as ``explain`` tells it.

    Raises:
        EventInvalid: A named field is missing, the class is not frozen, or a field is personal.
    """

    def declare(body: type[T]) -> type[T]:
        try:
            topic, version = parse_topic(name)
        except ValueError as error:
            raise EventInvalid(name, str(error)) from None
        declared = EventType(topic, version, lane, key, about or {}, route, day, says, body)
        _check(declared)
        body.__fenbu_event__ = declared  # type: ignore[attr-defined]
        return body

    return declare


def event_type(body: type[Any]) -> EventType:
    """Return what is declared of an event's class; EventInvalid when nothing is."""
    declared = body.__dict__.get("__fenbu_event__")
    if not isinstance(declared, EventType):
        raise EventInvalid(body.__name__, "it is not declared with @event(…)")
    return declared


def events_of(contract: ModuleType) -> list[type[Any]]:
    """Return the classes of the events that a contract declares, as they stand in it."""
    return [
        value
        for value in vars(contract).values()
        if isinstance(value, type) and is_event(value) and value.__module__ == contract.__name__
    ]


def is_event(body: type[Any]) -> bool:
    """Say whether a class is declared as an event."""
    return isinstance(body.__dict__.get("__fenbu_event__"), EventType)


def encode(body: object) -> str:
    """Return an event's payload as JSON text: decimals and dates as text, keys in field order."""
    return json.dumps(_converter().unstructure(body), ensure_ascii=False, separators=(",", ":"))


def decode(reader: type[T], payload: str, topic: str) -> T:
    """Read a payload into the class its reader declared.

    Raises:
        PayloadInvalid: A field is missing or does not fit; the text names each.
    """
    try:
        return _converter().structure(json.loads(payload), reader)
    except BaseValidationError as error:
        raise PayloadInvalid(topic, "; ".join(transform_error(error, path="payload"))) from None


def _check(declared: EventType) -> None:
    body = declared.body
    if not attrs.has(body):
        raise EventInvalid(declared.name, f"{body.__name__} is not an attrs class")
    names = {attribute.name for attribute in attrs.fields(body)}
    wanted = {declared.key, *declared.about.values(), *filter(None, (declared.route, declared.day))}
    if missing := sorted(wanted - names):
        raise EventInvalid(declared.name, f"{body.__name__} has no field {', '.join(missing)}")
    if body.__setattr__ is object.__setattr__:
        raise EventInvalid(declared.name, f"{body.__name__} must be frozen")
    for name, hint in get_type_hints(body, include_extras=True).items():
        if is_personal(hint):
            raise EventInvalid(declared.name, f"the field {name} is personal; publish an id instead")


def is_personal(hint: Any) -> bool:
    """Say whether a type, an annotation or a mark in it is declared `Personal`."""
    if hint is Personal or isinstance(hint, Personal):
        return True
    if get_origin(hint) is Annotated:
        return any(map(is_personal, hint.__metadata__))
    return any(is_personal(argument) for argument in get_args(hint))


@cache
def _converter() -> Converter:
    """Return the one converter of payloads; built at first use, since it costs some milliseconds."""
    converter = Converter(forbid_extra_keys=False)
    converter.register_unstructure_hook(Decimal, str)
    converter.register_structure_hook(Decimal, _read_decimal)
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    converter.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_structure_hook(date, lambda value, _: date.fromisoformat(value))
    return converter


def _read_decimal(value: object, _kind: type[Decimal]) -> Decimal:
    if not isinstance(value, str | int):
        raise ValueError(f"an exact number as text is wanted, got {value!r}")
    return Decimal(value)
