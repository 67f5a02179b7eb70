"""The connection is lost after the server has committed a part of an apply and before anybody heard of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.apply import apply
from fenbu.engine.rollout.carrying_out import Happened
from fenbu.engine.stages import lock, records
from fenbu.engine.store.errors import OutcomeUnknown
from fenbu.testing.clock import Clock
from fenbu.work import Actor
from tests.core.rollout.tea import plan_file
from tests.faults.severed import Line, line_to

pytestmark = pytest.mark.databases("postgresql")


@pytest.fixture
def line(tea_url: str) -> Iterator[Line]:
    with line_to(tea_url) as opened:
        yield opened


@pytest.fixture
def ann(line: Line, clock: Clock) -> Iterator[Kernel]:
    with Kernel.open(line.url, actor=Actor("ann"), clock=clock) as kernel:
        yield kernel


def is_free(kernel: Kernel) -> bool:
    with kernel.database.read() as connection:
        return lock.held(connection) is None


def test_a_lock_whose_taking_was_not_answered_is_held_and_given_back(ann: Kernel, line: Line) -> None:
    line.lose_commits = 1

    assert apply(ann, plan_file()).stages == ("sale",)

    assert line.lose_commits == 0
    assert is_free(ann)


def test_a_lock_that_could_not_be_taken_for_all_one_knows_is_free_again(ann: Kernel, line: Line) -> None:
    line.lose_commits = 6  # as often as it is tried

    with pytest.raises(OutcomeUnknown):
        apply(ann, plan_file())

    assert is_free(ann)
    assert apply(ann, plan_file()).stages == ("sale",)


def test_a_step_whose_answer_is_lost_is_done_once(ann: Kernel, line: Line) -> None:
    def lose(happened: Happened) -> None:
        if happened.event == "step-begun" and happened.n == 2:
            line.lose_commits = 1

    apply(ann, plan_file())
    assert apply(ann, plan_file(), tell=lose).stages == ("back",)

    assert line.lose_commits == 0
    assert is_free(ann)
    with ann.database.read() as connection:
        [run] = [one for one in records.runs(connection) if one.stage == "back"]
        assert run.outcome == "done"
        assert all(step.done_by == "ann" for step in records.steps(connection, run.id))
