"""The rollout as the engine knows it: file, plan, gates, and what can be done about them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from fenbu.engine.rollout.acts import APPLY, holding
from fenbu.errors import AlreadyExists, FenbuError
from fenbu.testing.clock import Clock
from fenbu_tui.gateway.engine import EngineWorld
from fenbu_tui.signs import Tone
from fenbu_tui.world.base import Choice, Question, Stopped
from fenbu_tui.world.rollouts import APPLIED, Rollout, StageRow
from tests.core.rollout import tea
from tests.core.rollout.tea import guarded
from tests.tui.teahouse import Worlds, kernel_of, write

HELD = guarded("sale", "before = [{ date = 2999-01-01 }]")


@pytest.fixture
def ann(opens: Worlds) -> EngineWorld:
    """The tea house for Ann, who carries the rollout out."""
    return opens("ann")


def told(question: Question) -> str:
    return "\n".join(f"{one.indent}{one.text}" for one in question.consequences)


def followed(choice: Choice) -> tuple[list[str], str]:
    """Do what takes its time; return what it tells meanwhile, and its last word."""
    lines: list[str] = []
    assert choice.act.follow is not None
    said = choice.act.follow(lines.append)
    return lines, said


def stage(rollout: Rollout, name: str) -> StageRow:
    return next(one for one in rollout.stages if one.name == name)


def plan(rollout: Rollout) -> str:
    return "\n".join(f"{line.indent}{line.text}" for line in rollout.plan)


# --- a file and its plan ----------------------------------------------------------------------------------


def test_without_a_file_nothing_is_shown_and_one_is_begun_by_a_key(ann: EngineWorld) -> None:
    empty = ann.rollout("")
    assert (empty.source, empty.stages, empty.verbs) == ("", (), frozenset({"begin"}))
    names = [one.name for one in ann.beginnings()]
    assert {"sme-three-stages", "import-state"} <= set(names)
    act = ann.begin("sme-three-stages")
    assert act.command == "fenbu rollout new --template sme-three-stages"
    act.run()
    assert ann.rollout("").source == "rollout.toml"
    with pytest.raises(AlreadyExists):
        ann.begin("hrm-first").run()


def test_the_file_stands_beside_the_plan_and_each_stage_knows_its_place_in_both(ann: EngineWorld) -> None:
    write()
    shown = ann.rollout("")
    assert shown.title == "tea · tea 1 · serial 0"
    assert [(one.name, one.standing.word, one.next) for one in shown.stages] == [
        ("sale", "waiting", True),
        ("back", "waiting", False),
        ("weighed", "waiting", False),
    ]
    back = stage(shown, "back")
    lines = [line.text for line in shown.text[slice(*back.text)]]
    assert lines[:2] == ["[[stages]]", 'name = "back"']
    assert lines[-1] == "rounding = 10"
    about = [line.text for line in shown.plan[slice(*back.plan)]]
    assert about[0].startswith("○ back  Kitchen and cellar")
    assert "+ enable kitchen" in about
    assert about[-1].startswith("a rollback would switch kitchen, cellar off")
    assert shown.next == "fenbu apply, which begins sale"


def test_what_is_wrong_with_a_file_is_told_with_line_and_way_out_and_nothing_of_a_secret(
    ann: EngineWorld,
) -> None:
    write(("pots = 4", 'pots = "many"\nsecret_key = "hunter2"'))
    shown = ann.rollout("")
    number = next(place for place, line in enumerate(shown.text) if "many" in line.text)
    assert number in shown.faulty
    assert f"✖ rollout.toml:{number + 1}: " in plan(shown)
    assert "→ write where it is kept" in plan(shown)
    assert shown.next.startswith("mend rollout.toml, line")
    assert "hunter2" not in str(shown)
    with pytest.raises(FenbuError, match=r"rollout.toml:\d+"):
        ann.applying("")


def test_a_file_that_is_no_toml_is_shown_with_its_line_marked(ann: EngineWorld) -> None:
    Path("rollout.toml").write_text('name = "tea"\npassword = "hunter2"\n[[stages\n', encoding="utf-8")
    shown = ann.rollout("")
    assert [line.text for line in shown.text] == ['name = "tea"', 'password = "***"', "[[stages"]
    assert shown.faulty == (2,)
    assert "this is no TOML" in plan(shown)


# --- applying ---------------------------------------------------------------------------------------------


def test_applying_shows_exactly_the_plan_tells_every_step_and_then_the_stage_stands(ann: EngineWorld) -> None:
    write()
    question = ann.applying("", "sale")
    assert question.title == "Apply sale"
    shown = stage(ann.rollout(""), "sale")
    about = [line.text for line in ann.rollout("").plan[slice(*shown.plan)]]
    assert [one.text for one in question.consequences][: len(about)] == about
    [way] = question.choices
    assert way.act.command == "fenbu apply rollout.toml"
    lines, said = followed(way)
    assert lines == [
        "sale: begun",
        "sale: 1 of 1, enable till …",
        "sale: 1 of 1, enable till ✔",
        "sale: done ✔",
    ]
    assert said == "sale: 1 step done"
    assert stage(ann.rollout(""), "sale").standing.word == "applied"
    [run] = ann.runs()
    assert (run.stage, run.did, run.steps, run.by, run.standing.word) == (
        "sale",
        "apply",
        "1/1",
        "ann",
        "done",
    )
    assert "✔ enable till" in run.journal[-1].text


def test_with_the_cursor_on_a_later_stage_all_up_to_it_are_applied(ann: EngineWorld) -> None:
    write()
    question = ann.applying("", "weighed")
    assert question.title == "Apply sale, back, weighed"
    assert question.choices[0].act.command == "fenbu apply rollout.toml --through weighed"
    followed(question.choices[0])
    shown = ann.rollout("")
    assert {one.standing.word for one in shown.stages} == {"applied"}
    assert "apply" not in shown.verbs
    assert "nothing to do" in told(ann.applying(""))


def test_what_has_changed_since_it_was_looked_at_is_not_applied(ann: EngineWorld, url: str) -> None:
    write()
    question = ann.applying("", "back")
    with kernel_of(url, "ada") as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["scales"]})
    with pytest.raises(FenbuError, match="stale"):
        followed(question.choices[0])


def test_what_was_stopped_half_way_says_so_and_the_next_apply_goes_on(ann: EngineWorld) -> None:
    write()
    follow = ann.applying("", "back").choices[0].act.follow
    assert follow is not None

    def stop(line: str) -> None:
        if line.startswith("back: 1 of 3") and "✔" in line:
            raise Stopped

    with pytest.raises(Stopped):
        follow(stop)
    shown = ann.rollout("")
    assert shown.lock is None
    assert stage(shown, "back").standing.word == "half-applied 1 of 3"
    assert plan(shown).startswith("◐ back is half-applied; applying goes on with it")
    question = ann.applying("")
    assert question.title == "Go on with back"
    lines, _said = followed(question.choices[0])
    assert lines[0] == "back: going on where it was left"
    assert stage(ann.rollout(""), "back").standing.word == "applied"
    follow = ann.rolling_back("", "back").choices[0].act.follow
    assert follow is not None
    with pytest.raises(Stopped):
        follow(stop_at_once)
    question = ann.applying("")
    assert question.choices == ()
    assert "the stage back is half rolled back" in told(question)


def stop_at_once(_line: str) -> None:
    raise Stopped


def test_a_gate_that_does_not_hold_is_told_and_overridden_for_another_operator(
    ann: EngineWorld, opens: Worlds
) -> None:
    write(HELD)
    question = ann.applying("")
    assert question.choices == ()
    assert "sale before.1 (date 2999-01-01" in told(question)
    [gate] = ann.stage("", "sale").gates
    assert (gate.key, gate.standing.word, gate.verbs) == ("before.1", "fails", frozenset({"override"}))
    act = ann.overriding("", "sale", "before.1", "we begin earlier")
    assert act.command == "fenbu override sale before.1 --reason 'we begin earlier'"
    act.run()
    [gate] = ann.stage("", "sale").gates
    assert gate.standing.word == "passed by decision"
    assert gate.override == "ann: we begin earlier"
    followed(opens("art").applying("").choices[0])
    [gate] = ann.stage("", "sale").gates
    assert gate.before == "fail, overridden by ann: we begin earlier"


def test_yeses_are_counted_by_layer_and_can_be_taken_back(ann: EngineWorld, opens: Worlds) -> None:
    write(guarded("sale", "approvals = { decision = 1, core = 1 }"))
    dee = opens("dee")
    assert [one.word for one in ann.stage("", "sale").approvals] == ["decision 0 of 1", "core 0 of 1"]
    question = dee.approving("", "sale")
    assert "Orders are rung up." in told(question)
    [yes] = question.choices
    assert yes.act.command == "fenbu approve sale --layer decision"
    yes.act.run()
    assert [one.word for one in ann.stage("", "sale").approvals] == ["decision 1 of 1 (dee)", "core 0 of 1"]
    assert stage(ann.rollout(""), "sale").guards is not None
    [back] = dee.approving("", "sale").choices
    assert back.act.command == "fenbu approve sale --layer decision --withdraw"
    back.act.run()
    assert ann.stage("", "sale").approvals[0].word == "decision 0 of 1"


def test_who_belongs_to_no_layer_is_told_so_before_saying_yes(opens: Worlds) -> None:
    write(guarded("sale", "approvals = { decision = 1 }"))
    question = opens("vic").approving("", "sale")
    assert question.choices == ()
    assert "vic does not belong to the layer decision" in told(question)


def test_who_may_not_apply_sees_why_beside_the_plan(opens: Worlds) -> None:
    write()
    question = opens("vic").applying("")
    assert question.choices == ()
    assert "it cannot be done" in told(question)
    assert "+ enable till" in told(question)


def test_what_another_operator_does_is_seen_at_the_next_look(ann: EngineWorld, opens: Worlds) -> None:
    write(guarded("sale", "approvals = { decision = 1 }"))
    before = ann.rollout("")
    assert "approval by decision: 0 of 1" in plan(before)
    opens("dee").approving("", "sale").choices[0].act.run()
    assert "approval by decision: 1 of 1 (dee)" in plan(ann.rollout(""))


# --- the lock ---------------------------------------------------------------------------------------------


def test_who_holds_the_lock_is_told_and_it_can_be_taken_away(ann: EngineWorld, url: str) -> None:
    write()
    with kernel_of(url, "art") as kernel, pytest.raises(FenbuError), holding(kernel, APPLY, "apply") as held:
        shown = ann.rollout("")
        assert shown.lock is not None
        assert shown.lock.word.startswith("art holds the lock")
        assert "unlock" in shown.verbs
        question = ann.applying("")
        assert question.choices == ()
        assert "art holds the lock of the rollout" in told(question)
        [way] = ann.unlocking().choices
        assert way.act.command == "fenbu rollout unlock --force"
        assert way.act.run() == "the lock of art is free"
        assert ann.rollout("").lock is None
        kernel.run(held.keep, kernel.actor)
    with pytest.raises(FenbuError):
        ann.unlocking()


# --- drift ------------------------------------------------------------------------------------------------


def test_a_setting_changed_by_hand_is_seen_in_the_plan_and_adopted_into_the_file(
    ann: EngineWorld, opens: Worlds
) -> None:
    path = write()
    followed(ann.applying("").choices[0])
    opens("ada").set("till", {"greeting": "good evening"}).run()
    shown = ann.rollout("")
    assert 'till.greeting is "good evening", and the plan says "welcome"' in plan(shown)
    assert plan(shown).startswith("by hand")
    sale = stage(shown, "sale")
    assert sale.does is not None
    assert (sale.does.word, sale.does.tone) == ("to be set right", Tone.WARN)
    question = opens("ada").adopting("")
    assert '+greeting = "good evening"' in told(question)
    [way] = question.choices
    assert way.act.command == "fenbu adopt"
    way.act.run()
    assert 'greeting = "good evening"' in path.read_text(encoding="utf-8")
    shown = ann.rollout("")
    assert "by hand" not in plan(shown)
    assert {shown.text[place].text for place in shown.changed} == {'greeting = "good evening"'}


# --- back, and the file that was applied ------------------------------------------------------------------


def test_a_stage_is_rolled_back_by_the_file_that_was_applied(ann: EngineWorld) -> None:
    path = write()
    followed(ann.applying("").choices[0])
    path.unlink()
    shown = ann.rollout("")
    assert shown.source == APPLIED
    assert shown.verbs == {"begin"}
    assert stage(shown, "sale").verbs == {"rollback"}
    with pytest.raises(FenbuError, match="as it was applied"):
        ann.applying("")
    question = ann.rolling_back("", "sale")
    assert "every row is kept" in told(question)
    [way] = question.choices
    assert way.act.command == "fenbu rollback sale"
    _lines, said = followed(way)
    assert said == "sale is taken back; every row is kept"
    assert stage(ann.rollout(""), "sale").standing.word == "rolled back"
    assert ann.beginnings()[0].name == "applied"
    ann.begin("applied").run()
    assert path.read_text(encoding="utf-8") == tea.FILE


def test_while_work_is_in_flight_another_policy_of_the_file_here_lets_a_stage_go(
    ann: EngineWorld, url: str
) -> None:
    write()
    followed(ann.applying("", "back").choices[0])
    with kernel_of(url, "ada") as kernel:
        tea.ring(kernel, "pot of sencha")
    assert ann.rolling_back("", "back").choices == ()
    write(('rollback = { in_flight = "refuse" }', 'rollback = { in_flight = "park" }'))
    [way] = ann.rolling_back("", "back").choices
    assert way.act.command == "fenbu rollback back --file rollout.toml"
    followed(way)
    assert stage(ann.rollout(""), "back").standing.word == "rolled back"


# --- gates over time --------------------------------------------------------------------------------------


def test_the_readings_of_a_gate_are_its_curve_with_what_is_not_met(ann: EngineWorld, url: str) -> None:
    from tests.core.rollout.scales import put

    gate = 'after = [{ metric = "scales.pieces", must_be = "<= 2", window = "1 day", samples = 2 }]'
    write(guarded("weighed", gate))
    followed(ann.applying("", "weighed").choices[0])
    clock = Clock(ann.head().at - timedelta(hours=5))
    with kernel_of(url, "ada", clock) as kernel:
        for _hour in range(4):
            put(kernel, "1")
            kernel.perform("fenbu.metric.record", {"metrics": ["scales.pieces"]})
            clock.move(hours=1)
    [reading] = ann.stage("", "weighed").gates
    assert [(point.value, point.met) for point in reading.points] == [
        (1.0, True),
        (2.0, True),
        (3.0, False),
        (4.0, False),
    ]
    assert (reading.limit, reading.wanted) == (2.0, "<= 2")
    assert reading.standing.word == "fails"


# --- rehearsing -------------------------------------------------------------------------------------------


def test_a_rehearsal_tells_every_step_and_changes_nothing(
    ann: EngineWorld, postgres_tools: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fenbu.engine.rollout.rehearsing.PATIENCE", 0.5)
    write()
    [way] = ann.rehearsing("").choices
    assert way.act.command == "fenbu rehearse rollout.toml"
    lines, said = followed(way)
    assert "weighed: 1 of 1, enable scales ✔" in lines
    assert any(line.startswith("├ ● sale") for line in lines)
    assert said.startswith("all went well")
    assert stage(ann.rollout(""), "sale").standing.word == "waiting"
