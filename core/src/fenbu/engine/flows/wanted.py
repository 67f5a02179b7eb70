"""What is wanted of the flows, as people type it: ``topic:order-placed key:SO-000042 state:dead module:scm !lapses``.

Words without a field look in everything that a row shows; ``!`` before a word or a field leaves out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from attrs import frozen

from fenbu.engine.flows.errors import NoSuchState

FIELDS = ("topic", "key", "state", "module", "subscription")
STATES = ("waiting", "retrying", "scheduled", "held", "dead", "done", "skipped")
"""Of deliveries, in the order of their lives; ``retrying`` are those of the waiting that have failed before."""
CALL_STATES = ("new", "sending", "unknown", "done", "failed", "dead")
"""Of calls to the outside."""


@frozen
class Term:
    """One word of a filter."""

    field: str
    """One of `FIELDS`; empty for a word that may stand anywhere."""
    text: str
    """In small letters; a key as it was typed."""
    out: bool = False
    """Leave out what has it."""


@frozen
class Wanted:
    """A filter: all of its terms must hold."""

    terms: tuple[Term, ...] = ()

    def of(self, field: str) -> tuple[Term, ...]:
        """Return the terms of one field; of the empty one, the plain words."""
        return tuple(term for term in self.terms if term.field == field)

    def states(self, known: Sequence[str] = STATES) -> tuple[str, ...]:
        """Return which of the known states are wanted: those that begin as typed.

        Raises:
            NoSuchState: No delivery and no call is ever in it.
        """
        found: Collection[str] = known
        for term in self.of("state"):
            if not any(state.startswith(term.text) for state in (*STATES, *CALL_STATES)):
                raise NoSuchState(term.text, STATES, CALL_STATES)
            found = [state for state in found if state.startswith(term.text) != term.out]
        return tuple(found)


def parse(text: str) -> Wanted:
    """Read a filter; a field that there is not is a word like any other, and an unfinished one asks nothing."""
    return Wanted(tuple(term for term in map(_term, text.split()) if term.text))


def _term(word: str) -> Term:
    bare = word.removeprefix("!")
    field, colon, value = bare.partition(":")
    out = bare != word
    if colon and field in FIELDS:
        out = out or value.startswith("!")
        value = value.removeprefix("!")
        return Term(field, value if field == "key" else value.casefold(), out)
    return Term("", bare.casefold(), out)
