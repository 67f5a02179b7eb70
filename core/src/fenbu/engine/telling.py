"""Telling: how an event reads for people, by the sentence that its contract declares.

Amounts have their currency's decimals, numbers no more than they need, moments are told in the enterprise's zone,
and what a document lists is told as ``2 × SEN-100``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import attrs

from fenbu.contracts import CONTRACTS
from fenbu.events import EventType, event_type, events_of
from fenbu.i18n import _
from fenbu.values import readable, readable_money

if TYPE_CHECKING:
    from fenbu.engine.assembly import Assembly

MINUTES = "%Y-%m-%d %H:%M"
MOST_PARTS = 5
"""Of a longer list the first so many are told, the others counted."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(Z|[+-]\d\d:\d\d)\Z")
_WORD = re.compile(r"[a-z][a-z_]*\Z")
"""A state or another word of code, which faces say in the operator's language."""
_MONEY = re.compile(r"\{(\w+)\} \{(currency)\}")
"""An amount and its currency, as sentences write them."""


def event_types(assembly: Assembly) -> Mapping[tuple[str, int], EventType]:
    """Return every event that a contract declares, by topic and version."""
    return declared_in(name for module in assembly.modules.values() for name in module.manifest.contracts)


def declared_in(brought: Iterable[str]) -> Mapping[tuple[str, int], EventType]:
    """Return every event that the domains' contracts declare and those that modules bring, as far as they are loaded.

    Args:
        brought: Names of the modules' own contracts.
    """
    known = (sys.modules[name] for name in (*CONTRACTS, *brought) if name in sys.modules)
    declared = (event_type(body) for contract in known for body in events_of(contract))
    return {(one.topic, one.version): one for one in declared}


def sentence(
    declared: EventType | None, topic: str, payload: Mapping[str, Any], zone: ZoneInfo | None = None
) -> str:
    """Return how an event reads for people; topic and payload when it has no sentence.

    Args:
        declared: What its contract says of it; None when no enabled module knows it.
        topic: Without version.
        payload: As it is kept.
        zone: In which moments are told; UTC unless given.
    """
    numbers = _numbers(declared)
    told = {name: _shown(_local(value, zone), name in numbers) for name, value in payload.items()}
    plain = ", ".join(f"{name} {told[name]}" for name in told if payload[name] not in (None, "", []))
    if declared is None or not declared.says:
        return f"{topic}: {plain}"
    says = _MONEY.sub(lambda found: _amount(found, payload), _(declared.says))
    try:
        return says.format(**told)
    except (KeyError, IndexError, AttributeError):  # an older event lacks a field that the sentence names
        return f"{topic}: {plain}"


def _numbers(declared: EventType | None) -> frozenset[str]:
    """Return the fields of an event that are exact numbers, which the log keeps as text."""
    if declared is None or not attrs.has(declared.body):
        return frozenset()
    return frozenset(one.name for one in attrs.fields(declared.body) if "Decimal" in str(one.type))


def _amount(found: re.Match[str], payload: Mapping[str, Any]) -> str:
    """Return an amount as money, in place of its two fields; where there is none, that it is none."""
    amount, currency = payload.get(found[1]), payload.get(found[2])
    if amount is None or not currency:
        return _("none in {currency}").format(currency=currency) if currency else found[0]
    return readable_money(Decimal(amount), str(currency))


def _local(value: Any, zone: ZoneInfo | None) -> Any:
    """Return a moment as people write it; what is none as it is."""
    if not isinstance(value, str) or not _MOMENT.match(value):
        return value
    return datetime.fromisoformat(value).astimezone(zone or UTC).strftime(MINUTES)


def _shown(value: Any, number: bool = False) -> str:
    """Return a payload's value as text: numbers exact and readable, lists as their first entries."""
    if isinstance(value, Mapping):
        return _part(value)
    if isinstance(value, Iterable) and not isinstance(value, str):
        listed = list(value)
        told = ", ".join(map(_shown, listed[:MOST_PARTS]))
        more = len(listed) - MOST_PARTS
        return _("{first} and {count} more").format(first=told, count=more) if more > 0 else told
    if value is None:
        return "–"
    if number:
        return readable(Decimal(value))
    return _(str(value)) if _WORD.match(str(value)) else str(value)


def _part(value: Mapping[str, Any]) -> str:
    """Return one entry of a list: an item with how many of it, else all that it holds."""
    if value.get("item") and value.get("quantity") is not None:
        return f"{readable(Decimal(value['quantity']))} × {value['item']}"
    return " ".join(_shown(part) for part in value.values() if part not in (None, ""))
