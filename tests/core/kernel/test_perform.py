"""perform: one way in, one transaction, all or nothing."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from fenbu.engine.kernel import Kernel
from fenbu.engine.store.errors import ForeignTable
from fenbu.errors import (
    AlreadyExists,
    InputInvalid,
    KeyReused,
    NetworkInTransaction,
    NotPermitted,
    Refused,
    Unknown,
)
from fenbu.importing import Answer, Step
from fenbu.work import Actor


def rows(kernel: Kernel, statement: str) -> list[Any]:
    with kernel.database.read() as connection:
        return list(connection.execute(text(statement)).scalars())


def test_an_act_its_event_and_its_audit_row_commit_together(tea_room: Kernel) -> None:
    done = tea_room.perform("tea.pot.brew", {"pot": "P-1", "litres": "0.75"})
    assert done.answer == {"pot": "P-1", "number": 1, "litres": "0.75"}
    assert rows(tea_room, "SELECT label FROM tea_pot") == ["P-1"]
    assert rows(tea_room, "SELECT payload FROM fenbu_event WHERE topic = 'tea.pot-brewed'") == [
        '{"pot":"P-1","litres":"0.75"}'
    ]
    assert rows(tea_room, "SELECT subject FROM fenbu_audit WHERE action = 'tea.pot.brew'") == ["P-1"]


def test_a_refusal_leaves_nothing_behind(tea_room: Kernel) -> None:
    with pytest.raises(Refused, match="no pot is that large"):
        tea_room.perform("tea.pot.brew", {"pot": "P-1", "litres": 10})
    assert rows(tea_room, "SELECT label FROM tea_pot") == []
    assert rows(tea_room, "SELECT id FROM fenbu_event WHERE topic = 'tea.pot-brewed'") == []
    assert rows(tea_room, "SELECT id FROM fenbu_audit WHERE action = 'tea.pot.brew'") == []


def test_the_same_key_performs_once_and_answers_the_same(tea_room: Kernel) -> None:
    first = tea_room.perform("tea.pot.brew", {"pot": "P-1"}, key="k-1")
    again = tea_room.perform("tea.pot.brew", {"pot": "P-1"}, key="k-1")
    assert again.answer == first.answer
    assert (first.repeated, again.repeated) == (False, True)
    assert rows(tea_room, "SELECT label FROM tea_pot") == ["P-1"]


def test_a_key_that_comes_back_with_another_request_is_refused(tea_room: Kernel) -> None:
    tea_room.perform("tea.pot.brew", {"pot": "P-1"}, key="k-1")
    with pytest.raises(KeyReused) as refused:
        tea_room.perform("tea.pot.brew", {"pot": "P-2"}, key="k-1")
    assert "use a new key" in refused.value.hint


def test_one_key_from_eight_threads_at_once_performs_once(tea_room: Kernel) -> None:
    with ThreadPoolExecutor(8) as people:
        done = list(
            people.map(lambda _: tea_room.perform("tea.pot.brew", {"pot": "P-1"}, key="k-1"), range(8))
        )
    assert [one.repeated for one in done].count(False) == 1
    assert {one.answer["number"] for one in done} == {1}
    assert rows(tea_room, "SELECT label FROM tea_pot") == ["P-1"]


def test_a_refused_act_does_not_use_up_its_key(tea_room: Kernel) -> None:
    with pytest.raises(Refused):
        tea_room.perform("tea.pot.brew", {"pot": "P-1", "litres": 10}, key="k-1")
    assert not tea_room.perform("tea.pot.brew", {"pot": "P-1"}, key="k-1").repeated


def test_an_input_that_does_not_fit_names_every_field(tea_room: Kernel) -> None:
    with pytest.raises(InputInvalid) as refused:
        tea_room.perform("tea.pot.brew", {"litres": "much", "sugar": 2})
    assert {problem.field for problem in refused.value.problems} == {"pot", "litres", "sugar"}


def test_a_text_that_one_database_cannot_keep_is_refused_on_both(tea_room: Kernel) -> None:
    with pytest.raises(InputInvalid, match="pot: the character NUL cannot be kept"):
        tea_room.perform("tea.pot.brew", {"pot": "P\0-1"})
    assert tea_room.perform("tea.pot.brew", {"pot": r"P\u0000"}).answer["pot"] == r"P\u0000"


def test_an_unknown_action_names_the_nearest(tea_room: Kernel) -> None:
    with pytest.raises(Unknown) as refused:
        tea_room.perform("tea.pot.brw")
    assert refused.value.hint == "did you mean tea.pot.brew?"


def test_who_may_not_act_changes_nothing_and_is_written_down(tea_room: Kernel) -> None:
    with pytest.raises(NotPermitted, match="eve may not do this"):
        tea_room.perform("tea.pot.brew", {"pot": "P-1"}, actor=Actor("eve"))
    assert rows(tea_room, "SELECT label FROM tea_pot") == []
    assert rows(tea_room, "SELECT outcome FROM fenbu_audit WHERE actor = 'eve'") == ["denied"]


def test_a_verb_cannot_reach_the_network_while_its_transaction_is_open(tea_room: Kernel) -> None:
    with pytest.raises(NetworkInTransaction, match="tea tried to reach"):
        tea_room.perform("tea.pot.drink", {"pot": "P-1"})


def test_a_verb_writes_its_own_modules_tables_only(tea_room: Kernel) -> None:
    with pytest.raises(ForeignTable, match="fenbu_enterprise"):
        tea_room.perform("tea.pot.steal", {"pot": "P-1"})
    assert rows(tea_room, "SELECT name FROM fenbu_enterprise") == ["Tea room"]


def test_several_steps_are_performed_together_or_not_at_all(tea_room: Kernel) -> None:
    brew = Step("tea.pot.brew", {"pot": "P-1"})
    with pytest.raises(Refused):
        tea_room.perform_all([brew, Step("tea.pot.brew", {"pot": "P-2", "litres": 10})])
    assert rows(tea_room, "SELECT label FROM tea_pot") == []
    done = tea_room.perform_all([brew, Step("tea.pot.brew", {"pot": Answer(0, "number")})][:1])
    assert [one.answer["number"] for one in done] == [1]


def test_a_step_may_use_what_an_earlier_one_answered(tea_room: Kernel) -> None:
    steps = [Step("tea.pot.brew", {"pot": "P-1"}), Step("tea.pot.brew", {"pot": Answer(0, "pot")})]
    tea_room.perform_all(steps)
    assert rows(tea_room, "SELECT label FROM tea_pot") == ["P-1", "P-1"]


def test_numbers_have_no_gaps_though_works_are_refused(tea_room: Kernel) -> None:
    numbers = []
    for litres in (1, 10, 1, 10, 1):
        try:
            answer = tea_room.perform("tea.pot.brew", {"pot": "P", "litres": litres}).answer
            numbers.append(answer["number"])
        except Refused:
            continue
    assert numbers == [1, 2, 3]


def test_the_audit_trail_can_be_sealed_while_works_go_on(tea_room: Kernel) -> None:
    tea_room.perform("tea.pot.brew", {"pot": "P-1"})
    assert tea_room.seal_audit() >= 2
    assert tea_room.seal_audit() == 0


def test_an_enterprise_is_made_once(tea_room: Kernel, database_url: str) -> None:
    with pytest.raises(AlreadyExists, match="the enterprise Tea room exists already"):
        Kernel.init(database_url, name="Another", currency="GBP", time_zone="Europe/London")


def test_an_enterprise_needs_a_name_a_currency_and_a_time_zone(database_url: str) -> None:
    with pytest.raises(InputInvalid) as refused:
        Kernel.init(database_url, name=" ", currency="pounds", time_zone="Mars/Olympus")
    assert {problem.field for problem in refused.value.problems} == {"name", "currency", "time_zone"}


def test_what_a_work_answers_is_exact(tea_room: Kernel) -> None:
    answer = tea_room.perform(
        "tea.pot.brew", {"pot": "P-1", "litres": Decimal("0.1") + Decimal("0.2")}
    ).answer
    assert json.dumps(answer["litres"]) == '"0.3"'
