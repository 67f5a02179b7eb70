"""Who has carried out any part of a stage does not say yes to it, whoever began it."""

from __future__ import annotations

import pytest

from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.digests import stage_digest, text_digest
from fenbu.engine.stages import records
from fenbu.engine.stages.records import Step
from fenbu.engine.work import EngineWork
from fenbu.errors import SamePerson
from fenbu.work import Actor
from tests.core.rollout.tea import Opens, plan_file

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
