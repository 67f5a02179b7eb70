"""The arithmetic of pay and leave, as tables of cases; no database."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from attrs import field, frozen
from hypothesis import given
from hypothesis import strategies as st

from fenbu.values import Rounding
from fenbu_hrm.calendar import Month
from fenbu_hrm.component import Component
from fenbu_hrm.entitlements import entitlement
from fenbu_hrm.payslips import Part, Payslip, Rules, calculate

BASIC = Component(code="basic", kind="earning", rule="pay")
TAX = Component(
    code="tax", kind="deduction", rule="percentage", owed_to="tax", base=("gross",), rate=Decimal("0.2")
)


def part(days: int = 31, pay: Any = "3000", department: str = "KITCHEN", **more: Any) -> Part:
    known = {"cost_centre": "", "fte": Decimal(1), "basis": "month", "employee": "E1"}
    return Part(**{**known, "department": department, "pay": Decimal(pay), "days": days, **more})


def slip(*parts: Part, components: Any = (BASIC,), of_days: int = 31, **more: Any) -> Payslip:
    own = {code: Decimal(amount) for code, amount in more.pop("own", {}).items()}
    rules = Rules(currency=more.pop("currency", "GBP"), of_days=of_days, weekly_hours=Decimal(40), **more)
    return calculate(parts, components, own, rules)


PRO_RATA: list[tuple[str, list[Part], int, str]] = [
    # what happened, the parts of the month, its days, gross
    ("worked the whole month", [part(31)], 31, "3000"),
    ("came on the 16th of 31", [part(16)], 31, "1548.39"),
    ("came on the 16th of 28", [part(13)], 28, "1392.86"),
    ("left after the first day of 30", [part(1)], 30, "100"),
    ("raise on the 16th of 30", [part(15, "3000"), part(15, "3300")], 30, "3150"),
    ("half time", [part(31, fte=Decimal("0.5"))], 31, "1500"),
    ("half time from the 11th of 30", [part(10), part(20, fte=Decimal("0.5"))], 30, "2000"),
    ("by the hour, 40 a week", [part(31, "15", basis="hour")], 31, "2600"),
    ("by the hour, from the 17th of 31", [part(15, "9.86", basis="hour")], 31, "826.97"),
    ("by the hour with four decimals", [part(30, "48.5577", basis="hour")], 30, "8416.67"),
    ("working days: 11 of 21", [part(11)], 21, "1571.43"),
    ("a third, rounded half up", [part(1, "0.15")], 2, "0.08"),
    ("no pay", [part(31, "0")], 31, "0"),
    ("a month without a working day", [part(0)], 0, "0"),
]


@pytest.mark.parametrize(("told", "parts", "of_days", "gross"), PRO_RATA, ids=[row[0] for row in PRO_RATA])
def test_pay_of_a_month_not_wholly_worked_is_divided_by_its_days(
    told: str, parts: list[Part], of_days: int, gross: str
) -> None:
    assert slip(*parts, of_days=of_days).gross == Decimal(gross)


@frozen(kw_only=True)
class Case:
    """Components, and what they come to for 3,000 of a month of 30 days."""

    told: str
    components: tuple[Component, ...]
    gross: str = "3000"
    deductions: str = "0"
    employer: str = "0"
    days: int = 30
    own: dict[str, str] = field(factory=dict)


def fixed(code: str = "bonus", kind: str = "earning", amount: str = "100", **more: Any) -> Component:
    owed = "" if kind == "earning" else "other"
    return Component(code=code, kind=kind, rule="fixed", owed_to=owed, amount=Decimal(amount), **more)


def percent(rate: str, *base: str, kind: str = "deduction", code: str = "part", **more: Any) -> Component:
    owed = "" if kind == "earning" else "social_security"
    if "ceiling" in more:
        more["ceiling"] = Decimal(more["ceiling"])
    return Component(
        code=code,
        kind=kind,
        rule="percentage",
        owed_to=owed,
        base=base or ("gross",),
        rate=Decimal(rate),
        **more,
    )


OWN = Component(code="meal", kind="deduction", rule="employee", owed_to="other")

CASES = [
    Case(told="a percentage of all that is earned", components=(BASIC, TAX), deductions="600"),
    Case(told="a fixed amount for all", components=(BASIC, fixed()), gross="3100"),
    Case(told="… shrinks with the month", components=(BASIC, fixed()), days=15, gross="1550"),
    Case(told="… or does not", components=(BASIC, fixed(prorated=False)), days=15, gross="1600"),
    Case(
        told="a percentage of one component",
        components=(BASIC, fixed(), percent("0.1", "basic")),
        gross="3100",
        deductions="300",
    ),
    Case(
        told="a percentage of two",
        components=(BASIC, fixed(), percent("0.1", "basic", "bonus")),
        gross="3100",
        deductions="310",
    ),
    Case(
        told="a percentage of a deduction", components=(BASIC, TAX, percent("0.055", "tax")), deductions="633"
    ),
    Case(told="up to a ceiling", components=(BASIC, percent("0.1", ceiling="2500")), deductions="250"),
    Case(told="under a ceiling", components=(BASIC, percent("0.1", ceiling="9000")), deductions="300"),
    Case(
        told="a ceiling shrinks with the month",
        components=(BASIC, percent("0.1", ceiling="2500")),
        days=15,
        gross="1500",
        deductions="125",
    ),
    Case(
        told="… or does not",
        components=(BASIC, percent("0.1", ceiling="2500", prorated=False)),
        days=15,
        gross="1500",
        deductions="150",
    ),
    Case(
        told="an earning after the deduction counts in gross",
        components=(BASIC, TAX, fixed()),
        gross="3100",
        deductions="620",
    ),
    Case(
        told="the employer's share is beside the pay",
        components=(BASIC, percent("0.1", kind="employer")),
        employer="300",
    ),
    Case(
        told="each employee's own amount", components=(BASIC, OWN), deductions="45.5", own={"meal": "45.50"}
    ),
    Case(told="without an own amount there is no line", components=(BASIC, OWN)),
    Case(
        told="each component is rounded by itself",
        components=(BASIC, percent("0.33333335", code="a"), percent("0.33333335", code="b")),
        deductions="2000",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.told for case in CASES])
def test_components_come_to_what_their_rules_say(case: Case) -> None:
    found = slip(part(case.days), components=case.components, of_days=30, own=case.own)
    assert (found.gross, found.deductions, found.employer) == tuple(
        map(Decimal, (case.gross, case.deductions, case.employer))
    )
    assert found.net == found.gross - found.deductions


def test_what_is_withheld_is_split_by_what_was_earned_where() -> None:
    found = slip(part(10), part(20, department="SHOP"), components=(BASIC, TAX), of_days=30)
    assert [(line.component, line.department, line.days, f"{line.amount:.0f}") for line in found.lines] == [
        ("basic", "KITCHEN", 10, "1000"),
        ("basic", "SHOP", 20, "2000"),
        ("tax", "KITCHEN", 10, "200"),
        ("tax", "SHOP", 20, "400"),
    ]


@pytest.mark.parametrize(
    ("rule", "amount"), [(Rounding.HALF_UP, "0.13"), (Rounding.HALF_EVEN, "0.12"), (Rounding.UP, "0.13")]
)
def test_the_rule_of_rounding_is_named(rule: Rounding, amount: str) -> None:
    assert slip(part(1, "0.25"), of_days=2, rounding=rule).gross == Decimal(amount)


def test_a_currency_without_pennies_is_rounded_to_its_unit() -> None:
    assert slip(part(16, "300000"), currency="JPY").gross == Decimal(154839)


money = st.decimals(0, 20_000, places=2)


@given(
    parts=st.lists(st.tuples(st.integers(1, 15), money, st.sampled_from("ABC")), min_size=1, max_size=4),
    rate=st.decimals(0, 1, places=4),
    ceiling=st.none() | money,
)
def test_whatever_happens_in_a_month_the_parts_add_up(
    parts: list[tuple[int, Decimal, str]], rate: Decimal, ceiling: Decimal | None
) -> None:
    """Gross is at most what the best paid part gives a whole month; what is split adds up to the whole."""
    worked = [part(days, pay, department) for days, pay, department in parts]
    of_days = sum(one.days for one in worked)
    component = percent(str(rate), code="one", **({} if ceiling is None else {"ceiling": str(ceiling)}))
    whole = slip(*worked, components=(BASIC, component), of_days=of_days)
    best, worst = max(pay for _days, pay, _where in parts), min(pay for _days, pay, _where in parts)
    slack = Decimal("0.01") * len(parts)
    assert worst - slack <= whole.gross <= best + slack
    base = whole.gross if ceiling is None else min(whole.gross, ceiling)
    assert abs(whole.deductions - base * rate) <= Decimal("0.005")
    assert whole.net >= 0


MONTHS = [
    # period, its days, the 31st of it, the month after
    ("2026-01", 31, "2026-01-31", "2026-02"),
    ("2026-02", 28, "2026-02-28", "2026-03"),
    ("2028-02", 29, "2028-02-29", "2028-03"),
    ("2026-12", 31, "2026-12-31", "2027-01"),
]


@pytest.mark.parametrize(("period", "days", "last", "following"), MONTHS)
def test_a_month_knows_its_days(period: str, days: int, last: str, following: str) -> None:
    month = Month.of(period)
    assert ((month.ends - month.first).days, str(month.day(31)), month.next.period) == (days, last, following)


@frozen
class Spell:
    """An employment."""

    since: date
    ends: date | None


ENTITLED: list[tuple[str, list[tuple[str, str | None]], str]] = [
    ("the whole year", [("2020-03-01", None)], "20"),
    ("from the first of July: six twelfths", [("2026-07-01", None)], "10"),
    ("from the second of July: five twelfths, 8.33", [("2026-07-02", None)], "8"),
    ("from the first of June: seven twelfths, 11.67", [("2026-06-01", None)], "12"),
    ("gone at the end of March: three twelfths", [("2020-01-01", "2026-04-01")], "5"),
    ("less than a month", [("2026-05-05", "2026-05-30")], "0"),
    ("gone and come again", [("2020-01-01", "2026-04-01"), ("2026-10-01", None)], "10"),
]


@pytest.mark.parametrize(("told", "spells", "days"), ENTITLED, ids=[row[0] for row in ENTITLED])
def test_leave_is_a_twelfth_for_each_full_month(
    told: str, spells: list[tuple[str, str | None]], days: str
) -> None:
    held = [
        Spell(date.fromisoformat(since), date.fromisoformat(ends) if ends else None) for since, ends in spells
    ]
    assert entitlement(Decimal(20), 2026, held) == Decimal(days)
