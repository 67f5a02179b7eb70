"""Calls: operations on the outside world (gateways, carriers), made with no transaction open.

A handler only records a call (``work.call``). A caller then sends it and records the outcome in another
transaction. A time-out is *unknown*, never failed; the idempotency key never changes; before sending
again something first sent long ago, the outside is asked by our reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from attrs import field, frozen

from fenbu.values import Money


@frozen(kw_only=True)
class Call:
    """A kind of call a module makes, declared in its manifest."""

    operation: str
    """``<module>.<verb>``, as recorded: ``payments.capture``."""
    send: str
    """``"package.module:function"`` of ``(CallRequest)`` → outcome; no transaction, no work."""
    record: str
    """``"package.module:function"`` of ``(work, CallRequest, outcome)``: writes rows, publishes the outcome."""
    ask: str | None = None
    """``"package.module:function"`` of ``(CallRequest)`` → outcome or None when the outside never heard of it."""
    locks: str | None = None
    """``"package.module:function"`` of ``(work, requests)`` locking the rows of many outcomes, sorted. Without it each
    outcome has a transaction of its own on PostgreSQL."""
    rehearse: str | None = None
    """``"package.module:function"`` of ``(CallRequest)`` → what the outside might well answer, for rehearsals on a
    copy: from the request alone, nothing opened, no secret. Without it a call stays open in a rehearsal."""
    ask_after: timedelta = timedelta(minutes=10)
    """Ask before sending again once the first sending is older than this."""
    deadline: timedelta = timedelta(seconds=30)
    """How long one attempt may take before its lease ends and another caller may try."""
    attempts: int = 8


@frozen(kw_only=True)
class CallRequest:
    """What is sent: one operation with a fixed idempotency key."""

    id: str
    """Idempotency key; the same at every attempt."""
    operation: str
    subject: str
    """What is acted on, by its own number (``PAY-00000042``)."""
    key: str
    """Key of the outcome's events, usually the order's number."""
    amount: Money | None
    payload: Mapping[str, Any]
    attempt: int
    settings: Any
    """The module's settings model."""
    cause: int | None = None
    """Number of the event whose handler wants it; what the outcome publishes follows from that event."""


@frozen
class CallDone:
    """The outside did it."""

    result: Mapping[str, Any] = field(factory=dict)


@frozen
class CallFailed:
    """The outside refused for good; trying again would not help."""

    reason: str
    result: Mapping[str, Any] = field(factory=dict)


@frozen
class CallUnknown:
    """Nobody knows whether it happened (time-out, connection cut, answer unreadable)."""

    reason: str


Outcome = CallDone | CallFailed | CallUnknown
