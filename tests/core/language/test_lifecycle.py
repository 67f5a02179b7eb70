"""Lifecycles: wrong tables are refused when they are written down, wrong verbs when they are tried."""

from enum import StrEnum

import pytest

from fenbu.errors import LifecycleInvalid, TransitionRefused
from fenbu.lifecycle import Lifecycle, Transition


class Door(StrEnum):
    OPEN = "open"
    SHUT = "shut"
    BRICKED_UP = "bricked up"


SHUT = Transition("shut", Door.OPEN, Door.SHUT)
REOPEN = Transition("open", Door.SHUT, Door.OPEN)
BRICK_UP = Transition("brick up", Door.SHUT, Door.BRICKED_UP)


def door(
    *table: Transition[Door], terminal: frozenset[Door] = frozenset({Door.BRICKED_UP})
) -> Lifecycle[Door]:
    return Lifecycle("test.door", Door, Door.OPEN, terminal, table)


def test_a_verb_leads_where_the_table_says() -> None:
    assert door(SHUT, REOPEN, BRICK_UP).next(Door.OPEN, "shut") is Door.SHUT


def test_a_verb_that_the_state_does_not_allow_is_refused_with_those_it_does() -> None:
    with pytest.raises(TransitionRefused) as refused:
        door(SHUT, REOPEN, BRICK_UP).next(Door.OPEN, "brick up", "D-1")
    assert str(refused.value) == "cannot brick up D-1: it is open"
    assert refused.value.hint == "possible now: shut"


def test_a_final_state_says_that_it_is_final() -> None:
    with pytest.raises(TransitionRefused) as refused:
        door(SHUT, REOPEN, BRICK_UP).next(Door.BRICKED_UP, "open", "D-1")
    assert refused.value.hint == "bricked up is final"


def test_a_verb_listed_twice_for_one_state_is_refused() -> None:
    with pytest.raises(LifecycleInvalid, match="listed twice: shut from open"):
        door(SHUT, Transition("shut", Door.OPEN, Door.BRICKED_UP), BRICK_UP)


def test_a_state_that_nobody_reaches_is_refused() -> None:
    with pytest.raises(LifecycleInvalid, match="never reached: bricked up"):
        door(SHUT, REOPEN)


def test_a_state_without_a_way_to_an_end_is_refused() -> None:
    with pytest.raises(LifecycleInvalid, match="no way to an end from: shut"):
        door(SHUT, Transition("brick up", Door.OPEN, Door.BRICKED_UP))


def test_a_terminal_state_that_something_leaves_is_refused() -> None:
    with pytest.raises(LifecycleInvalid, match="something leaves it: bricked up"):
        door(SHUT, BRICK_UP, Transition("open", Door.BRICKED_UP, Door.OPEN))


def test_the_diagram_shows_every_transition() -> None:
    lines = door(SHUT, REOPEN, BRICK_UP).diagram().splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert "    shut --> bricked up: brick up" in lines
