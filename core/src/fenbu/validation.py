"""What pydantic finds wrong with an input or a setting, as an operator should read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from fenbu.errors import FieldProblem
from fenbu.i18n import N_, _


def field_problems(error: ValidationError) -> list[FieldProblem]:
    """Return pydantic's findings as field, what is wrong, what was got."""
    problems = []
    everything = error.errors(include_url=False)
    places = [found["loc"] for found in everything]
    for found in everything:
        if any(place[: len(found["loc"])] == found["loc"] != place for place in places):
            continue  # what is wrong within it says more than that it is too short without it
        text = _said(found)
        got = "" if found["type"] == "missing" or str(found["input"]) in text else _shown(found["input"])
        problems.append(FieldProblem(".".join(map(str, found["loc"])), text, got))
    return problems


_SLIPS: Mapping[str, str] = {
    "missing": N_("must be given"),
    "extra_forbidden": N_("there is no such field"),
    "too_short": N_("at least {min_length} must be given"),
    "too_long": N_("at most {max_length} can be given"),
    "string_too_long": N_("must have {max_length} characters at most"),
    "string_pattern_mismatch": N_("is not written as it should be ({pattern})"),
    "string_type": N_("must be a text"),
    "int_parsing": N_("must be a whole number"),
    "int_type": N_("must be a whole number"),
    "int_from_float": N_("must be a whole number"),
    "bool_parsing": N_("must be true or false"),
    "bool_type": N_("must be true or false"),
    "literal_error": N_("must be {expected}"),
    "enum": N_("must be {expected}"),
    "date_parsing": N_("must be a day, written as 2026-01-31"),
    "date_type": N_("must be a day, written as 2026-01-31"),
    "date_from_datetime_parsing": N_("must be a day, written as 2026-01-31"),
    "date_from_datetime_inexact": N_("must be a day without a time, written as 2026-01-31"),
    "greater_than": N_("must be more than {gt}"),
    "greater_than_equal": N_("must be {ge} or more"),
    "less_than": N_("must be less than {lt}"),
    "less_than_equal": N_("must be {le} or less"),
}
"""What is wrong with a field, by pydantic's name for it, as an operator should read it."""


def _said(found: Mapping[str, Any]) -> str:
    """Say what is wrong: in our words, or in those of the field's own rule."""
    context = found.get("ctx", {})
    if found["type"] == "string_too_short":
        least = context["min_length"]
        return (
            _("must not be empty") if least == 1 else _("must have {n} characters at least").format(n=least)
        )
    if told := _SLIPS.get(found["type"]):
        return _(told).format(**context)
    text = str(found["msg"]).removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _shown(value: object) -> str:
    if isinstance(value, dict | list | tuple):
        return ""  # a whole document says nothing that its reader does not see
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
