"""The recorder: it stands where the outside would be while something is tried on a copy.

A call that would go out is written down with what it would have sent, and answered as its module says that the
outside might; where the module says nothing it stays open, as if the outside were slow. Nothing is ever sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import define, evolve, field, frozen

from fenbu.calls import CallRequest, Outcome
from fenbu.engine.flows.records import BoundCall
from fenbu.engine.guard.network import no_network


@frozen
class RecordedCall:
    """A call that would have gone out, and what was taken for its answer."""

    module: str
    request: CallRequest
    answer: Outcome


@define
class Recorder:
    """Answers calls and remembers them."""

    calls: list[RecordedCall] = field(factory=list)
    """In the order in which they were made."""

    def instead_of(self, bound: Sequence[BoundCall]) -> tuple[BoundCall, ...]:
        """Return calls that are answered here; those that cannot be are left out, and stay open."""
        return tuple(
            evolve(call, send=self._answers(call, call.rehearse), ask=_never_heard_of)
            for call in bound
            if call.rehearse is not None
        )

    def _answers(
        self, call: BoundCall, rehearse: Callable[[CallRequest], Outcome]
    ) -> Callable[[CallRequest], Outcome]:
        def answer(request: CallRequest) -> Outcome:
            with no_network(call.module):
                told = rehearse(request)
            self.calls.append(RecordedCall(call.module, request, told))
            return told

        return answer


def _never_heard_of(_request: CallRequest) -> Outcome | None:
    return None
