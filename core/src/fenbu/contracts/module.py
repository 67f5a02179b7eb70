"""Modules themselves: coming, going, and what would be left behind."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from fenbu.events import Lane, event
from fenbu.hooks import hookspec
from fenbu.i18n import N_
from fenbu.work import Work


@frozen
class InFlight:
    """Unfinished business of one kind that involves a module."""

    kind: str
    """In words: ``orders that wait for stock``."""
    count: int
    examples: tuple[str, ...] = ()
    """Numbers of the first few documents."""


@hookspec(kind="gather")
def module_in_flight(work: Work, module: str) -> Sequence[InFlight]:
    """Say what unfinished business waits for a module or is held by it.

    Called: before a module is disabled, for the preview and again in the disabling transaction.
    Answers: gathered from every module, the one to be disabled included.
    Args:
        work: Read only.
        module: Name of the module that would be disabled.
    Returns:
        One `InFlight` a kind of document; nothing when nothing waits.
    Failure: the module is left out and the problem recorded; the preview says that its answer is missing.
    Since: api 1.
    """
    raise NotImplementedError  # never run; keeps type checkers content


@frozen
class AlsoKnown:
    """Another document whose events tell of the same matter."""

    kind: str
    """As events name it: ``account``."""
    number: str


@hookspec(kind="gather")
def module_also_known(work: Work, kind: str, number: str) -> Sequence[AlsoKnown]:
    """Say under which other names events speak of a document: a customer by their account.

    Called: while the story of a document is told, once.
    Answers: gathered from every module; the stories of all names are told as one.
    Args:
        work: Read only.
        kind: Kind of document, as events name it.
        number: Its number.
    Returns:
        The other names; empty when the module knows of none.
    Failure: the module is left out and the problem recorded; the story is told without its names.
    Since: api 1.
    """
    raise NotImplementedError


@event(
    "module.enabled/1",
    lane=Lane.INFORMATION,
    key="module",
    about={"module": "module"},
    says=N_("module {module} {version} was enabled"),
)
@frozen(kw_only=True)
class ModuleEnabled:
    """A module is enabled; what it has missed may still be catching up."""

    module: str
    version: str


@event(
    "module.disabled/1",
    lane=Lane.INFORMATION,
    key="module",
    about={"module": "module"},
    says=N_("module {module} was disabled ({how})"),
)
@frozen(kw_only=True)
class ModuleDisabled:
    """A module is disabled; its rows stay."""

    module: str
    how: str
    """``drain``, ``park`` or ``waive``."""
