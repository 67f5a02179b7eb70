"""Preparing: an action's input is accepted before any transaction is opened for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen
from pydantic import BaseModel

from fenbu.engine.assembly import Assembly, ReadyAction
from fenbu.engine.guard import audit
from fenbu.engine.performed import Performed
from fenbu.errors import FieldProblem, InputInvalid
from fenbu.i18n import _
from fenbu.importing import Answer, Step

_NUL = "\\u0000"
"""As it stands in JSON."""


@frozen
class Prepared:
    """An action with its accepted input, ready to run in a transaction."""

    ready: ReadyAction
    values: BaseModel
    text: str
    """The input as JSON text."""

    @property
    def digest(self) -> str:
        return audit.digest(self.text)

    @property
    def subject(self) -> str | None:
        """The number of the document acted on, as the action declares it."""
        name = self.ready.action.subject
        value = getattr(self.values, name, None) if name else None
        return None if value is None else str(value)


def prepare(assembly: Assembly, action: str, values: Mapping[str, Any] | BaseModel) -> Prepared:
    """Accept the input of an action.

    Raises:
        Unknown: No enabled module declares the action.
        InputInvalid: The input does not fit; every field is named.
    """
    ready = assembly.action(action)
    accepted = ready.accept(values)
    text = accepted.model_dump_json()
    if _NUL in text:
        _refuse_nul(action, accepted)
    return Prepared(ready, accepted, text)


def filled(step: Step, done: Sequence[Performed]) -> Mapping[str, Any]:
    """Return a step's input with what earlier steps answered in its places."""
    return {name: _filled(value, done) for name, value in step.input.items()}


def _filled(value: Any, done: Sequence[Performed]) -> Any:
    return done[value.step].answer[value.name] if isinstance(value, Answer) else value


def _refuse_nul(action: str, values: BaseModel) -> None:
    """Refuse texts with the character NUL, which PostgreSQL cannot keep; so both databases take the same.

    Raises:
        InputInvalid: Names every such field.
    """
    found = [place for place, text in _texts("", values.model_dump(mode="json")) if "\0" in text]
    if found:
        raise InputInvalid(
            action, [FieldProblem(place, _("the character NUL cannot be kept")) for place in found]
        )


def _texts(place: str, value: object) -> Iterator[tuple[str, str]]:
    """Walk through what JSON may hold, and name each text by its place."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield place, name
            yield from _texts(f"{place}.{name}".removeprefix("."), one)
    elif isinstance(value, list):
        for position, one in enumerate(value):
            yield from _texts(f"{place}.{position}".removeprefix("."), one)
