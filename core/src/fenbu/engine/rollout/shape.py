"""What pydantic finds wrong with the shape of a rollout file, in words that name the nearest valid key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, time
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from fenbu.engine.rollout import model
from fenbu.engine.rollout.faults import Finding, nearest
from fenbu.engine.rollout.positions import Path
from fenbu.engine.rollout.secrets import named_secret
from fenbu.i18n import N_, _
from fenbu.values import MASK

_GATES: Mapping[str, type[BaseModel]] = {
    "metric": model.MetricGate,
    "check": model.CheckGate,
    "approval": model.ApprovalGate,
    "date": model.DateGate,
}
_PARTS: Mapping[str, type[BaseModel]] = {"approvals": model.Approvals, "rollback": model.Rollback}
_SLIPS: Mapping[str, str] = {
    "string_type": N_("must be text in quotes"),
    "int_type": N_("must be a whole number without quotes"),
    "bool_type": N_("must be true or false without quotes"),
    "tuple_type": N_("must be a list in square brackets"),
    "dict_type": N_("must be a table"),
    "mapping_type": N_("must be a table"),
    "model_type": N_("must be a table"),
    "model_attributes_type": N_("must be a table"),
    "literal_error": N_("must be {expected}"),
    "enum": N_("must be {expected}"),
    "greater_than_equal": N_("must be {ge} or more"),
    "less_than_equal": N_("must be {le} or less"),
    "too_short": N_("must have {min_length} at least"),
    "string_too_long": N_("must have {max_length} characters at most"),
}


def findings_of(error: ValidationError) -> Iterator[Finding]:
    """Yield pydantic's errors as findings; a missing key whose misspelling is found is told once."""
    errors = error.errors(include_url=False)
    misspelt = {
        (*_path(one["loc"])[:-1], key)
        for one in errors
        if one["type"] == "extra_forbidden"
        for key in get_close_matches(str(one["loc"][-1]), _fields(one["loc"]), 1, 0.6)
    }
    places = [one["loc"] for one in errors]
    for one in errors:
        path = _path(one["loc"])
        within = any(place[: len(one["loc"])] == one["loc"] != place for place in places)
        told_better = (one["type"] == "too_short" and within) or (
            one["type"] == "missing" and path in misspelt
        )
        if not told_better:
            yield _finding(one["type"], one["loc"], path, one)


def _finding(kind: str, place: Path, path: Path, found: Any) -> Finding:
    name = str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        told = _("there is no key {key} in {place}").format(key=name, place=_place(path[:-1]))
        return Finding(path, told, nearest(name, _fields(place)))
    if kind == "missing":
        told = _("{place} lacks the key {key}").format(key=name, place=_place(path[:-1]))
        return Finding(path[:-1], told, _described(place))
    if kind.startswith("union_tag"):
        return _undecided_gate(path, found["input"])
    if kind == "string_pattern_mismatch":
        return Finding(path, _unfit_name(str(found["input"]), found["ctx"]["pattern"]))
    told = _(_SLIPS.get(kind, "")).format(**found.get("ctx", {})) or str(found["msg"]).removeprefix(
        "Value error, "
    )
    return Finding(path, f"{name or _('the file')} {told}{got(found['input'], path)}", _described(place))


def _undecided_gate(path: Path, value: Any) -> Finding:
    wanted = ", ".join(model.KINDS)
    if not isinstance(value, dict):
        told = _("a gate must be a table with one of {kinds}").format(kinds=wanted)
        return Finding(path, told + got(value, path))
    both = [kind for kind in model.KINDS if kind in value]
    if both:
        told = _("a gate asks one thing, and this one asks {both}").format(both=" + ".join(both))
        return Finding(path, told, _("make a gate of each"))
    told = _("a gate must have one of {kinds}; this one has {keys}").format(
        kinds=wanted, keys=", ".join(value) or _("nothing")
    )
    stray = [key for key in value if get_close_matches(key, model.KINDS, 1, 0.6)]
    return Finding(
        (*path, stray[0]) if stray else path, told, nearest(stray[0], model.KINDS) if stray else ""
    )


def _unfit_name(value: str, pattern: str) -> str:
    if r"\." in pattern:
        return _('a name with its module is wanted, as "erp.revenue" (got {got})').format(
            got=json.dumps(value)
        )
    return _(
        "a name has small letters, digits, _ (of stages also -) and begins with a letter (got {got})"
    ).format(got=json.dumps(value, ensure_ascii=False))


def got(value: Any, path: Path) -> str:
    """Tell what was found, as the file writes it; nothing of tables, and nothing that may be a secret."""
    if isinstance(value, dict):
        return _(" (got a table)")
    if isinstance(value, list | tuple):
        return _(" (got an empty list)") if not value else _(" (got a list)")
    if isinstance(value, str):
        written = MASK if named_secret(path) else json.dumps(value, ensure_ascii=False)
    elif isinstance(value, bool):
        written = str(value).lower()
    elif isinstance(value, date | time):
        written = value.isoformat()
    else:
        written = str(value)
    return _(" (got {got})").format(got=written if len(written) <= 60 else f"{written[:57]}…")


def _path(place: Path) -> Path:
    """Return pydantic's place as a path of the document: without the tags of gates and marks of keys."""
    return tuple(
        part
        for part in place
        if not (isinstance(part, str) and (part.endswith(model.GATE) or part == "[key]"))
    )


def _model_at(place: Path) -> type[BaseModel] | None:
    """Return the model whose fields stand at the place of an error, whose last part is the field."""
    container, path = place[:-1], _path(place[:-1])
    if not path:
        return model.Rollout
    if path[0] == "modules":
        return model.PlannedModule if len(path) == 2 else None
    if path[0] != "stages" or len(path) < 2:
        return None
    if len(path) == 2:
        return model.Stage
    if path[2] in ("before", "after"):
        kinds = [part for part in container if isinstance(part, str) and part.endswith(model.GATE)]
        return _GATES[kinds[0].removesuffix(model.GATE)] if kinds else None
    return _PARTS.get(str(path[2]))


def _fields(place: Path) -> list[str]:
    known = _model_at(place)
    return list(known.model_fields) if known else []


def _described(place: Path) -> str:
    """Return what a key is for, as its model says."""
    known = _model_at(place)
    field = known.model_fields.get(str(place[-1])) if known and place else None
    return f"{place[-1]}: {_(field.description)}" if field and field.description else ""


def _place(path: Path) -> str:
    """Name a table as its header does: ``[modules.erp]``, ``[[stages]]``."""
    if not path:
        return _("the file")
    names = ".".join(str(part) for part in path if not isinstance(part, int))
    return f"[[{names}]]" if isinstance(path[-1], int) else f"[{names}]"
