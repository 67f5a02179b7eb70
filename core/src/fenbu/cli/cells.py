"""How values look: money with its currency, times in the enterprise's zone, yes and no in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from fenbu.cli.layout import Cell, Heading
from fenbu.i18n import _
from fenbu.values import MASK, minor_units, padded, readable, readable_money
from fenbu.views import Column, Kind, View
from fenbu.work import Enterprise

_NUMBERS = frozenset({Kind.MONEY, Kind.QUANTITY, Kind.PRICE, Kind.RATE, Kind.NUMBER})
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of one."""
_SIGNS = {
    "green": frozenset({"enabled", "active", "done", "paid", "posted", "closed", "ok", "settled"}),
    "yellow": frozenset(
        {"waiting", "paused", "draining", "catching up", "upgrade pending", "held", "unknown"}
    ),
    "red": frozenset(
        {"dead", "failed", "tripped", "quarantined", "missing", "incompatible", "denied", "overdue"}
    ),
}
_COLOUR_OF = {state: colour for colour, states in _SIGNS.items() for state in states}


def shown(view: View, wanted: Sequence[str] = ()) -> list[Column]:
    """Return the columns to show: those asked for, else all but those that only hold another's unit."""
    if wanted:
        return [view.column(name) for name in wanted]
    units = {column.unit for column in view.columns if column.unit}
    return [column for column in view.columns if column.name not in units]


def heading(column: Column, view: View) -> Heading:
    """Return the head of a column: numbers stand to the right; texts may be wrapped, but not what one copies."""
    wraps = column.kind is Kind.TEXT and column.name != view.record
    return Heading(_(column.title), right=column.kind in _NUMBERS, wraps=wraps)


def cell(column: Column, row: Mapping[str, Any], enterprise: Enterprise, *, masked: bool = False) -> Cell:
    """Return a value as one cell of a table; of a text with several lines the first, with how many follow."""
    text = words(column, row, enterprise, masked=masked)
    first, *rest = text.split("\n")
    if rest := [line for line in rest if line.strip()]:
        first = _("{first} … (+{count} lines)").format(first=first, count=len(rest))
    colour = _COLOUR_OF.get(str(row.get(column.name)), "") if column.kind is Kind.STATE else ""
    return Cell(first, colour)


def words(column: Column, row: Mapping[str, Any], enterprise: Enterprise, *, masked: bool = False) -> str:
    """Return a value as text for people."""
    value = row.get(column.name)
    if value is None:
        return ""
    if value == MASK or (masked and column.personal):
        return MASK
    unit = str(row.get(column.unit) or "") if column.unit else ""
    say = _WORDS.get(column.kind)
    return say(value, unit, enterprise) if say else str(value)


def plain(column: Column, row: Mapping[str, Any], enterprise: Enterprise, *, masked: bool = False) -> Any:
    """Return a value as a program wants it: exact numbers as text without grouping, times in UTC."""
    value = row.get(column.name)
    if value is None:
        return None
    if value == MASK or (masked and column.personal):
        return MASK
    if column.kind is Kind.YES_NO:
        return bool(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if not isinstance(value, Decimal):
        return value
    places = 0
    if column.kind in (Kind.MONEY, Kind.PRICE):
        unit = row.get(column.unit) if column.unit else None
        places = minor_units(str(unit or enterprise.currency))
    return format(padded(value, places), "f")


def harmless(value: Any) -> Any:
    """Keep a spreadsheet from running a text as a formula; numbers stay as they are."""
    if not isinstance(value, str) or not value.startswith(_FORMULA):
        return value
    digits = value.lstrip("-").replace(".", "", 1)
    return value if digits.isascii() and digits.isdigit() else f"'{value}"


def _price(value: Any, unit: str, enterprise: Enterprise) -> str:
    return readable_money(
        Decimal(value), unit or enterprise.currency
    )  # more decimals than the currency has stay


def _number(value: Any, unit: str, _enterprise: Enterprise) -> str:
    return f"{readable(Decimal(value))} {unit}".rstrip()


def _time(value: Any, _unit: str, enterprise: Enterprise) -> str:
    local: datetime = value.astimezone(enterprise.zone)
    return local.strftime("%Y-%m-%d %H:%M:%S")


def _state(value: Any, _unit: str, _enterprise: Enterprise) -> str:
    return _(str(value))


def _yes_no(value: Any, _unit: str, _enterprise: Enterprise) -> str:
    return _("yes") if value else _("no")


_WORDS = {
    Kind.MONEY: _price,
    Kind.PRICE: _price,
    Kind.QUANTITY: _number,
    Kind.RATE: _number,
    Kind.TIME: _time,
    Kind.STATE: _state,
    Kind.YES_NO: _yes_no,
}
