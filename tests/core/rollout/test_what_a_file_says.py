"""What a rollout file without faults says: exact types, settings by stage, and the schema of its keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet
from pydantic import TypeAdapter

from fenbu.engine.rollout.exact import Condition, Window, window_text
from fenbu.engine.rollout.file import parse
from fenbu.engine.rollout.model import DateGate, Layer, MetricGate, Rollout
from fenbu.engine.rollout.schema import schema
from tests.core.rollout.plans import PLAN, changed


def test_numbers_ranges_spans_and_days_are_exact() -> None:
    plan = parse(PLAN).checked()
    overdue, day = plan.stages[1].before

    assert isinstance(overdue, MetricGate)
    assert isinstance(day, DateGate)
    assert plan.modules["erp"].version == SpecifierSet(">=0.1,<1")
    assert (overdue.must_be, overdue.window) == (Condition("<=", Decimal("1000.50")), timedelta(weeks=2))
    assert day.date == date(2027, 1, 4)


def test_a_stage_inherits_the_settings_of_those_in_front_of_it() -> None:
    plan = parse(PLAN).checked()

    assert plan.settings_through(0)["erp"] == {"payment_days": 30}
    assert plan.settings_through(1) == {"erp": {"payment_days": 14}, "payments": {"orders": "on_account"}}


def test_taking_a_stage_back_is_refused_with_work_in_flight_unless_the_plan_says_how() -> None:
    plan = parse(PLAN).checked()

    assert [stage.rollback.in_flight for stage in plan.stages] == ["refuse", "park"]


def test_an_approval_gate_names_its_layer() -> None:
    gate = parse(changed("date = 2027-01-04", 'approval = "core"\ncount = 2')).checked().stages[1].before[1]

    assert (gate.approval, gate.count) == (Layer.CORE, 2)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("sign", "met"),
    [
        ("<", "1.49"),
        ("<=", "1.5"),
        (">", "1.51"),
        (">=", "1.50"),
        ("==", "1.500"),
        ("!=", "1.4999999999999999999"),
    ],
)
def test_a_condition_compares_exactly(sign: str, met: str) -> None:
    opposite = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}[sign]

    assert Condition(sign, Decimal("1.5")).met(Decimal(met))
    assert not Condition(opposite, Decimal("1.5")).met(Decimal(met))


@pytest.mark.parametrize(
    ("written", "span", "shortest"),
    [
        ("36 hours", timedelta(hours=36), "36 hours"),
        ("1 day", timedelta(days=1), "1 day"),
        ("14 days", timedelta(days=14), "2 weeks"),
        ("1 week", timedelta(days=7), "1 week"),
    ],
)
def test_a_span_of_time_is_written_by_its_largest_unit(written: str, span: timedelta, shortest: str) -> None:
    window: TypeAdapter[timedelta] = TypeAdapter(Window)

    assert window.validate_python(written) == span
    assert window_text(span) == shortest


def _objects(told: Any) -> Iterator[dict[str, Any]]:
    if isinstance(told, dict):
        if "properties" in told:
            yield told
        for inner in told.values():
            yield from _objects(inner)
    elif isinstance(told, list):
        for inner in told:
            yield from _objects(inner)


def test_the_schema_knows_every_key_and_says_what_it_is_for() -> None:
    told = schema()

    assert set(told["properties"]) == set(Rollout.model_fields)
    assert len(list(_objects(told))) == 9
    for table in _objects(told):
        assert table["additionalProperties"] is False
        for key, described in table["properties"].items():
            assert described.get("description"), key


def test_the_schema_lets_a_gate_ask_one_thing() -> None:
    gates = schema()["$defs"]["Stage"]["properties"]["before"]["items"]["oneOf"]

    assert len(gates) == 4
    required = [schema()["$defs"][one["$ref"].rpartition("/")[2]]["required"][0] for one in gates]
    assert sorted(required) == ["approval", "check", "date", "metric"]
