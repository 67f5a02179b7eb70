"""A plan says what applying would do, writes nothing, and is the same for the same things."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.document import of_plan
from fenbu.engine.rollout.errors import OutOfTurn
from fenbu.engine.rollout.faults import RolloutInvalid
from fenbu.engine.rollout.plan import make
from fenbu.engine.rollout.saved import save, saved
from fenbu.engine.store.tables import metadata
from fenbu.errors import BadFile, NotPermitted, Unknown
from fenbu.testing.clock import Clock
from fenbu.testing.dummies import DummyModule, DummyModules
from fenbu.work import Actor
from tests.core.rollout.tea import Opens, guarded, kinds, plan_file, ring

ADA = Actor("ada")


def _rows(kernel: Kernel) -> dict[str, int]:
    with kernel.database.read() as connection:
        return {
            name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
            for name in metadata.tables
        }


def test_a_plan_says_what_each_stage_would_do_and_writes_nothing(ann: Kernel) -> None:
    before = _rows(ann)
    plan = make(ann, plan_file())

    sale, back, weighed = plan.stages
    assert kinds(sale.steps) == ["enable till"]
    assert dict(sale.steps[0].step.settings) == {"greeting": "welcome"}
    assert kinds(back.steps) == ["set till", "enable cellar", "enable kitchen"]
    assert dict(back.steps[0].step.settings) == {"greeting": "welcome back", "rounding": 10}
    assert dict(back.steps[0].step.before) == {"greeting": "welcome"}, "as the first stage leaves it"
    assert dict(back.steps[2].step.history) == {"kitchen.orders": "catch_up"}
    assert kinds(weighed.steps) == ["enable scales"]
    assert [stage.name for stage in plan.chosen] == ["sale"], "the next stage alone"
    assert not plan.held_up
    assert _rows(ann) == before


def test_beside_the_steps_stands_what_they_bring(ann: Kernel) -> None:
    sale, back, weighed = make(ann, plan_file()).stages

    assert sale.ahead.permissions == ("till.order.ring",)
    assert {(flow.topic, flow.subscription) for flow in back.ahead.flows_gained} == {
        ("till.order-rung", "cellar.orders"),
        ("till.order-rung", "kitchen.orders"),
    }
    assert set(back.ahead.hooks_gained) >= {"kitchen: till_waits_for", "cellar: module_in_flight"}
    assert [(one.module, one.unsafe) for one in weighed.ahead.migrations] == [("scales", "")]
    assert back.taking_back is not None
    assert back.taking_back.modules == ("kitchen", "cellar")
    assert back.taking_back.settings == ("till.greeting", "till.rounding")
    assert back.taking_back.in_flight == "refuse"


def test_a_module_that_comes_late_is_told_how_much_it_reads_first(ann: Kernel) -> None:
    ann.perform("fenbu.module.enable", {"modules": ["till"]})
    ring(ann, "T-1", "T-2", "T-3")

    back = make(ann, plan_file(), through="back").stages[1]

    read = {one.subscription: one.events for one in back.ahead.history}
    assert read == {"cellar.orders": 3, "kitchen.orders": 3}, "the kitchen because the stage says so"
    assert all(one.seconds > 0 or not one.events for one in back.ahead.history)


def test_the_digest_is_the_same_for_the_same_things_and_moves_with_each_of_them(
    ann: Kernel, opens: Opens, clock: Clock, tea_site: DummyModules
) -> None:
    digest = make(ann, plan_file()).digest
    clock.move(hours=5)
    assert make(opens("vic"), plan_file()).digest == digest, "whoever looks, whenever"

    seen = {digest, make(ann, plan_file(), through="back").digest}
    seen.add(make(ann, plan_file(("version = 1", "version = 2"))).digest)
    assert len(seen) == 3
    ann.perform("fenbu.module.enable", {"modules": ["till"]})
    seen.add(make(ann, plan_file()).digest)
    ann.perform("fenbu.setting.set", {"module": "till", "name": "rounding", "value": 1})
    seen.add(make(ann, plan_file()).digest)
    assert len(seen) == 5
    tea_site.uninstall("cellar")
    tea_site.install(DummyModule(name="cellar", version="1.1", requires=("till",)))
    assert make(opens("ann"), plan_file()).digest not in seen


def test_unless_a_stage_is_named_the_next_one_is_planned(ann: Kernel) -> None:
    def names(**wanted: str) -> list[str]:
        return [stage.name for stage in make(ann, plan_file(), **wanted).chosen]

    assert names(through="back") == ["sale", "back"]
    assert names(stage="sale") == ["sale"]
    with pytest.raises(OutOfTurn, match="sale come first") as refused:
        make(ann, plan_file(), stage="back")
    assert "--through back" in refused.value.hint
    with pytest.raises(Unknown) as unknown:
        make(ann, plan_file(), through="bak")
    assert "did you mean back?" in unknown.value.hint


def test_gates_and_approvals_hold_the_next_stage_up(ann: Kernel) -> None:
    guards = 'approvals = { decision = 2 }\nbefore = [{ date = 2999-01-01 }, { check = "fenbu.audit" }]'
    plan = make(ann, plan_file(guarded("sale", guards)))

    outcomes = [(line.key, str(line.reading.outcome)) for line in plan.stages[0].guards.gates]
    assert outcomes == [("before.1", "fail"), ("before.2", "pass")]
    assert [(need.layer, need.missing) for need in plan.stages[0].guards.approvals] == [("decision", 2)]
    assert len(plan.held_up) == 2


def test_a_gate_that_measures_only_decides_nothing(ann: Kernel) -> None:
    guards = "before = [{ date = 2999-01-01, dry_run = true }]"
    assert not make(ann, plan_file(guarded("sale", guards))).held_up


def test_a_file_with_faults_has_no_plan(ann: Kernel) -> None:
    with pytest.raises(RolloutInvalid, match="no module kitchn is installed"):
        make(
            ann,
            plan_file(
                ("[modules.kitchen]", "[modules.kitchn]"),
                ('modules = ["kitchen"', 'modules = ["kitchn"'),
                ("[modules.kitchen.settings]\npots = 4", ""),
                ('history = { "kitchen.orders" = "catch_up" }', ""),
            ),
        )


def test_who_may_not_look_gets_no_plan(opens: Opens) -> None:
    with pytest.raises(NotPermitted):
        make(opens("nobody"), plan_file())


def test_a_secret_stands_nowhere_in_a_plan(ann: Kernel) -> None:
    plan = make(ann, plan_file(("pots = 4", 'pots = 4\nkey = "env:KITCHEN_KEY"')), through="back")

    assert dict(plan.stages[1].steps[2].step.settings)["key"] == "env:KITCHEN_KEY"
    told = str(of_plan(plan))
    assert "KITCHEN_KEY" not in told
    assert "***" in told


def test_a_saved_plan_is_known_again(ann: Kernel, tmp_path: Path) -> None:
    plan = make(ann, plan_file())
    save(plan, tmp_path / "plan.json")

    found = saved(tmp_path / "plan.json")
    assert found is not None
    assert (found.digest, found.serial, found.expires_at) == (plan.digest, 0, plan.expires_at)
    (tmp_path / "other.json").write_text('{"schema": "fenbu.modules/1"}', encoding="utf-8")
    with pytest.raises(BadFile, match="no plan"):
        saved(tmp_path / "other.json")
    (tmp_path / "tea.toml").write_text(plan_file().text, encoding="utf-8")
    assert saved(tmp_path / "tea.toml") is None
