"""Gates are measured: they pass, fail or are inconclusive, and nothing but a pass lets a stage go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import frozen

from fenbu.engine import readings
from fenbu.engine.guard.operators import SYSTEM
from fenbu.engine.kernel import Kernel
from fenbu.engine.readings import Measured
from fenbu.engine.rollout import gates
from fenbu.engine.rollout.gates import GateReading
from fenbu.engine.rollout.model import ApprovalGate, CheckGate, DateGate, Gate, MetricGate
from fenbu.testing.clock import START, Clock
from fenbu.values import to_microseconds
from fenbu.work import Actor
from tests.core.rollout.scales import put

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def measured(kernel: Kernel, gate: Gate, approved: Mapping[str, Sequence[str]] | None = None) -> GateReading:
    with kernel.read() as work:
        return gates.measure(work, gate, approved)


def keep(kernel: Kernel, ago: timedelta, value: str, metric: str = "scales.weight") -> None:
    """Keep a reading of some time ago."""
    found = Measured(to_microseconds(START - ago), {metric: Decimal(value)})
    kernel.run(lambda work: readings.keep(work, found), SYSTEM)


@frozen(kw_only=True)
class Case:
    """What lies on the scales, what was read before, what is asked, and what comes out."""

    now: str = "3"
    read: Sequence[tuple[timedelta, str]] = ()
    asks: Mapping[str, Any]
    outcome: str
    told: str
    samples: int = 1


STEADY = [(DAY * n, "3") for n in range(9)]
METRICS: dict[str, Case] = {
    "the latest reading is of this moment and counts alone": Case(
        asks={"must_be": "<= 3"}, read=[(HOUR, "99")], outcome="pass", told="it is 3"
    ),
    "a number beside the mark fails by the last digit": Case(
        now="3.00000000000000000000001",
        asks={"must_be": "<= 3"},
        outcome="fail",
        told="it is 3.00000000000000000000001",
    ),
    "decimals that say nothing change nothing": Case(
        now="3.000", asks={"must_be": "== 3"}, outcome="pass", told="it is 3"
    ),
    "a metric with nothing to measure is inconclusive": Case(
        now="nothing",
        asks={"must_be": "!= 3"},
        outcome="inconclusive",
        told="scales.weight has nothing to measure yet",
    ),
    "a metric with nothing to measure now is inconclusive, whatever it was": Case(
        now="nothing",
        read=STEADY,
        asks={"must_be": "> 0", "window": "7 days"},
        outcome="inconclusive",
        told="scales.weight has nothing to measure yet",
    ),
    "all readings of a covered window pass": Case(
        read=STEADY,
        asks={"must_be": "<= 3", "window": "7 days"},
        outcome="pass",
        told="it is 3, and so were all 8 readings",
        samples=8,
    ),
    "one reading within a window that is off fails": Case(
        read=[*STEADY, (DAY * 6 + HOUR, "4")],
        asks={"must_be": "<= 3", "window": "7 days"},
        outcome="fail",
        told="1 of 9 readings are not <= 3; the last of them, 2025-12-30 16:00, is 4",
        samples=9,
    ),
    "a reading at the very beginning of a window belongs to it": Case(
        read=[(DAY * 8, "3"), (DAY * 7, "4")],
        asks={"must_be": "<= 3", "window": "7 days"},
        outcome="fail",
        told="1 of 2 readings are not <= 3; the last of them, 2025-12-29 17:00, is 4",
        samples=2,
    ),
    "a reading before a window does not": Case(
        read=[*STEADY, (DAY * 7 + HOUR, "4")],
        asks={"must_be": "<= 3", "window": "7 days"},
        outcome="pass",
        told="it is 3, and so were all 8 readings",
        samples=8,
    ),
    "this moment fails after a good week": Case(
        now="5",
        read=[(DAY * n, "3") for n in range(1, 9)],
        asks={"must_be": "<= 3", "window": "7 days"},
        outcome="fail",
        told="1 of 8 readings are not <= 3; the last of them, 2026-01-05 17:00, is 5",
        samples=8,
    ),
    "a window that begins before the first reading is inconclusive": Case(
        read=[(DAY * 6, "3")],
        asks={"must_be": "<= 3", "window": "7 days"},
        outcome="inconclusive",
        told="the window of 1 week begins before the first reading, of 2025-12-30 17:00",
        samples=2,
    ),
    "a window in which nothing was read is inconclusive, though there are older readings": Case(
        read=[(DAY * 9, "3")],
        asks={"must_be": "<= 3", "window": "7 days"},
        outcome="inconclusive",
        told="nothing was read within 1 week",
    ),
    "a window that is not covered fails all the same where a reading is off": Case(
        read=[(DAY * 6, "4")],
        asks={"must_be": "<= 3", "window": "7 days"},
        outcome="fail",
        told="1 of 2 readings are not <= 3; the last of them, 2025-12-30 17:00, is 4",
        samples=2,
    ),
    "enough samples suffice where a window begins before the first reading": Case(
        read=[(HOUR, "3"), (HOUR * 2, "3")],
        asks={"must_be": "<= 3", "window": "7 days", "samples": 3},
        outcome="pass",
        told="it is 3, and so were all 3 readings",
        samples=3,
    ),
    "too few samples are inconclusive": Case(
        read=[(HOUR, "3")],
        asks={"must_be": "<= 3", "window": "7 days", "samples": 3},
        outcome="inconclusive",
        told="2 readings of 3 within 1 week",
        samples=2,
    ),
    "too few samples are inconclusive where one is off, too: it may be a slip": Case(
        read=[(HOUR, "4")],
        asks={"must_be": "<= 3", "window": "7 days", "samples": 3},
        outcome="inconclusive",
        told="2 readings of 3 within 1 week",
        samples=2,
    ),
    "one sample is enough where the file says so": Case(
        asks={"must_be": "<= 3", "window": "7 days", "samples": 1}, outcome="pass", told="it is 3"
    ),
    "a reading kept at this moment is not counted twice": Case(
        read=[(timedelta(0), "3")],
        asks={"must_be": "<= 3", "window": "7 days", "samples": 2},
        outcome="inconclusive",
        told="1 reading of 2 within 1 week",
    ),
    "readings of the future, after a clock was set back, count for nothing": Case(
        read=[(-HOUR, "9")],
        asks={"must_be": "<= 3", "window": "7 days", "samples": 2},
        outcome="inconclusive",
        told="1 reading of 2 within 1 week",
    ),
    "a window longer than readings are kept is never covered": Case(
        read=STEADY,
        asks={"must_be": "<= 3", "window": "60 weeks"},
        outcome="inconclusive",
        told="readings are kept for 400 days, and the window of 60 weeks is longer",
        samples=9,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", METRICS.values(), ids=METRICS.keys())
def test_metrics(weighing_house: Kernel, case: Case) -> None:
    put(weighing_house, case.now)
    for ago, value in case.read:
        keep(weighing_house, ago, value)

    found = measured(weighing_house, MetricGate.model_validate({"metric": "scales.weight", **case.asks}))

    assert (found.outcome, found.told, found.samples) == (case.outcome, case.told, case.samples)
    assert found.stops is (case.outcome != "pass")
    assert found.outcome == "pass" or found.outcome == "fail" or found.todo


CANNOT: dict[str, tuple[Gate, str, str]] = {
    "a metric that raises, on PostgreSQL by a statement that spoils the transaction": (
        MetricGate.model_validate({"metric": "scales.broken", "must_be": "<= 3"}),
        "scales.broken could not be measured: ",
        "",
    ),
    "a metric whose number is not exact": (
        MetricGate.model_validate({"metric": "scales.inexact", "must_be": "<= 3"}),
        "scales.inexact could not be measured: it answered 0.1, which is no exact number",
        "",
    ),
    "a metric that nobody declares": (
        MetricGate.model_validate({"metric": "scales.wieght", "must_be": "<= 3"}),
        "there is no metric scales.wieght here",
        "did you mean scales.weight?",
    ),
    "a check that raises": (CheckGate(check="scales.broken"), "scales.broken could not be measured: ", ""),
    "a check of a module that is not there": (
        CheckGate(check="erp.ledger_balance"),
        "there is no check erp.ledger_balance here",
        "",
    ),
    "a check that nobody knows the answer to": (
        CheckGate(check="scales.level"),
        "nobody has looked",
        "put a wedge under it",
    ),
}


@pytest.mark.parametrize(("gate", "told", "todo"), CANNOT.values(), ids=CANNOT.keys())
def test_what_nobody_can_say_is_inconclusive_and_leaves_the_transaction_as_it_was(
    weighing_house: Kernel, gate: Gate, told: str, todo: str
) -> None:
    with weighing_house.read() as work:
        found = gates.measure(work, gate)
        assert work.connection.exec_driver_sql("SELECT count(*) FROM scales_gauge").scalar() == 0

    assert found.outcome == "inconclusive"
    assert found.stops
    assert found.told.startswith(told)
    assert found.todo.startswith(todo)


def test_a_module_that_was_switched_off_can_answer_nothing(weighing_house: Kernel) -> None:
    put(weighing_house, "3")
    keep(weighing_house, HOUR, "3")
    weighing_house.perform("fenbu.module.disable", {"modules": ["scales"]})

    for gate in (
        MetricGate.model_validate({"metric": "scales.weight", "must_be": "<= 3"}),
        CheckGate(check="scales.level"),
    ):
        found = measured(weighing_house, gate)
        assert found.outcome == "inconclusive"
        assert "scales does not run" in found.told


CHECKS = {
    "well": ("ok 3 0", "pass", "ok it is", ""),
    "not well": ("failed 3 0", "fail", "failed it is", "put a wedge under it"),
    "unknown": ("unknown 0 0", "inconclusive", "unknown it is", "put a wedge under it"),
    "well as far as nothing waits": (
        "ok 3 1",
        "pass",
        "ok it is; 1 left out, because work on them still waits",
        "",
    ),
    "well where everything was left out says nothing": (
        "ok 3 3",
        "inconclusive",
        "ok it is; 3 left out, because work on them still waits",
        "let a worker finish: fenbu worker",
    ),
}


@pytest.mark.parametrize(("label", "outcome", "told", "todo"), CHECKS.values(), ids=CHECKS.keys())
def test_checks(weighing_house: Kernel, label: str, outcome: str, told: str, todo: str) -> None:
    put(weighing_house, label)

    found = measured(weighing_house, CheckGate(check="scales.level"))

    assert (found.outcome, found.told, found.todo) == (outcome, told, todo)


APPROVALS: dict[str, tuple[int, dict[str, list[str]], str, str]] = {
    "nobody yet": (1, {}, "inconclusive", "0 of 1 have said yes"),
    "one of one": (1, {"core": ["li"]}, "pass", "1 of 1 have said yes (li)"),
    "one of two": (2, {"core": ["li"]}, "inconclusive", "1 of 2 have said yes (li)"),
    "one twice is one": (2, {"core": ["li", "li"]}, "inconclusive", "1 of 2 have said yes (li)"),
    "more than are wanted": (1, {"core": ["zhao", "li"]}, "pass", "2 of 1 have said yes (li, zhao)"),
    "of another layer": (1, {"decision": ["li"]}, "inconclusive", "0 of 1 have said yes"),
}


@pytest.mark.parametrize(("count", "approved", "outcome", "told"), APPROVALS.values(), ids=APPROVALS.keys())
def test_approvals(
    weighing_house: Kernel, count: int, approved: dict[str, list[str]], outcome: str, told: str
) -> None:
    gate = ApprovalGate.model_validate({"approval": "core", "count": count})

    found = measured(weighing_house, gate, approved)

    assert (found.outcome, found.told) == (outcome, told)
    assert bool(found.todo) is (outcome != "pass")


@pytest.mark.parametrize(
    ("moment", "outcome", "told"),
    [
        (datetime(2026, 1, 30, 15, 59, tzinfo=UTC), "fail", "the day comes in 1 day"),
        (datetime(2026, 1, 30, 16, 0, tzinfo=UTC), "pass", "the day has come"),  # midnight in Shanghai
        (datetime(2026, 2, 7, 0, 0, tzinfo=UTC), "pass", "the day has come"),
        (datetime(2026, 1, 5, 9, 0, tzinfo=UTC), "fail", "the day comes in 26 days"),
    ],
)
def test_a_day_comes_in_the_enterprises_time_zone(
    weighing_house: Kernel, clock: Clock, moment: datetime, outcome: str, told: str
) -> None:
    clock.set(moment)

    found = measured(weighing_house, DateGate(date=date(2026, 1, 31)))

    assert (found.outcome, found.told) == (outcome, told)


def test_a_dry_run_is_measured_and_decides_nothing(weighing_house: Kernel) -> None:
    put(weighing_house, "4")
    gate = {"metric": "scales.weight", "must_be": "<= 3", "dry_run": True, "why": "Floors are weak."}

    found = measured(weighing_house, MetricGate.model_validate(gate))

    assert (found.outcome, found.stops, found.why) == ("fail", False, "Floors are weak.")
    assert (found.kind, found.name, found.wanted, found.got) == ("metric", "scales.weight", "<= 3", "4")


def test_who_may_not_look_is_told_the_outcome_without_the_number(weighing_house: Kernel) -> None:
    put(weighing_house, "4711")
    weighing_house.perform("fenbu.operator.add", {"operator": "chen", "os_user": "chen"})
    gate = MetricGate.model_validate({"metric": "scales.weight", "must_be": "<= 3"})

    with Kernel.open(weighing_house.database.url, actor=Actor("chen"), clock=lambda: 1) as kernel:
        found = measured(kernel, gate)

    assert (found.outcome, found.got) == ("fail", "***")
    assert "4711" not in str(found)
    assert "scales.show" in found.told


def test_gates_are_measured_in_their_order_at_one_moment(weighing_house: Kernel) -> None:
    put(weighing_house, "3")
    asked: list[Gate] = [
        DateGate(date=date(2026, 1, 31)),
        MetricGate.model_validate({"metric": "scales.weight", "must_be": "<= 3"}),
    ]

    with weighing_house.read() as work:
        found = gates.measure_all(work, asked)

    assert [(one.kind, one.outcome, one.at) for one in found] == [
        ("date", "fail", START),
        ("metric", "pass", START),
    ]
