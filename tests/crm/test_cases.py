"""Cases: an answer within a day, told when it is late, whoever's turn it is."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fenbu.errors import TransitionRefused
from fenbu.testing.clock import START, Clock
from fenbu.testing.enterprises import Enterprises
from fenbu_crm.lifecycles import AWAITING_ANSWER, CASE
from tests.crm.bureau import ACME, Bureau, columns


def asked(bureau: Bureau, **more: Any) -> str:
    if not bureau.look("customers"):
        bureau.customer()
    done = bureau.crm("case.open", **{"customer": ACME, "title": "Late", "text": "Where is my tea?", **more})
    return str(done["case"])


def say(bureau: Bureau, case: str, *verbs: str) -> str:
    state = ""
    for verb in verbs:
        values = {} if verb == "close" else {"text": f"{verb}!"}
        state = str(bureau.crm(f"case.{verb}", case=case, **values)["state"])
    return state


def test_an_answer_is_due_within_a_day(bureau: Bureau) -> None:
    case = asked(bureau)
    row = bureau.record("cases", case)
    assert row["due_at"] - row["opened_at"] == timedelta(hours=24)
    assert (row["state"], row["overdue"], bureau.number("cases_open")) == ("open", False, 1)


def test_the_hours_are_those_of_the_settings(bureau: Bureau) -> None:
    bureau.kernel.perform("fenbu.setting.set", {"module": "crm", "name": "answer_hours", "value": 2})
    row = bureau.record("cases", asked(bureau))
    assert row["due_at"] - row["opened_at"] == timedelta(hours=2)


def test_a_case_that_nobody_answers_is_overdue_and_told_once(bureau: Bureau) -> None:
    case = asked(bureau)
    bureau.later(hours=23)
    assert (bureau.number("cases_overdue"), bureau.record("cases", case)["overdue"]) == (0, False)
    bureau.later(hours=2)
    bureau.later(days=2)
    assert bureau.record("cases", case)["overdue"]
    assert [topic for topic, _ in bureau.story(ACME)].count("crm.case-overdue") == 1
    assert (bureau.number("cases_overdue"), bureau.number("answered_in_time")) == (1, Decimal(0))
    say(bureau, case, "answer")
    assert (bureau.number("cases_overdue"), bureau.record("cases", case)["overdue"]) == (0, False)
    assert bureau.ill() == {}


def test_overdue_is_seen_before_a_worker_has_told_it(bureau: Bureau) -> None:
    case = asked(bureau)
    bureau.clock.move(hours=25)
    assert bureau.record("cases", case)["overdue"]
    bureau.clock.move(hours=1)
    assert "crm.overdue_cases_are_told" in bureau.ill()
    bureau.deliver()
    assert bureau.ill() == {}


@pytest.mark.parametrize("verb", ["answer", "ask", "resolve"])
def test_an_answered_case_is_not_due_any_more(bureau: Bureau, verb: str) -> None:
    case = asked(bureau)
    say(bureau, case, verb)
    bureau.later(days=3)
    assert "crm.case-overdue" not in [topic for topic, _ in bureau.story(ACME)]
    assert bureau.record("cases", case)["due_at"] is None
    assert bureau.number("answered_in_time") == 100


@pytest.mark.parametrize("way", [("answer", "hear"), ("ask", "hear"), ("resolve", "reopen")])
def test_who_comes_back_is_owed_an_answer_anew(bureau: Bureau, way: tuple[str, str]) -> None:
    case = asked(bureau)
    bureau.later(hours=20)
    assert say(bureau, case, *way) in AWAITING_ANSWER
    bureau.later(hours=20)
    assert not bureau.record("cases", case)["overdue"]
    bureau.later(hours=5)
    assert bureau.record("cases", case)["overdue"]


def test_what_was_said_stands_in_the_case_and_notes_change_nobodys_turn(bureau: Bureau) -> None:
    case = asked(bureau, order="SO-00000001", owner="bo")
    say(bureau, case, "note", "ask", "hear", "resolve", "close")
    assert columns(bureau.look("case-entries", case=case), "entry", "verb", "text") == [
        (1, "open", "Where is my tea?"),
        (2, "note", "note!"),
        (3, "ask", "ask!"),
        (4, "hear", "hear!"),
        (5, "resolve", "resolve!"),
    ]
    row = bureau.record("cases", case)
    assert (row["state"], row["owner"], row["order"]) == ("closed", "bo", "SO-00000001")
    bureau.crm("case.assign", case=case, owner="cy")
    assert bureau.record("cases", case)["owner"] == "cy"


def test_an_answer_that_fell_due_while_crm_was_off_is_told_when_it_is_back(shop: Bureau) -> None:
    shop.customer()
    case = asked(shop)
    shop.disable("park")
    shop.later(days=2)
    shop.enable("crm")
    assert shop.record("cases", case)["overdue"]
    assert "crm.case-overdue" in [topic for topic, _ in shop.story(ACME)]
    assert shop.ill() == {}


def test_who_waits_for_an_answer_is_shown_before_crm_is_disabled(bureau: Bureau) -> None:
    asked(bureau)
    told = bureau.kernel.preview("fenbu.module.disable", {"modules": ["crm"], "how": "park"})
    assert ("cases that wait for an answer", "1") in [(one.text, one.number) for one in told]


class CaseMachine(RuleBasedStateMachine):
    """Any way through cases: what the table allows happens, what it does not is refused and changes nothing."""

    bureau: Bureau
    start = START

    def __init__(self) -> None:
        super().__init__()
        self.case, self.state, self.entries = "", "open", 1
        self.due = self.bureau.clock.now
        self.overdue = 0

    @initialize()
    def ask_first(self) -> None:
        self.case = asked(self.bureau)
        self.due = self.bureau.record("cases", self.case)["due_at"]

    @rule(verb=st.sampled_from(["answer", "ask", "hear", "resolve", "reopen", "close"]))
    def speak(self, verb: str) -> None:
        if verb not in CASE.actions(self.state):
            with pytest.raises(TransitionRefused):
                say(self.bureau, self.case, verb)
            return
        self.state = say(self.bureau, self.case, verb)
        self.entries += verb != "close"
        if self.state in AWAITING_ANSWER:
            self.due = self.bureau.record("cases", self.case)["due_at"]

    @rule(hours=st.integers(min_value=1, max_value=30))
    def wait(self, hours: int) -> None:
        late = self.state in AWAITING_ANSWER and self.due <= self.bureau.clock.now
        self.bureau.later(hours=hours)
        now = self.state in AWAITING_ANSWER and self.due <= self.bureau.clock.now
        self.overdue += now and not late

    @precondition(lambda self: self.case)
    @invariant()
    def the_case_is_as_the_model_says(self) -> None:
        row = self.bureau.record("cases", self.case)
        assert row["state"] == self.state
        assert (row["due_at"] is not None) == (self.state in AWAITING_ANSWER)
        assert row["overdue"] == (self.state in AWAITING_ANSWER and self.due <= self.bureau.clock.now)
        assert len(self.bureau.look("case-entries", case=self.case)) == self.entries
        told = self.bureau.events("crm.case-overdue", self.case)
        assert len(told) == self.overdue

    def teardown(self) -> None:
        assert self.bureau.ill() == {}


@pytest.mark.slow
@pytest.mark.databases("sqlite")
def test_no_way_through_a_case_loses_an_answer_that_is_due(enterprise: Enterprises, clock: Clock) -> None:
    class Case(CaseMachine):
        bureau = Bureau(enterprise("crm"), clock)

    run_state_machine_as_test(
        Case,
        settings=settings(
            max_examples=12,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
