"""Readings: what metrics came to is kept over time, exactly, taken by whoever rests, and thrown away when it is old."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from fenbu.engine import readings, serving
from fenbu.engine.guard.operators import SYSTEM
from fenbu.engine.kernel import Kernel
from fenbu.engine.problems import open_problems
from fenbu.engine.readings import KEEP, Measured, Reading
from fenbu.errors import NotPermitted, Unknown
from fenbu.testing.clock import START, Clock
from fenbu.testing.dummies import DummyModules
from fenbu.values import to_microseconds
from fenbu.work import Actor
from tests.core.rollout.scales import SCALES, put


def series(kernel: Kernel, name: str = "scales.weight") -> list[Reading]:
    with kernel.read() as work:
        return readings.series(work, name)


def keep(kernel: Kernel, age: timedelta) -> None:
    """Keep a reading that is so old."""
    found = Measured(to_microseconds(START - age), {"scales.weight": Decimal(1)})
    kernel.run(lambda work: readings.keep(work, found), SYSTEM)


def problems(kernel: Kernel) -> list[str]:
    with kernel.read() as work:
        return [f"{one.kind} {one.subject}" for one in open_problems(work.connection)]


@pytest.fixture
def looking_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "LOOK", 0.0)


@pytest.mark.parametrize(
    "digits",
    ["0", "-0.01", "1949.37", "0.33333333333333333333333333333", "99999999999999999999999999.0001", "1E+3"],
)
def test_a_reading_comes_back_to_the_last_digit(weighing_house: Kernel, digits: str) -> None:
    put(weighing_house, digits)

    weighing_house.perform("fenbu.metric.record", {"metrics": ["scales.weight"]})

    assert series(weighing_house) == [Reading(START, Decimal(digits))]


def test_all_metrics_are_read_at_one_moment_and_one_that_raises_holds_up_no_other(
    weighing_house: Kernel,
) -> None:
    put(weighing_house, "7")

    answer = weighing_house.perform("fenbu.metric.record").answer

    assert (answer["kept"], answer["empty"]) == (2, [])
    assert set(answer["failed"]) == {"scales.broken", "scales.inexact"}
    assert problems(weighing_house) == ["metric scales.inexact", "metric scales.broken"]
    assert [one.value for one in series(weighing_house)] == [Decimal(7)]


def test_a_metric_that_answers_again_is_no_problem_any_more(
    weighing_house: Kernel, site: DummyModules
) -> None:
    weighing_house.perform("fenbu.metric.record")
    assert "metric scales.inexact" in problems(weighing_house)
    mended = SCALES.files["numbers.py"].replace("return 0.1", "return 1")
    site.write("scales", "numbers.py", mended)
    site.forget("scales")

    with Kernel.open(weighing_house.database.url, actor=Actor("wang")) as kernel:
        kernel.perform("fenbu.metric.record")

    assert problems(weighing_house) == ["metric scales.broken"]


def test_what_a_metric_does_not_know_is_not_kept(weighing_house: Kernel) -> None:
    answer = weighing_house.perform("fenbu.metric.record", {"metrics": ["scales.weight"]}).answer

    assert (answer["kept"], answer["empty"]) == (0, ["scales.weight"])
    assert series(weighing_house) == []


def test_a_second_reading_of_one_moment_takes_the_place_of_the_first(weighing_house: Kernel) -> None:
    for digits in ("1", "2"):
        put(weighing_house, digits)
        weighing_house.perform("fenbu.metric.record", {"metrics": ["scales.weight"]})

    assert series(weighing_house) == [Reading(START, Decimal(2))]


def test_a_resting_worker_takes_readings_once_an_hour(
    looking_at_once: None, weighing_house: Kernel, clock: Clock
) -> None:
    put(weighing_house, "7")

    for minutes in (0, 1, 58, 1, 60):
        clock.move(minutes=minutes)
        weighing_house.drain()

    hours = [(one.at - START) / timedelta(hours=1) for one in series(weighing_house)]
    assert hours == [0, 1, 2]


def test_who_reads_one_metric_often_keeps_nobody_from_reading_the_others(
    looking_at_once: None, weighing_house: Kernel, clock: Clock
) -> None:
    put(weighing_house, "7")
    for _half_hour in range(5):
        weighing_house.perform("fenbu.metric.record", {"metrics": ["scales.weight"]})
        weighing_house.drain()
        clock.move(minutes=30)

    assert len(series(weighing_house, "scales.pieces")) == 3
    assert len(series(weighing_house)) == 5


def test_a_metric_that_answers_no_more_does_not_let_others_be_read_more_often(
    looking_at_once: None, weighing_house: Kernel, clock: Clock
) -> None:
    put(weighing_house, "7")
    weighing_house.drain()
    put(weighing_house, "nothing")
    for _minute in range(125):
        clock.move(minutes=1)
        weighing_house.drain()

    assert len(series(weighing_house)) == 1
    assert len(series(weighing_house, "scales.pieces")) == 3
    with weighing_house.read() as work:
        [counted] = [one.count for one in open_problems(work.connection) if one.subject == "scales.broken"]
    assert counted == 3, "and is a problem once an hour"


def test_a_clock_that_was_set_back_stops_no_readings(
    looking_at_once: None, weighing_house: Kernel, clock: Clock
) -> None:
    put(weighing_house, "7")
    for days in (0, 400, -399):
        clock.move(days=days)
        weighing_house.drain()

    assert len(series(weighing_house)) == 2, "the third is still to come"


def test_of_two_workers_one_takes_the_reading(weighing_house: Kernel, clock: Clock) -> None:
    put(weighing_house, "7")
    with weighing_house.read() as work:
        found = readings.measure_all(work)
    clock.move(seconds=1)

    both = [weighing_house.run(lambda work: readings.keep_due(work, found), SYSTEM) for _worker in range(2)]

    assert both == [2, 0]


def test_readings_are_kept_for_400_days(weighing_house: Kernel, clock: Clock) -> None:
    put(weighing_house, "7")
    for age in (KEEP + timedelta(microseconds=1), KEEP, timedelta(days=1)):
        keep(weighing_house, age)
    with weighing_house.read() as work:
        found = readings.measure_all(work)

    weighing_house.run(lambda work: readings.keep_due(work, found), SYSTEM)

    assert [START - one.at for one in series(weighing_house)] == [KEEP, timedelta(days=1), timedelta(0)]


def test_old_readings_go_a_number_at_a_time(weighing_house: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "CHUNK", 2)
    for days in range(5):
        keep(weighing_house, KEEP + timedelta(days=days + 1))

    gone = [
        weighing_house.run(lambda work: readings.prune(work.connection, work.transaction.at), SYSTEM)
        for _turn in range(4)
    ]

    assert gone == [2, 2, 1, 0]


def test_a_series_is_of_a_span_of_time_with_both_ends(weighing_house: Kernel, clock: Clock) -> None:
    for hour in range(5):
        put(weighing_house, str(hour))
        weighing_house.perform("fenbu.metric.record", {"metrics": ["scales.weight"]})
        clock.move(hours=1)

    with weighing_house.read() as work:
        span = {"since": START + timedelta(hours=1), "until": START + timedelta(hours=3)}
        found = readings.series(work, "scales.weight", **span)

    assert [one.value for one in found] == [1, 2, 3]


def test_who_may_not_look_at_a_module_sees_no_series_of_it(weighing_house: Kernel) -> None:
    weighing_house.perform("fenbu.operator.add", {"operator": "chen", "os_user": "chen"})

    with Kernel.open(weighing_house.database.url, actor=Actor("chen")) as kernel, pytest.raises(NotPermitted):
        series(kernel)


def test_a_series_outlives_its_module_and_a_slip_is_told(weighing_house: Kernel) -> None:
    put(weighing_house, "7")
    weighing_house.perform("fenbu.metric.record")
    weighing_house.perform("fenbu.module.disable", {"modules": ["scales"]})

    assert len(series(weighing_house)) == 1
    with pytest.raises(Unknown):
        series(weighing_house, "scales.wieght")
