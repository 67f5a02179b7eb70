"""Stories: what happened to a document in all modules, in time order, and where one goes on from there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from attrs import frozen

from fenbu_tui.places import Place
from fenbu_tui.signs import Tone


@frozen
class StoryKind:
    """A kind of document that has a story."""

    kind: str
    view: str
    """Holds its records."""
    title: str
    """Of the view."""


@frozen
class Heard:
    """What became of an event at one subscription."""

    text: str
    tone: Tone


@frozen(kw_only=True)
class Happening:
    """One thing that happened."""

    key: str
    day: str
    clock: str
    """Both in the enterprise's zone."""
    sign: str
    """``•`` an event, ``▸`` somebody's act, ``↗`` a call to the outside."""
    text: str
    who: str
    """Who did it, else the module whose it is."""
    tone: Tone | None
    """Where something of it still waits or has failed."""
    about: tuple[str, ...] = ()
    """Further facts: topic, number, cause."""
    heard: tuple[Heard, ...] = ()
    leads: Place | None = None
    """The story of the other document that it happened to."""


@frozen
class Onward:
    """Where one may go on from a story."""

    text: str
    place: Place


@frozen(kw_only=True)
class StoryTold:
    """A document's story."""

    kind: str
    number: str
    record: tuple[str, ...]
    """What it is, a line for each module that keeps something of it."""
    happenings: tuple[Happening, ...]
    notes: tuple[str, ...]
    """What is left out, and which permissions the rest would take."""
    onward: tuple[Onward, ...]


class Stories(Protocol):
    """What the screen of stories asks; raises `Unreachable`, or `FenbuError` with a sentence."""

    def story_kinds(self) -> Sequence[StoryKind]:
        """Return the kinds of document that have a story and a record here."""
        ...

    def story(self, kind: str, number: str) -> StoryTold:
        """Return the story of a document."""
        ...
