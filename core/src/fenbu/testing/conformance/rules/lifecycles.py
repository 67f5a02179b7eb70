"""Lifecycles: a state machine walks every table at random and finds that terminal states are final."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from fenbu.errors import TransitionRefused
from fenbu.lifecycle import Lifecycle

if TYPE_CHECKING:
    from fenbu.work import Work


class _Walked:
    """A document that has nothing but a number and a state."""

    def __init__(self, state: Any) -> None:
        self.number = "X-1"
        self.state = state


def walk(lifecycle: Lifecycle[Any], examples: int = 15) -> None:
    """Walk a lifecycle at random; hypothesis shows the shortest way on which something is wrong.

    Invariants: a terminal state is final; a refused verb leaves the document as it was; the verbs that a state
    offers are those that it allows.
    """
    from hypothesis import HealthCheck, settings
    from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
    from hypothesis.strategies import sampled_from

    verbs = sorted({row.verb for row in lifecycle.table})

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.document = _Walked(lifecycle.initial)
            self.ended: Any = None

        @rule(verb=sampled_from(verbs))
        def attempt(self, verb: str) -> None:
            before = self.document.state
            allowed = verb in lifecycle.actions(before)
            try:
                lifecycle.move(cast("Work", None), self.document, verb)  # a move asks nothing of the work
            except TransitionRefused as refusal:
                assert not allowed, f"{before} offers {verb} and refuses it: {refusal}"
                assert self.document.state == before, f"{verb} was refused and changed {before}"
            else:
                assert allowed, f"{before} does not offer {verb} and takes it"
            if self.document.state in lifecycle.terminal:
                self.ended = self.ended or self.document.state

        @invariant()
        def terminal_states_are_final(self) -> None:
            if self.ended is not None:
                assert self.document.state == self.ended, f"{self.ended} is terminal and was left"

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=12,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
