"""The readiness report: gates, data, what is open and numbers over time, of each stage, as the actor may see them."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from fenbu.completeness import Counted
from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.file import RolloutFile, parse
from fenbu.engine.rollout.readiness import readiness
from fenbu.engine.rollout.readiness_document import as_document, as_markdown
from fenbu.errors import NotPermitted, Unknown
from fenbu.testing.clock import Clock
from tests.core.rollout.scales import put
from tests.core.rollout.tea import Opens, guarded, plan_file

pytestmark = pytest.mark.databases("sqlite")
GATES = """approvals = { decision = 1 }
before = [{ check = "fenbu.dead" }, { date = 2030-01-01 }]"""


@pytest.fixture
def file() -> RolloutFile:
    return plan_file(guarded("weighed", GATES))


@pytest.fixture
def weighing(opens: Opens, clock: Clock) -> Kernel:
    """The tea house with till and scales on, and three days of readings."""
    kernel = opens("ada")
    kernel.perform("fenbu.module.enable", {"modules": ["till", "scales"]})
    for label in ("7", "2", "nothing", "5"):
        put(kernel, label)
        kernel.perform("fenbu.metric.record", {"metrics": ["scales.weight"]})
        clock.move(days=1)
    return kernel


def test_each_stage_is_told_with_its_modules_and_what_guards_it(weighing: Kernel, file: RolloutFile) -> None:
    report = readiness(weighing, file)

    assert [stage.name for stage in report.stages] == ["sale", "back", "weighed"]
    sale, back, weighed = report.stages
    assert [(one.name, one.on) for one in back.modules] == [("kitchen", False), ("cellar", False)]
    assert [(one.name, one.state, one.on) for one in sale.modules] == [("till", "enabled", True)]
    assert [(line.key, str(line.reading.outcome)) for line in weighed.guards.gates] == [
        ("before.1", "pass"),
        ("before.2", "fail"),
    ]
    assert [(need.layer, need.missing) for need in weighed.guards.approvals] == [("decision", 1)]


def test_data_is_counted_and_what_raises_is_told_and_what_does_not_arise_is_not(
    weighing: Kernel, file: RolloutFile
) -> None:
    [weighed, broken] = readiness(weighing, file).stages[2].completeness

    assert weighed.counted == Counted(4, 3, ("nothing",))
    assert not weighed.whole
    assert broken.counted is None
    assert "no_such_column" in broken.reason


def test_what_is_open_is_told_with_what_to_do(weighing: Kernel, file: RolloutFile) -> None:
    weighing.perform("fenbu.metric.record")

    told = {one.name: (one.kind, str(one.health)) for one in readiness(weighing, file).stages[2].troubles}

    assert told["metric scales.broken"] == ("problem", "failed")
    assert told["scales.broken"] == ("check", "unknown")


def test_numbers_are_told_now_and_over_time(weighing: Kernel, file: RolloutFile) -> None:
    metrics = {one.metric.name: one for one in readiness(weighing, file).stages[2].metrics}

    weight = metrics["scales.weight"]
    assert (weight.now, weight.lowest, weight.highest) == (Decimal(5), Decimal(2), Decimal(7))
    assert [one.value for one in weight.series] == [7, 2, 5, 5], "three readings, and what it is now"
    assert "no exact number" in metrics["scales.inexact"].reason


def test_a_stage_by_itself_is_told_with_those_in_front_of_it(weighing: Kernel, file: RolloutFile) -> None:
    [weighed] = readiness(weighing, file, "weighed").stages

    assert [one.name for one in weighed.modules] == ["till", "kitchen", "cellar", "scales"]
    with pytest.raises(Unknown) as refused:
        readiness(weighing, file, "weihged")
    assert refused.value.nearest == "weighed"


def test_without_a_plan_all_that_is_on_is_told(weighing: Kernel) -> None:
    [everything] = readiness(weighing).stages

    assert {one.name for one in everything.modules} == {"till", "scales"}
    assert everything.completeness


def test_a_problem_of_a_module_that_no_stage_has_is_told_too(weighing: Kernel) -> None:
    weighing.perform("fenbu.metric.record")
    text = plan_file().text.partition('[[stages]]\nname = "weighed"')[0].replace("[modules.scales]\n\n", "")

    report = readiness(weighing, parse(text, "tea.toml"))

    assert {one.module for one in report.troubles} == {"scales"}


def test_who_may_not_look_at_a_module_is_told_nothing_of_it(
    weighing: Kernel, file: RolloutFile, opens: Opens
) -> None:
    report = readiness(opens("fay"), file)

    assert {"till", "scales"} <= set(report.hidden)
    assert not any(stage.completeness or stage.metrics or stage.troubles for stage in report.stages)
    weighing.perform("fenbu.operator.add", {"operator": "noor", "os_user": "noor"})
    with pytest.raises(NotPermitted):
        readiness(opens("noor"), file)


def test_the_report_is_a_document_with_exact_numbers_as_text(weighing: Kernel, file: RolloutFile) -> None:
    document = json.loads(json.dumps(as_document(readiness(weighing, file))))

    weighed = document["stages"][2]
    assert weighed["completeness"][0]["percent"] == "75"
    assert weighed["completeness"][0]["lacking"] == ["nothing"]
    weight = weighed["metrics"][0]
    assert (weight["now"], weight["lowest"], weight["highest"]) == ("5", "2", "7")
    assert weighed["held_up"]


def test_the_report_is_a_page_of_markdown_whose_tables_hold(weighing: Kernel, file: RolloutFile) -> None:
    page = as_markdown(readiness(weighing, file))

    assert page.startswith("# Harbour Tea: tea\n")
    assert "## Scales (`weighed`, waiting)" in page
    assert "| weighed | 3 / 4 | 75 | nothing | put \\| something on |" in page
    blocks = [block.splitlines() for block in page.split("\n\n") if block.startswith("|")]
    for block in blocks:
        assert len({line.replace("\\|", "").count("|") for line in block}) == 1, block


def test_a_stage_whose_modules_were_switched_on_by_hand_is_guarded_all_the_same(ann: Kernel) -> None:
    ann.perform("fenbu.module.enable", {"modules": ["till"]})

    [sale] = readiness(ann, plan_file(guarded("sale", GATES)), "sale").stages

    assert (sale.standing, len(sale.guards.gates)) == ("waiting", 2)
