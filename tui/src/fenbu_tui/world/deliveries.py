"""Deliveries and calls to the outside: as a list that is found by words, and one of them at length."""

from __future__ import annotations

from typing import Protocol

from attrs import frozen

from fenbu_tui.signs import Tone
from fenbu_tui.world.base import Act, Question, Standing


@frozen(kw_only=True)
class DeliveryLine:
    """One event for one subscription, or one call to the outside, as the list shows it."""

    id: str
    """Unique in the list."""
    name: str
    """As every face names it: ``scm.orders/42``; of a call, its key."""
    outside: bool
    """It is a call to the outside."""
    event: int | None
    """Number of the event; of a call, of the one that wanted it."""
    topic: str
    """Of a call, the operation."""
    key: str
    subscription: str
    """Of a call, what it is about."""
    standing: Standing
    at: str
    """When it was published or recorded, in the enterprise's zone."""
    took: str
    """How long it took, or how often it has failed."""
    detail: str
    """Why it failed or was skipped, in one line."""
    retried: bool
    """It can be tried again, or given up."""
    replayable: bool = False
    """It is over, and delivering it again does no harm."""


@frozen
class Before:
    """Where a page of deliveries or calls begins; only the gateway reads it."""

    place: object


@frozen
class DeliveryPage:
    """Deliveries, newest first."""

    lines: tuple[DeliveryLine, ...]
    next: Before | None
    """Where the next page begins; None when nothing is older."""


@frozen
class TreeLine:
    """A line of the tree of causes and effects."""

    branch: str
    """What is drawn before the text."""
    tone: Tone | None
    text: str
    event: int | None = None
    """Number of the event that it tells of; None for a delivery or a call."""
    here: bool = False
    """It is what one has asked about."""


@frozen(kw_only=True)
class DeliveryDetail:
    """All that is known of a delivery or a call, and of its event."""

    line: DeliveryLine
    says: str
    """What happened, in a sentence."""
    facts: tuple[tuple[str, str], ...]
    tree: tuple[TreeLine, ...]
    """What led to the event and what came of it; empty when no event is known."""
    payload: str
    """JSON, personal data masked; empty when no event is known."""
    attempts: str
    """How often it was tried, when it is tried again, or what is to be done; empty when there is nothing to say."""
    traceback: str
    """Of the last failure."""


class Deliveries(Protocol):
    """What the list of deliveries asks and does."""

    def deliveries(
        self, wanted: str, before: Before | None = None, *, limit: int = 200, outside: bool = False
    ) -> DeliveryPage:
        """Return a page of deliveries or calls, the newest first.

        Args:
            wanted: As people type it: ``topic: key: state: module:``, words, ``!`` before what is left out.
            before: `DeliveryPage.next` of the page before.
            limit: About how many.
            outside: Calls to the outside, and not deliveries.

        Raises:
            FenbuError: The filter asks for what there is not.
            Unreachable: The database cannot be asked.
        """
        ...

    def delivery(self, line: DeliveryLine) -> DeliveryDetail:
        """Return all that is known of one.

        Raises:
            FenbuError: It is not there any more.
        """
        ...

    def delivery_of(self, event: int) -> DeliveryLine:
        """Return the delivery of an event that most needs a hand.

        Raises:
            FenbuError: There is no such event, or nobody takes it.
        """
        ...

    def retry(self, line: DeliveryLine, *, like: bool = False) -> Act:
        """Return the act that tries it again; with `like`, all dead ones of its topic and kind of error too."""
        ...

    def skip(self, line: DeliveryLine, reason: str) -> Question:
        """Return what giving it up brings, before it is done.

        Raises:
            FenbuError: It cannot be given up any more.
        """
        ...

    def replay(self, line: DeliveryLine) -> Question:
        """Return how far its event can be delivered again: it alone, its key, all from it on."""
        ...
