"""Columns: a record's cells become the values that an importer wants, exactly or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import frozen

from fenbu.engine.importing.source import Record
from fenbu.errors import BadFile
from fenbu.i18n import _
from fenbu.importing import Importer, Profile, SourceRow

_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_LONGEST_NUMBER = 40
_EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+", re.ASCII)
_YEARS = range(1900, 2200)
_LONGEST_REFERENCE = 200

Convert = Callable[[str, ZoneInfo], Any]


class _Column(NamedTuple):
    """How one field is filled; a tuple, because it is taken apart once a cell."""

    name: str
    convert: Convert | None
    """None for texts, which stay what they are (formulas of a spreadsheet too)."""
    default: str
    place: int
    """Among the wanted columns; -1 when only the default fills it."""
    required: bool


@frozen
class Mapped:
    """What a record gave: its document's reference, its texts, its values and what is wrong with them."""

    record: Record
    reference: str
    """Empty when the record does not say to which document it belongs."""
    texts: tuple[str, ...]
    """The cells as they were mapped, for the digest of the document's content."""
    row: SourceRow
    problem: str
    """In words; empty when every value is what it should be."""


class Columns:
    """How a profile fills the fields of an importer."""

    def __init__(self, importer: Importer, profile: Profile, zone: ZoneInfo) -> None:
        """Join the two; the zone is the enterprise's, for times without one, unless the profile names its own.

        Raises:
            BadFile: The profile contradicts the importer: it names fields that are none, or leaves out one.
        """
        _check(importer, profile)
        self.wanted = tuple(profile.columns.values())
        """The source's columns, each once."""
        self._zone = _zone(profile) or zone
        places = {name: place for place, name in enumerate(self.wanted)}
        self._columns = [
            _Column(
                field.name,
                _CONVERTERS[field.kind],
                profile.defaults.get(field.name, ""),
                places[profile.columns[field.name]] if field.name in profile.columns else -1,
                field.required,
            )
            for field in importer.fields
        ]
        self.needed = [
            profile.columns[field.name]
            for field in importer.fields
            if field.name in profile.columns and field.required and field.name not in profile.defaults
        ]
        """Columns that the source must have."""
        self._reference = next(
            place for place, field in enumerate(importer.fields) if field.name == importer.reference
        )

    def read(self, record: Record) -> Mapped:
        """Return a record's values; what cannot be a value is said, never guessed."""
        texts = []
        values: dict[str, Any] = {}
        problems = [record.problem] if record.problem else []
        cells, zone = record.cells, self._zone
        for name, convert, default, place, required in self._columns:
            text = cells[place].strip() if place >= 0 else ""
            text = text or default
            texts.append(text)
            if not text:
                values[name] = None
                if required and not record.problem:
                    problems.append(_("{field} is empty").format(field=name))
                continue
            if convert is None:
                values[name] = text
                continue
            try:
                values[name] = convert(text, zone)
            except ValueError as error:
                problems.append(f"{name}: {error}")
        reference = texts[self._reference]
        if len(reference) > _LONGEST_REFERENCE:
            limit = _("the reference has more than {limit} characters")
            problems.append(limit.format(limit=_LONGEST_REFERENCE))
        row = SourceRow(record.line, values)
        return Mapped(record, reference, tuple(texts), row, "; ".join(problems))


@lru_cache(maxsize=4096)
def _decimal(text: str, _zone: ZoneInfo) -> Decimal:
    if _DECIMAL.fullmatch(text) and len(text) <= _LONGEST_NUMBER:
        return Decimal(text)
    shown = text if len(text) <= _LONGEST_NUMBER else f"{text[:_LONGEST_NUMBER]}…"
    if _EXPONENT.fullmatch(text):
        raise ValueError(
            _("{text} is written short by a spreadsheet; the exact number is wanted").format(text=shown)
        )
    raise ValueError(_("a number like 1234.50 is wanted, got {text!r}").format(text=shown))


def _integer(text: str, zone: ZoneInfo) -> int:
    number = _decimal(text, zone)
    if number != number.to_integral_value():
        raise ValueError(_("a whole number is wanted, got {text}").format(text=text))
    return int(number)


def _day(text: str, zone: ZoneInfo) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = _time(text, zone).astimezone(zone).date()
    _check_year(day.year, text)
    return day


@lru_cache(maxsize=4096)
def _time(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            _("a time like 2026-03-31 or 2026-03-31 14:50:00 is wanted, got {text!r}").format(text=text[:40])
        ) from None
    _check_year(moment.year, text)
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    known = moment.replace(tzinfo=zone).astimezone(UTC)
    if known.astimezone(zone).replace(tzinfo=None) != moment.replace(fold=0):
        raise ValueError(
            _("{text} does not exist in {zone}, where clocks were put forward").format(
                text=text, zone=zone.key
            )
        )
    return known


def _check_year(year: int, text: str) -> None:
    if year not in _YEARS:
        raise ValueError(
            _("a year from {first} to {last} is wanted, got {text}").format(
                first=_YEARS.start, last=_YEARS.stop - 1, text=text
            )
        )


_CONVERTERS: dict[str, Convert | None] = {
    "text": None,
    "decimal": _decimal,
    "integer": _integer,
    "day": _day,
    "time": _time,
}


def _check(importer: Importer, profile: Profile) -> None:
    known = {field.name for field in importer.fields}
    if stray := sorted({*profile.columns, *profile.defaults} - known):
        raise BadFile(
            profile.name,
            _("the profile fills {fields}, which {importer} does not have").format(
                fields=", ".join(stray), importer=importer.name
            ),
            way_out=_("its fields are {fields}").format(fields=", ".join(sorted(known))),
        )
    filled = {*profile.columns, *profile.defaults}
    missing = [f.name for f in importer.fields if f.required and f.name not in filled]
    if missing or importer.reference not in profile.columns:
        names = ", ".join(missing or [importer.reference])
        raise BadFile(profile.name, _("the profile says no column for {fields}").format(fields=names))
    if strange := sorted({f.kind for f in importer.fields} - set(_CONVERTERS)):
        raise BadFile(
            importer.name, _("the kinds {kinds} of its fields are unknown").format(kinds=", ".join(strange))
        )


def _zone(profile: Profile) -> ZoneInfo | None:
    if not profile.time_zone:
        return None
    try:
        return ZoneInfo(profile.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadFile(
            profile.name, _("the time zone {zone} is unknown").format(zone=profile.time_zone)
        ) from None
