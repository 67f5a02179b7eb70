"""Taking a stage back: planned, looked at, every row kept."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from fenbu.engine.catalog.errors import StillNeeded
from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.apply import apply
from fenbu.engine.rollout.errors import OutOfTurn, StalePlan, Unfinished, WouldStrand
from fenbu.engine.rollout.plan import make
from fenbu.engine.rollout.rolling_back import plan_back, roll_back
from fenbu.errors import NotFound, NotPermitted, Unknown
from fenbu.testing.dummies import DummyModule, DummyModules
from tests.core.rollout.tea import Opens, kinds, plan_file, ring, states
from tests.core.rollout.test_apply import is_free, settings

PARK = ('rollback = { in_flight = "refuse" }', 'rollback = { in_flight = "park" }')


def _open_pots(kernel: Kernel, count: int) -> None:
    with kernel.database.write() as connection:
        connection.execute(text("DELETE FROM kitchen_open"))
        for number in range(count):
            connection.execute(
                text("INSERT INTO kitchen_open (label) VALUES (:label)"), {"label": str(number)}
            )


def _heard(kernel: Kernel) -> list[str]:
    with kernel.database.read() as connection:
        return list(connection.execute(text("SELECT label FROM kitchen_heard ORDER BY label")).scalars())


def test_what_a_stage_has_done_is_taken_back_and_its_rows_stay(ann: Kernel) -> None:
    apply(ann, plan_file(), through="back")
    ring(ann, "T-1", "T-2")
    ann.drain()

    plan = plan_back(ann, "back")
    assert kinds(plan.steps) == ["disable kitchen cellar", "set till"]
    assert not plan.stranded
    roll_back(ann, "back", expected=plan.digest)

    assert (states(ann)["kitchen"], states(ann)["cellar"], states(ann)["till"]) == (
        "disabled",
        "disabled",
        "enabled",
    )
    assert settings(ann, "till") == {"greeting": "welcome"}
    assert _heard(ann) == ["T-1", "T-2"]
    assert make(ann, plan_file()).stages[1].standing == "rolled back"
    assert is_free(ann)

    apply(ann, plan_file(), wait=True)
    assert states(ann)["kitchen"] == "enabled"
    assert settings(ann, "till") == {"greeting": "welcome back", "rounding": 10}
    assert make(ann, plan_file(), stage="back").nothing_to_do


def test_it_is_refused_while_it_would_strand_what_is_in_flight(ann: Kernel) -> None:
    apply(ann, plan_file(), through="back")
    _open_pots(ann, 3)

    assert "3 pots on the stove" in plan_back(ann, "back").stranded
    with pytest.raises(WouldStrand, match="would strand 3 pots on the stove"):
        roll_back(ann, "back")
    assert settings(ann, "till")["rounding"] == 10, "nothing was done"
    assert states(ann)["kitchen"] == "enabled"

    roll_back(ann, "back", plan_file(PARK))
    assert states(ann)["kitchen"] == "disabled"


def test_what_waits_is_finished_first_when_the_plan_says_so(ann: Kernel) -> None:
    apply(
        ann,
        plan_file(('rollback = { in_flight = "refuse" }', 'rollback = { in_flight = "drain" }')),
        through="back",
    )
    _open_pots(ann, 1)

    assert roll_back(ann, "back").draining == ("kitchen",)
    assert states(ann)["kitchen"] == "draining"
    _open_pots(ann, 0)
    ann.settle()
    assert states(ann)["kitchen"] == "disabled"


def test_the_last_stage_goes_first(ann: Kernel) -> None:
    apply(ann, plan_file(), through="weighed")
    with pytest.raises(OutOfTurn, match="weighed stands on it"):
        plan_back(ann, "back")
    roll_back(ann, "weighed")
    roll_back(ann, "back")
    roll_back(ann, "sale")
    assert set(states(ann).values()) & {"enabled"} == set()


def test_what_was_on_before_stays_on(ann: Kernel) -> None:
    ann.perform("fenbu.module.enable", {"modules": ["till"]})
    apply(ann, plan_file())
    roll_back(ann, "sale")
    assert states(ann)["till"] == "enabled"
    assert settings(ann, "till") == {}


def test_all_that_was_done_for_a_stage_is_taken_back_not_only_the_last(ann: Kernel) -> None:
    apply(ann, plan_file(), through="back")
    ann.perform("fenbu.setting.set", {"module": "till", "name": "greeting", "value": "by hand"})
    apply(ann, plan_file(("rounding = 10", "rounding = 20")), stage="back")
    assert settings(ann, "till") == {"greeting": "welcome back", "rounding": 20}

    roll_back(ann, "back")
    assert settings(ann, "till") == {"greeting": "welcome"}, "as it was before the stage first came"


def test_a_half_applied_stage_is_taken_back(ann: Kernel) -> None:
    apply(ann, plan_file())

    class Stop(Exception):
        pass

    def stop(happened: object) -> None:
        if getattr(happened, "event", "") == "step-done":
            raise Stop

    with pytest.raises(Stop):
        apply(ann, plan_file(), tell=stop)
    assert is_free(ann)
    assert make(ann, plan_file()).stages[1].standing == "half-applied"
    with pytest.raises(Unfinished):
        roll_back(ann, "sale")

    roll_back(ann, "back")
    assert settings(ann, "till") == {"greeting": "welcome"}
    assert make(ann, plan_file()).unfinished is None


def test_a_rollback_that_was_begun_goes_on_and_apply_waits_for_it(ann: Kernel) -> None:
    apply(ann, plan_file(), through="back")

    class Stop(Exception):
        pass

    def stop(happened: object) -> None:
        if getattr(happened, "event", "") == "step-done":
            raise Stop

    with pytest.raises(Stop):
        roll_back(ann, "back", tell=stop)
    with pytest.raises(Unfinished, match="half rolled back"):
        apply(ann, plan_file())
    assert roll_back(ann, "back").steps == 1
    assert settings(ann, "till") == {"greeting": "welcome"}


def test_what_does_not_stand_cannot_be_taken_back(ann: Kernel) -> None:
    with pytest.raises(NotFound):
        plan_back(ann, "sale")
    apply(ann, plan_file())
    with pytest.raises(Unknown):
        plan_back(ann, "sail")
    roll_back(ann, "sale")
    with pytest.raises(OutOfTurn, match="it does not stand"):
        plan_back(ann, "sale")


def test_a_plan_that_was_looked_at_is_refused_once_anything_has_changed(ann: Kernel) -> None:
    apply(ann, plan_file(), through="back")
    seen = plan_back(ann, "back").digest
    ann.perform("fenbu.setting.set", {"module": "till", "name": "rounding", "value": 5})
    apply(ann, plan_file(), stage="back")
    with pytest.raises(StalePlan):
        roll_back(ann, "back", expected=seen)


@pytest.mark.parametrize("operator", ["vic", "dee", "fay"])
def test_who_may_not_roll_back_changes_nothing(ann: Kernel, opens: Opens, operator: str) -> None:
    apply(ann, plan_file())
    with pytest.raises(NotPermitted):
        roll_back(opens(operator), "sale")
    assert states(ann)["till"] == "enabled"


SAUCER = DummyModule(name="saucer", requires=("kitchen",))


def test_it_is_refused_before_it_begins_while_a_module_that_stays_needs_one_that_goes(
    ann: Kernel, tea_site: DummyModules
) -> None:
    tea_site.install(SAUCER)
    apply(ann, plan_file(PARK), through="back")
    ann.perform("fenbu.module.enable", {"modules": ["saucer"]})

    assert "saucer needs kitchen" in plan_back(ann, "back").stranded
    with pytest.raises(StillNeeded, match="saucer needs kitchen"):
        roll_back(ann, "back")
    assert make(ann, plan_file(PARK)).unfinished is None, "nothing was begun that could not come to its end"

    ann.perform("fenbu.module.disable", {"modules": ["saucer"], "how": "park"})
    roll_back(ann, "back")
    assert states(ann)["kitchen"] == "disabled"


def test_nor_does_a_stage_begin_to_change_that_would_take_what_others_need(
    ann: Kernel, tea_site: DummyModules
) -> None:
    tea_site.install(SAUCER)
    apply(ann, plan_file(), through="back", wait=True)
    ann.perform("fenbu.module.enable", {"modules": ["saucer"]})
    without = plan_file(
        ('modules = ["kitchen", "cellar"]', 'modules = ["cellar"]'),
        ('modules = ["scales"]', 'modules = ["scales", "kitchen"]'),
        ('history = { "kitchen.orders" = "catch_up" }\n', ""),
    )

    with pytest.raises(StillNeeded):
        apply(ann, without, stage="back")
    assert make(ann, without).unfinished is None


def test_one_module_may_take_the_place_of_another_that_others_need(
    ann: Kernel, tea_site: DummyModules
) -> None:
    tea_site.install(
        DummyModule(name="urn", provides=("hot.water",)),
        DummyModule(name="samovar", provides=("hot.water",)),
        DummyModule(name="cup", requires=("capability:hot.water",)),
    )
    with_urn = plan_file(
        ("[modules.scales]", "[modules.urn]\n\n[modules.cup]"), ('["scales"]', '["urn", "cup"]')
    )
    with_samovar = plan_file(
        ("[modules.scales]", "[modules.samovar]\n\n[modules.cup]"), ('["scales"]', '["samovar", "cup"]')
    )
    apply(ann, with_urn, through="weighed", wait=True)

    apply(ann, with_samovar, through="weighed", wait=True)

    found = states(ann)
    assert (found["urn"], found["samovar"], found["cup"]) == ("disabled", "enabled", "enabled")
