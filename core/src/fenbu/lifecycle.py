"""Lifecycles: a document's state machine as a table, in one place.

The guard, the buttons of the terminal UI and the diagram in the documentation all come from it.
Creating a table checks it: no ambiguity, no state that nobody reaches, no dead end.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from attrs import define, frozen

from fenbu.errors import LifecycleInvalid, TransitionRefused

if TYPE_CHECKING:
    from fenbu.work import Work

S = TypeVar("S", bound=StrEnum)


class Document(Protocol):
    """A row that has a state and a number people know it by."""

    state: Any
    number: Any


@frozen
class Transition(Generic[S]):
    """One row of the table: this verb leads from one state to another."""

    verb: str
    source: S
    target: S


@define(slots=False, frozen=True, eq=False)
class Lifecycle(Generic[S]):
    """A table of transitions; wrong tables are refused when the module is imported.

    Invariant: a terminal state is final; every state is reachable from the initial one; from every
    state that is not terminal some terminal state can be reached.
    """

    name: str
    states: type[S]
    initial: S
    terminal: frozenset[S]
    table: tuple[Transition[S], ...]

    def __attrs_post_init__(self) -> None:
        pairs = [(row.source, row.verb) for row in self.table]
        if twice := sorted(
            {f"{verb} from {source}" for source, verb in pairs if pairs.count((source, verb)) > 1}
        ):
            raise LifecycleInvalid(self.name, f"listed twice: {', '.join(twice)}")
        if leaving := sorted({row.source for row in self.table if row.source in self.terminal}):
            raise LifecycleInvalid(self.name, f"terminal, but something leaves it: {', '.join(leaving)}")
        if unreached := sorted(set(self.states) - self._reached_from(self.initial)):
            raise LifecycleInvalid(self.name, f"never reached: {', '.join(unreached)}")
        stuck = sorted(state for state in self.states if not self._reached_from(state) & self.terminal)
        if self.terminal and stuck:
            raise LifecycleInvalid(self.name, f"no way to an end from: {', '.join(stuck)}")

    @cached_property
    def _targets(self) -> Mapping[tuple[str, str], S]:
        return {(row.source, row.verb): row.target for row in self.table}

    def actions(self, state: str) -> tuple[str, ...]:
        """Return the verbs that this state allows, in table order."""
        return tuple(row.verb for row in self.table if row.source == state)

    def next(self, state: str, verb: str, document: str = "") -> S:
        """Return the state to which the verb leads.

        Args:
            state: Where the document stands.
            verb: What is wanted.
            document: Its number, for the refusal's text.

        Raises:
            TransitionRefused: The state does not allow the verb.
        """
        target = self._targets.get((state, verb))
        if target is None:
            raise TransitionRefused(document or self.name, verb, str(state), self.actions(state))
        return target

    def move(self, work: Work, document: Document, verb: str) -> None:  # noqa: ARG002
        """Move a row to the state to which the verb leads; the caller commits."""
        document.state = self.next(document.state, verb, str(document.number))

    def diagram(self) -> str:
        """Return the table as a Mermaid state diagram."""
        rows = [f"    [*] --> {self.initial}"]
        rows += [f"    {row.source} --> {row.target}: {row.verb}" for row in self.table]
        rows += [f"    {state} --> [*]" for state in self.states if state in self.terminal]
        return "\n".join(["stateDiagram-v2", *rows])

    def _reached_from(self, start: S) -> frozenset[S]:
        reached, waiting = {start}, [start]
        while waiting:
            here = waiting.pop()
            found = {row.target for row in self.table if row.source == here} - reached
            reached |= found
            waiting += found
        return frozenset(reached)
