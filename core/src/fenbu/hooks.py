"""Hooks: questions that modules ask each other inside a transaction.

A specification lives in ``contracts/<domain>.py`` and declares its kind, which says how answers join
and what a failure does:

- ``gather``: all answers, in order; a module that raises is set aside in a savepoint, recorded as a
  problem and left out. Only for what is nice to have, never for money, stock or requirements.
- ``all``: every answer is needed; an exception refuses the operation.
- ``first``: the first answer that is not None; an exception refuses the operation.
- ``veto``: any `Refusal` stops the operation; an exception refuses it too.

Asking is ``work.ask(erp_order_requirements, order=draft)``; the answer's type follows the kind.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Concatenate, Generic, Literal, ParamSpec, TypeVar, overload

import pluggy
from attrs import field, frozen

if TYPE_CHECKING:
    from fenbu.work import Work

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

PROJECT = "fenbu"
_mark_spec = pluggy.HookspecMarker(PROJECT)
_mark_impl = pluggy.HookimplMarker(PROJECT)


class HookKind(StrEnum):
    """How the answers of a hook join."""

    GATHER = "gather"
    ALL = "all"
    FIRST = "first"
    VETO = "veto"


@frozen
class Refusal:
    """An answer to a ``veto`` hook: why the operation must not happen, in words for the operator."""

    reason: str


@frozen
class HookOrder:
    """Where an implementation stands among those of other modules."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@frozen(eq=False)
class Hook(Generic[P, R]):
    """A declared hook; ``P`` are its arguments without the work, ``R`` is what asking it answers."""

    name: str
    kind: HookKind
    function: Callable[..., Any] = field(repr=False)
    writes: bool = False
    """Implementations may write (a veto that locks); otherwise their work is read only."""
    begins: bool = False
    """An answer takes something new on, so a module that drains is not asked."""

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self.function.__doc__


@overload
def hookspec(
    *, kind: Literal["gather", "all"], writes: bool = False, begins: bool = False
) -> Callable[[Callable[Concatenate[Work, P], R]], Hook[P, list[R]]]: ...
@overload
def hookspec(
    *, kind: Literal["first"], writes: bool = False, begins: bool = False
) -> Callable[[Callable[Concatenate[Work, P], R]], Hook[P, R]]: ...
@overload
def hookspec(
    *, kind: Literal["veto"], writes: bool = False, begins: bool = False
) -> Callable[[Callable[Concatenate[Work, P], Refusal | None]], Hook[P, None]]: ...
def hookspec(
    *, kind: str, writes: bool = False, begins: bool = False
) -> Callable[[Callable[..., Any]], Hook[..., Any]]:
    """Declare a function without body as a hook that modules may implement.

    Args:
        kind: ``gather``, ``all``, ``first`` or ``veto``.
        writes: True when implementations need to write in the asker's transaction.
        begins: True when who answers takes something new on (a requirement of an order, the fulfilling of it).
            A module that drains is then asked no longer; about what it holds it is asked until it is disabled.
    """

    def declare(function: Callable[..., Any]) -> Hook[..., Any]:
        return Hook(function.__name__, HookKind(kind), _mark_spec(function), writes, begins)

    return declare


@overload
def hookimpl(function: F) -> F: ...
@overload
def hookimpl(*, before: tuple[str, ...] = (), after: tuple[str, ...] = ()) -> Callable[[F], F]: ...
def hookimpl(
    function: F | None = None, *, before: tuple[str, ...] = (), after: tuple[str, ...] = ()
) -> F | Callable[[F], F]:
    """Mark a function in ``plugin.py`` as this module's answer to the hook of the same name.

    Args:
        function: The implementation; its arguments are the specification's, or fewer.
        before: Names of modules whose implementations come after this one.
        after: Names of modules whose implementations come before this one.
    """

    def mark(implementation: F) -> F:
        implementation.__fenbu_order__ = HookOrder(before, after)  # type: ignore[attr-defined]
        return _mark_impl(implementation)

    return mark(function) if function is not None else mark
