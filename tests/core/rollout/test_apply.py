"""Applying a plan: stage by stage, guarded, under a lock, once."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from fenbu.engine.flows import books
from fenbu.engine.guard import audit
from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.agreeing import approve, override, unlock
from fenbu.engine.rollout.apply import apply
from fenbu.engine.rollout.carrying_out import Happened
from fenbu.engine.rollout.errors import GateNotMet, OutOfTurn, StageGone, StalePlan
from fenbu.engine.rollout.plan import make
from fenbu.engine.settings import stored
from fenbu.engine.stages import lock, records
from fenbu.engine.stages.errors import Locked, LockLost, NotInLayer
from fenbu.errors import AlreadyExists, NotFound, NotPermitted, SamePerson
from fenbu.testing.clock import Clock
from tests.core.rollout.scales import put
from tests.core.rollout.tea import Opens, guarded, plan_file, ring, states

CLOSED = ("before = [{ date = 2999-01-01 }]", "before.1")


def settings(kernel: Kernel, module: str) -> dict[str, object]:
    with kernel.database.read() as connection:
        return stored(connection, module)


def is_free(kernel: Kernel) -> bool:
    with kernel.database.read() as connection:
        return lock.held(connection) is None


def test_one_stage_after_the_other_is_applied_and_then_there_is_nothing_to_do(ann: Kernel) -> None:
    told: list[Happened] = []
    assert apply(ann, plan_file(), tell=told.append).stages == ("sale",)
    assert states(ann)["till"] == "enabled"
    assert settings(ann, "till") == {"greeting": "welcome"}
    assert [one.event for one in told] == ["begun", "step-begun", "step-done", "done"]

    assert apply(ann, plan_file(), through="weighed").stages == ("back", "weighed")
    assert settings(ann, "till") == {"greeting": "welcome back", "rounding": 10}
    assert settings(ann, "kitchen") == {"pots": 4}
    assert {states(ann)[name] for name in ("till", "kitchen", "cellar", "scales")} == {"enabled"}
    plan = make(ann, plan_file())
    assert plan.nothing_to_do
    assert [stage.standing for stage in plan.stages] == ["applied"] * 3
    assert not plan.drift

    serial = plan.serial
    assert apply(ann, plan_file()).stages == (), "twice is once"
    assert make(ann, plan_file()).serial == serial
    assert is_free(ann)


def test_settings_stand_before_a_module_is_enabled(ann: Kernel) -> None:
    apply(ann, plan_file(("pots = 4", 'pots = 4\nkey = "env:KITCHEN_KEY"')), through="back")
    ann.refresh()
    assert ann.assembly.settings["kitchen"].model_dump()["pots"] == 4


def test_a_stage_says_how_subscriptions_begin(ann: Kernel) -> None:
    apply(ann, plan_file())
    ring(ann, "T-1", "T-2")

    apply(ann, plan_file(("pots = 4", "pots = 5")), through="back", wait=True)

    assert _heard(ann) == ["T-1", "T-2"], "the kitchen declares from_now, and the stage says catch_up"


def _heard(kernel: Kernel) -> list[str]:
    with kernel.database.read() as connection:
        return list(connection.execute(text("SELECT label FROM kitchen_heard ORDER BY label")).scalars())


def test_what_was_heard_before_is_not_read_again_when_a_stage_lets_a_subscription_catch_up(
    ann: Kernel,
) -> None:
    apply(ann, plan_file())
    ann.perform("fenbu.module.enable", {"modules": ["kitchen"]})  # by hand it begins with now, as it declares
    ring(ann, "T-1")
    ann.drain()
    ann.perform("fenbu.module.disable", {"modules": ["kitchen"]})
    ring(ann, "T-2")

    apply(ann, plan_file(), through="back", wait=True)

    assert _heard(ann) == ["T-1", "T-2"]


def test_what_a_stage_lets_catch_up_goes_on_reading_after_it_was_parked_by_hand(ann: Kernel) -> None:
    apply(ann, plan_file())
    ring(ann, "T-1", "T-2")
    apply(ann, plan_file(), through="back")
    ann.perform("fenbu.module.disable", {"modules": ["kitchen"], "how": "park"})
    ring(ann, "T-3")
    ann.perform("fenbu.module.enable", {"modules": ["kitchen"]})
    ann.drain()
    ann.settle()

    assert _heard(ann) == ["T-1", "T-2", "T-3"]


@pytest.mark.parametrize("how", ["park", "waive"])
def test_history_that_nobody_reads_any_more_is_missed_in_no_book(ann: Kernel, how: str) -> None:
    apply(ann, plan_file())
    ring(ann, "T-1", "T-2")
    apply(ann, plan_file(), through="back")  # the kitchen has both to read
    ann.perform("fenbu.module.disable", {"modules": ["kitchen"], "how": how, "reason": "a rainy day"})
    ring(ann, "T-3")
    ann.perform("fenbu.module.enable", {"modules": ["kitchen"], "history": "from_now"})
    ring(ann, "T-4")
    ann.drain()

    assert _heard(ann) == (["T-3", "T-4"] if how == "park" else ["T-4"])
    with ann.database.read() as connection:
        assert [book for book in books.balance(connection) if book.difference] == []


def test_the_next_stage_waits_for_modules_that_still_read_their_history(ann: Kernel) -> None:
    apply(ann, plan_file())
    ring(ann, "T-1")
    apply(ann, plan_file())
    assert states(ann)["cellar"] == "catching up"

    with pytest.raises(GateNotMet, match="cellar still reads what happened") as refused:
        apply(ann, plan_file())
    assert "fenbu worker" in refused.value.hint
    ann.drain()
    ann.settle()
    assert apply(ann, plan_file()).stages == ("weighed",)


def test_a_stage_out_of_turn_is_refused(ann: Kernel) -> None:
    with pytest.raises(OutOfTurn):
        apply(ann, plan_file(), stage="back")
    assert is_free(ann)


def test_a_plan_that_was_looked_at_is_refused_once_anything_has_changed(ann: Kernel) -> None:
    seen = make(ann, plan_file()).digest
    ann.perform("fenbu.module.enable", {"modules": ["till"]})
    with pytest.raises(StalePlan):
        apply(ann, plan_file(), expected=seen)
    assert is_free(ann), "no lock is left behind a stale plan"
    apply(ann, plan_file())
    seen = make(ann, plan_file()).digest
    apply(ann, plan_file(), expected=seen)
    with pytest.raises(StalePlan):
        apply(ann, plan_file(), expected=seen)


def test_a_stage_that_stands_and_is_gone_from_the_file_is_refused(ann: Kernel) -> None:
    apply(ann, plan_file())
    with pytest.raises(StageGone, match="the stage sale stands"):
        apply(ann, plan_file(('name = "sale"', 'name = "till"')))


# --- what was changed -------------------------------------------------------------------------------------


def test_what_was_changed_by_hand_is_told_and_set_right(ann: Kernel) -> None:
    apply(ann, plan_file(), through="weighed", wait=True)
    ann.perform("fenbu.setting.set", {"module": "till", "name": "rounding", "value": 1})
    ann.perform("fenbu.module.disable", {"modules": ["scales"], "how": "park"})

    plan = make(ann, plan_file())
    told = {(one.module, one.name): (one.planned, one.found) for one in plan.drift}
    assert told == {("till", "rounding"): (10, 1), ("scales", ""): ("on", "off")}
    assert [stage.change for stage in plan.stages] == ["", "update", "update"]

    assert apply(ann, plan_file()).stages == ("back", "weighed")
    assert settings(ann, "till")["rounding"] == 10
    assert states(ann)["scales"] == "enabled"


def test_what_the_file_changes_of_a_stage_that_stands_is_set_right(ann: Kernel) -> None:
    apply(ann, plan_file(), through="weighed", wait=True)
    changed = plan_file(
        ("pots = 4", "pots = 5"),
        ("rounding = 10\n", ""),
        ('modules = ["kitchen", "cellar"]', 'modules = ["kitchen"]'),
        ('modules = ["scales"]', 'modules = ["scales", "cellar"]'),
    )

    assert apply(ann, changed).stages == ("back",)

    assert settings(ann, "kitchen") == {"pots": 5}
    assert settings(ann, "till") == {"greeting": "welcome back"}, (
        "what the file no longer says is the default"
    )
    assert states(ann)["cellar"] == "enabled", "another stage that stands has it now"
    assert make(ann, changed).nothing_to_do


def test_a_module_that_leaves_the_plan_goes_off_as_the_plan_says(ann: Kernel) -> None:
    apply(ann, plan_file(), through="back", wait=True)
    moved = plan_file(
        ('modules = ["kitchen", "cellar"]', 'modules = ["cellar"]'),
        ('modules = ["scales"]', 'modules = ["scales", "kitchen"]'),
        ('history = { "kitchen.orders" = "catch_up" }\n', ""),
    )

    plan = make(ann, moved, stage="back")
    assert [(one.step.kind, one.step.modules, one.step.how) for one in plan.stages[1].steps] == [
        ("disable", ("kitchen",), "park")
    ]
    apply(ann, moved, stage="back")
    assert states(ann)["kitchen"] == "disabled"


# --- gates and yeses --------------------------------------------------------------------------------------


def test_a_gate_that_does_not_pass_stops_the_first_stage_too(ann: Kernel) -> None:
    with pytest.raises(GateNotMet, match=r"before\.1 \(date 2999-01-01"):
        apply(ann, plan_file(guarded("sale", CLOSED[0])))
    assert states(ann)["till"] == "discovered"
    assert is_free(ann)


WEIGHED = (
    ('modules = ["till"]', 'modules = ["till", "scales"]\nafter = [{ GATE }]'),
    ('''[[stages]]
name = "weighed"
title = "Scales"
goal = "Tea is weighed."
modules = ["scales"]
rollback = { in_flight = "park" }
''', ""),
)  # fmt: skip
INCONCLUSIVE = {
    "a metric with nothing to measure": ('metric = "scales.weight", must_be = "<= 9"', "nothing"),
    "a metric that raises": ('metric = "scales.broken", must_be = "<= 9"', "1"),
    "a metric that is not exact": ('metric = "scales.inexact", must_be = "<= 9"', "1"),
    "too few readings": ('metric = "scales.weight", must_be = "<= 9", window = "1 hour", samples = 2', "1"),
    "a window from before the first": ('metric = "scales.weight", must_be = "<= 9", window = "1 hour"', "1"),
    "a check that does not know": ('check = "scales.level"', "unknown 0 0"),
    "a check that raises": ('check = "scales.broken"', "1"),
    "a check that has left out everything": ('check = "scales.level"', "ok 3 3"),
    "yeses that are still out": ('approval = "decision"', "1"),
}


@pytest.mark.parametrize(("gate", "label"), INCONCLUSIVE.values(), ids=INCONCLUSIVE.keys())
@pytest.mark.databases("sqlite")
def test_what_nobody_can_say_lets_nothing_go_on(ann: Kernel, gate: str, label: str) -> None:
    (old, new), gone = WEIGHED
    apply(ann, plan_file((old, new.replace("GATE", gate)), gone))
    put(ann, label)
    file = plan_file((old, new.replace("GATE", gate)), gone)

    with pytest.raises(GateNotMet, match=r"sale after\.1"):
        apply(ann, file)

    assert states(ann)["kitchen"] == "discovered"
    assert [stage.standing for stage in make(ann, file).stages] == ["applied", "waiting"]
    without = plan_file((old, new.replace("GATE", f"{gate}, dry_run = true")), gone)
    assert apply(ann, without, stage="back").stages == ("back",), "one that decides nothing is only told"


def test_an_override_lets_another_operator_pass_once(ann: Kernel, opens: Opens, clock: Clock) -> None:
    file = plan_file(guarded("sale", CLOSED[0]))
    override(ann, file, "sale", CLOSED[1], "we begin earlier")
    with pytest.raises(GateNotMet):
        apply(ann, file)  # a second operator is wanted

    assert make(ann, file).held_up == ()
    apply(opens("art"), file)
    assert states(ann)["till"] == "enabled"
    with ann.database.read() as connection:
        gates = records.runs(connection)[0].gates
    assert gates[0]["override"] == {"operator": "ann", "reason": "we begin earlier"}

    clock.move(hours=1)
    from fenbu.engine.rollout.rolling_back import roll_back

    roll_back(ann, "sale")
    with pytest.raises(GateNotMet):
        apply(opens("art"), file)  # it was for once


def test_who_has_said_yes_is_counted_but_for_who_applies(ann: Kernel, opens: Opens) -> None:
    file = plan_file(guarded("sale", "approvals = { decision = 1, core = 1 }"))
    with pytest.raises(GateNotMet, match="1 yes of the layer decision is missing; 1 yes of the layer core"):
        apply(ann, file)
    approve(opens("dee"), file, "sale")
    approve(ann, file, "sale")
    with pytest.raises(GateNotMet, match=r"layer core is missing \(ann applies it and does not count\)"):
        apply(ann, file)
    apply(opens("art"), file)


def test_a_yes_is_for_a_stage_as_the_file_had_it(ann: Kernel, opens: Opens) -> None:
    yes = guarded("sale", "approvals = { decision = 1 }")
    approve(opens("dee"), plan_file(yes), "sale")
    with pytest.raises(GateNotMet):
        apply(ann, plan_file(yes, ('greeting = "welcome"', 'greeting = "hello"')))

    commented = plan_file(yes, ('title = "Sale"', 'title = "Sale"  # the till'), ("pots = 4", "pots = 7"))
    apply(ann, commented)  # neither a comment nor another stage changes it


def test_a_stage_that_stands_and_changes_needs_new_yeses_and_no_gates(ann: Kernel, opens: Opens) -> None:
    yes = guarded("sale", "approvals = { decision = 1 }")
    approve(opens("dee"), plan_file(yes), "sale")
    apply(ann, plan_file(yes))
    ann.perform("fenbu.setting.set", {"module": "till", "name": "greeting", "value": "by hand"})
    apply(opens("art"), plan_file(yes), stage="sale")
    assert settings(ann, "till")["greeting"] == "welcome", "what was changed by hand needs no yes"

    changed = plan_file(yes, ('greeting = "welcome"', 'greeting = "hello"'))
    with pytest.raises(GateNotMet):
        apply(ann, changed, stage="sale")
    approve(opens("dan"), changed, "sale")
    apply(ann, changed, stage="sale")
    assert settings(ann, "till")["greeting"] == "hello"


def test_a_gate_that_asks_for_a_yes_has_its_own(ann: Kernel, opens: Opens) -> None:
    file = plan_file(
        guarded("sale", 'before = [{ approval = "functional" }]\napprovals = { functional = 1 }')
    )
    approve(opens("fay"), file, "sale")
    with pytest.raises(GateNotMet, match=r"before\.1"):
        apply(ann, file)
    approve(opens("fay"), file, "sale", gate="before.1")
    apply(ann, file)


def test_only_who_belongs_to_a_layer_says_yes_for_it(ann: Kernel, opens: Opens) -> None:
    file = plan_file()
    with pytest.raises(NotInLayer):
        approve(opens("dee"), file, "sale", layer="core")
    with pytest.raises(NotInLayer):
        approve(opens("ada"), file, "sale")  # an owner belongs to none
    with pytest.raises(NotPermitted):
        approve(opens("vic"), file, "sale")
    approve(opens("dee"), file, "sale")
    with pytest.raises(AlreadyExists):
        approve(opens("dee"), file, "sale")
    approve(opens("dee"), file, "sale", withdraw=True)
    with pytest.raises(NotFound):
        approve(opens("dee"), file, "sale", withdraw=True)


# --- who, and one at a time -------------------------------------------------------------------------------


@pytest.mark.parametrize("operator", ["vic", "dee", "fay"])
def test_who_may_not_apply_changes_nothing_and_is_written_down(opens: Opens, operator: str) -> None:
    kernel = opens(operator)
    with pytest.raises(NotPermitted):
        apply(kernel, plan_file())
    assert states(kernel)["till"] == "discovered"
    assert is_free(kernel)
    with kernel.database.read() as connection:
        from fenbu.engine.store.tables import audit as rows

        last = connection.execute(rows.select().order_by(rows.c.id.desc())).first()
    assert last is not None
    assert (last.actor, last.action, last.outcome) == (operator, "fenbu.rollout.apply", "denied")


def test_every_step_is_audited_with_the_digest_of_its_plan(ann: Kernel) -> None:
    digest = make(ann, plan_file()).digest
    apply(ann, plan_file())
    ann.seal_audit()
    with ann.database.read() as connection:
        from fenbu.engine.store.tables import audit as rows

        acts = connection.execute(rows.select().where(rows.c.action == "fenbu.rollout.apply")).all()
        assert audit.verify(connection).broken_at is None
    assert [act.subject for act in acts] == [None, "sale", "sale"]
    assert all(digest in act.summary for act in acts[1:])


def test_while_one_applies_nobody_else_does(ann: Kernel, opens: Opens, clock: Clock) -> None:
    art = opens("art")

    def also(happened: Happened) -> None:
        if happened.event == "step-begun":
            clock.move(minutes=7)
            with pytest.raises(Locked, match=r"ann holds the lock of the rollout for 7 min \(apply, process"):
                apply(art, plan_file())
            with pytest.raises(SamePerson):
                approve(ann, plan_file(), "sale")

    apply(ann, plan_file(), tell=also)
    assert is_free(ann)


def test_whoever_has_lost_the_lock_commits_no_further_step(ann: Kernel, opens: Opens) -> None:
    def lose(happened: Happened) -> None:
        if happened.event == "begun":
            with pytest.raises(Locked):
                unlock(opens("art"))
            assert unlock(opens("art"), force=True).answer["holder"] == "ann"

    with pytest.raises(LockLost):
        apply(ann, plan_file(), tell=lose)
    assert states(ann)["till"] == "discovered"
    assert make(ann, plan_file()).stages[0].standing == "half-applied"
    assert apply(ann, plan_file()).stages == ("sale",), "the next apply goes on"


def test_there_is_nothing_to_unlock_when_nobody_holds_it(ann: Kernel) -> None:
    with pytest.raises(NotFound):
        unlock(ann, force=True)
