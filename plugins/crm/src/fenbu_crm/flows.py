"""What CRM does when something has happened: each handler turns an event into a verb."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fenbu.contracts.crm import AnswerDue
from fenbu.contracts.erp import AccountOpened
from fenbu.contracts.module import ModuleEnabled
from fenbu.work import Work
from fenbu_crm import accounts, cases, timeline
from fenbu_crm.timeline import Cancelled, Placed, Told


def account_opened(work: Work, event: AccountOpened) -> None:
    """An account belongs to a customer."""
    accounts.opened(work, event.account, event.kind)


def module_enabled(work: Work, event: ModuleEnabled) -> None:  # noqa: ARG001
    """Whoever has come may keep accounts of which nobody has told."""
    accounts.learn(work)


def told(work: Work, event: Told) -> None:
    """Something happened to a customer."""
    _tell(work, event)


def order_placed(work: Work, event: Placed) -> None:
    """A customer has ordered."""
    _tell(work, event)


def order_cancelled(work: Work, event: Cancelled) -> None:
    """An order will not be delivered, wholly or in part."""
    _tell(work, event)


def _tell(work: Work, event: Told) -> None:
    assert work.event is not None  # only handlers tell
    timeline.tell(work, [(work.event, event)])


def answer_due(work: Work, event: AnswerDue) -> None:
    """A customer should have an answer by now."""
    cases.due(work, event)


def lock_nothing(work: Work, events: Sequence[Any]) -> None:
    """Rows of the timeline belong to their events, and those of orders to the keys of one worker: none is shared."""
