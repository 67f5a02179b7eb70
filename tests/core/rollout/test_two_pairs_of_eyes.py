"""Who has carried out any part of a stage does not say yes to it, whoever began it; nothing gets in beside gates."""

from __future__ import annotations

import pytest

from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.agreeing import approve
from fenbu.engine.rollout.apply import apply
from fenbu.engine.rollout.carrying_out import Happened
from fenbu.engine.rollout.digests import stage_digest, text_digest
from fenbu.engine.rollout.errors import GateNotMet
from fenbu.engine.rollout.file import RolloutFile
from fenbu.engine.rollout.plan import make
from fenbu.engine.stages import records
from fenbu.engine.stages.records import Step
from fenbu.engine.work import EngineWork
from fenbu.errors import SamePerson
from fenbu.work import Actor
from tests.core.rollout.tea import Opens, guarded, plan_file, states

pytestmark = pytest.mark.databases("sqlite")
FILE = plan_file()


def begun(work: EngineWork) -> None:
    """Begin the first stage as Ann; Art, who went on after her, has done its first step."""
    steps = (
        Step(kind="enable", modules=("till",)),
        Step(kind="set", modules=("till",), settings={"rounding": 1}),
    )
    run = records.begin(
        work.connection,
        rollout="tea",
        stage="sale",
        verb="apply",
        file=(text_digest(FILE.text), FILE.text),
        stage_digest=stage_digest(FILE, 0),
        plan_digest="0" * 64,
        actor="ann",
        gates=(),
        planned=steps,
        at=work.transaction.at,
    )
    records.mark(work.connection, run, 1, by="art", at=work.transaction.at)


@pytest.mark.parametrize(
    ("operator", "refused"),
    [("ann", True), ("art", True), ("dee", False)],
    ids=["began", "went on", "neither"],
)
def test_who_has_begun_a_stage_or_gone_on_with_it_does_not_approve_it(
    ann: Kernel, opens: Opens, operator: str, refused: bool
) -> None:
    ann.run(begun, Actor("ann"))
    wanted = {"rollout": "tea", "stage": "sale", "digest": stage_digest(FILE, 0)}
    approver = opens(operator)

    if refused:
        with pytest.raises(SamePerson):
            approver.perform("fenbu.rollout.approve", wanted)
    else:
        approver.perform("fenbu.rollout.approve", wanted)


class Stopped(Exception):
    """Somebody stops in the middle."""


def stops_after(kernel: Kernel, file: RolloutFile, step: int) -> None:
    """Apply, and stop after so many steps of a run."""

    def stop(happened: Happened) -> None:
        if happened.event == "step-done" and happened.n == step:
            raise Stopped

    with pytest.raises(Stopped):
        apply(kernel, file, tell=stop)


YES = guarded("back", "approvals = { core = 1 }")
CHANGED = plan_file(YES, ("pots = 4", "pots = 5"))


@pytest.fixture
def half(ann: Kernel, opens: Opens) -> RolloutFile:
    """The second stage: Art and Amy have said yes, Ann has done its first step and Amy its second."""
    file = plan_file(YES)
    opens("ada").perform("fenbu.operator.add", {"operator": "amy", "grants": ["core"]})
    apply(ann, file)
    for name in ("art", "amy"):
        approve(opens(name), file, "back")
    approve(opens("amy"), CHANGED, "back")
    stops_after(ann, file, 1)
    stops_after(opens("amy"), file, 2)
    return file


def test_the_yes_of_who_went_on_with_a_stage_does_not_count_for_who_goes_on_next(
    half: RolloutFile, opens: Opens
) -> None:
    approve(opens("art"), half, "back", withdraw=True)

    with pytest.raises(GateNotMet, match="layer core is missing"):
        apply(opens("ada"), half)  # only Amy's yes is left, and she has applied a part of it
    approve(opens("art"), half, "back")
    assert apply(opens("ada"), half).stages == ("back",)


def test_nor_does_it_for_what_the_file_makes_of_the_stage_meanwhile(half: RolloutFile, opens: Opens) -> None:
    with pytest.raises(GateNotMet, match="layer core is missing"):
        apply(opens("ada"), CHANGED)  # Amy had said yes to that too, before she went on with what it was
    with pytest.raises(SamePerson):
        approve(opens("amy"), CHANGED, "back")
    approve(opens("art"), CHANGED, "back")
    assert apply(opens("ada"), CHANGED).stages == ("back",)


CLOSED = "before = [{ date = 2999-01-01 }]"


def test_a_module_that_the_file_adds_to_a_stage_that_stands_meets_its_gates(ann: Kernel) -> None:
    apply(ann, plan_file())
    added = (
        ('modules = ["till"]', f'{CLOSED}\nmodules = ["till", "scales"]'),
        ('[[stages]]\nname = "weighed"\ntitle = "Scales"\ngoal = "Tea is weighed."\nmodules = ["scales"]\n'
         'rollback = { in_flight = "park" }\n', ""),
    )  # fmt: skip
    file = plan_file(*added)

    assert make(ann, file, stage="sale").held_up
    with pytest.raises(GateNotMet, match=r"before\.1"):
        apply(ann, file, stage="sale")
    assert states(ann)["scales"] == "discovered"


def test_a_module_that_was_switched_off_by_hand_comes_back_without_gates(ann: Kernel) -> None:
    file = plan_file()
    apply(ann, file)
    ann.perform("fenbu.module.disable", {"modules": ["till"]})
    guarded_since = plan_file(guarded("sale", CLOSED))

    assert apply(ann, guarded_since, stage="sale").stages == ("sale",)
