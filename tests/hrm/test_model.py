"""Whatever happens in whatever order: history has no holes and no overlaps, leave is what was given less taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fenbu.errors import Refused
from fenbu.testing.clock import Clock
from fenbu.testing.enterprises import Enterprises
from tests.hrm.conftest import staffable
from tests.hrm.firm import ADA, BO, Firm

FIRST = date(2026, 1, 1)
DAYS = 40
"""Days that are looked at, one by one."""
WHO = st.sampled_from(["E1", "E2"])
DAY = st.integers(0, DAYS - 1)
STEP = st.integers(-2, 4)
"""Days after the last thing that happened; sometimes before it."""
PLACE = st.sampled_from([("KITCHEN", "COOK"), ("SHOP", "SELLER"), ("SALES", "SELLER")])
WHICH = st.integers(0, 20)

Known = tuple[str, str]
"""Department and pay."""


def day_of(number: int) -> str:
    return (FIRST + timedelta(days=number)).isoformat()


class People(RuleBasedStateMachine):
    """People who come, change, go and want to be away, beside a naive record: what is true of each single day."""

    make: Any
    clock: Clock

    @initialize()
    def open(self) -> None:
        self.firm = Firm(self.make("hrm", furnished=staffable), self.clock, known=True)
        self.firm.hr("leave-type.define", leave_type="short", title="Short", days=5)
        self.days: dict[str, dict[int, Known]] = {"E1": {}, "E2": {}}
        self.left: dict[tuple[str, str], Decimal] = {}
        self.away: dict[str, tuple[str, str, int, int]] = {}
        self.taken: dict[str, Decimal] = {}
        self.now = 0
        self.come("E1", 0, ("KITCHEN", "COOK"), 1)
        self.give("E1", 6)

    def later(self, step: int) -> int:
        """Return a day near the one on which something happened last."""
        self.now = min(max(self.now + step, 0), DAYS - 1)
        return self.now

    def attempt(self, act: Callable[[], Any]) -> Any:
        """Return what an action answers, or None when it is refused."""
        try:
            return act()
        except Refused:
            return None

    def from_day(self, who: str, day: int, change: Callable[[Known], Known]) -> None:
        """Let something be another on all days of the employment from this one on."""
        for number in range(day, DAYS):
            if number in self.days[who]:
                self.days[who][number] = change(self.days[who][number])

    # --- coming and going -----------------------------------------------------------------------------

    @rule(who=WHO, step=STEP, place=PLACE, pay=st.integers(1, 3))
    def come_later(self, who: str, step: int, place: tuple[str, str], pay: int) -> None:
        self.come(who, self.later(step), place, pay)

    def come(self, who: str, day: int, place: tuple[str, str], pay: int) -> None:
        wanted: dict[str, Any] = {
            "employee": who,
            "department": place[0],
            "position": place[1],
            "pay": pay,
            "day": day_of(day),
        }
        done = self.attempt(lambda: self.firm.hr("employee.hire", name="N", **wanted))
        done = done or self.attempt(lambda: self.firm.hr("employee.rehire", **wanted))
        if done:
            assert day not in self.days[who], f"{who} came on {day_of(day)} and was here"
            self.days[who] |= {number: (place[0], str(pay)) for number in range(day, DAYS)}

    @rule(who=WHO, step=STEP, place=PLACE)
    def move(self, who: str, step: int, place: tuple[str, str]) -> None:
        day = self.later(step)
        wanted: dict[str, Any] = {
            "employee": who,
            "department": place[0],
            "position": place[1],
            "day": day_of(day),
        }
        if self.attempt(lambda: self.firm.hr("employee.transfer", **wanted)):
            self.from_day(who, day, lambda known: (place[0], known[1]))

    @rule(who=WHO, step=STEP, pay=st.integers(1, 3))
    def pay(self, who: str, step: int, pay: int) -> None:
        day = self.later(step)
        if self.attempt(lambda: self.firm.hr("employee.raise", employee=who, pay=pay, day=day_of(day))):
            self.from_day(who, day, lambda known: (known[0], str(pay)))

    @rule(who=WHO, step=STEP)
    def go(self, who: str, step: int) -> None:
        day = self.later(step)
        if self.attempt(lambda: self.firm.hr("employee.leave", employee=who, last_day=day_of(day))):
            self.days[who] = {number: known for number, known in self.days[who].items() if number <= day}

    # --- being away -----------------------------------------------------------------------------------

    @rule(who=WHO, days=st.integers(0, 6))
    def give_again(self, who: str, days: int) -> None:
        self.give(who, days)

    def give(self, who: str, days: int) -> None:
        wanted: dict[str, Any] = {"leave_type": "short", "year": 2026, "employee": who, "days": days}
        if self.attempt(lambda: self.firm.hr("leave.grant", **wanted)):
            self.book(who, "short", Decimal(days))

    @rule(who=WHO, days=st.integers(-3, 3).filter(bool), leave_type=st.sampled_from(["short", "sick"]))
    def adjust(self, who: str, days: int, leave_type: str) -> None:
        wanted: dict[str, Any] = {
            "leave_type": leave_type,
            "year": 2026,
            "employee": who,
            "days": days,
            "reason": "x",
        }
        if self.attempt(lambda: self.firm.hr("leave.adjust", **wanted)):
            self.book(who, leave_type, Decimal(days))

    @rule(who=WHO, first=DAY, length=st.integers(0, 3), leave_type=st.sampled_from(["short", "sick"]))
    def ask(self, who: str, first: int, length: int, leave_type: str) -> None:
        last = min(first + length, DAYS - 1)
        wanted: dict[str, Any] = {
            "employee": who,
            "leave_type": leave_type,
            "first": day_of(first),
            "last": day_of(last),
        }
        done = self.attempt(lambda: self.firm.hr("leave.request", **wanted))
        if done:
            asked = range(first, last + 1)
            assert all(number in self.days[who] for number in asked), "asked for days without employment"
            taken = {n for _t, other, a, b in self.away.values() if other == who for n in range(a, b + 1)}
            assert not taken & set(asked), "two requests share a day"
            worked = sum(1 for number in asked if (FIRST + timedelta(days=number)).weekday() < 5)
            assert Decimal(done["days"]) == worked
            self.away[done["request"]] = (leave_type, who, first, last)

    @precondition(lambda self: self.away)
    @rule(which=WHICH)
    def approve(self, which: int) -> None:
        request = sorted(self.away)[which % len(self.away)]
        if done := self.attempt(lambda: self.firm.hr("leave.approve", request=request, by=BO)):
            leave_type, who, _first, _last = self.away[request]
            self.taken[request] = Decimal(done["days"])
            self.book(who, leave_type, -self.taken[request])

    @precondition(lambda self: self.away)
    @rule(which=WHICH, verb=st.sampled_from(["decline", "cancel"]))
    def end(self, which: int, verb: str) -> None:
        request = sorted(self.away)[which % len(self.away)]
        if self.attempt(lambda: self.firm.hr(f"leave.{verb}", request=request, reason="x", by=ADA)):
            leave_type, who, _first, _last = self.away.pop(request)
            if request in self.taken:
                self.book(who, leave_type, self.taken.pop(request))

    def book(self, who: str, leave_type: str, days: Decimal) -> None:
        self.left[who, leave_type] = self.left.get((who, leave_type), Decimal(0)) + days

    # --- what must hold -------------------------------------------------------------------------------

    @invariant()
    def each_day_has_what_was_true_of_it(self) -> None:
        found: dict[str, dict[int, Known]] = {"E1": {}, "E2": {}}
        for row in self.firm.look("assignments"):
            for number in range(DAYS):
                day = FIRST + timedelta(days=number)
                if row["since"] <= day and (row["ends"] is None or day < row["ends"]):
                    assert number not in found[row["employee"]], (
                        f"{row['employee']} is at two places on {day}"
                    )
                    found[row["employee"]][number] = (row["department"], f"{row['pay'].normalize():f}")
        assert found == self.days

    @invariant()
    def leave_is_what_was_given_less_what_was_taken(self) -> None:
        rows = self.firm.look("leave-balances")
        assert {(row["employee"], row["leave_type"]): row["days"] for row in rows} == self.left
        assert all(days >= 0 for (_who, leave_type), days in self.left.items() if leave_type == "short")

    def teardown(self) -> None:
        if hasattr(self, "firm"):
            assert self.firm.ill() == {}


@pytest.mark.databases("sqlite")
@pytest.mark.slow
def test_history_has_no_holes_and_leave_is_never_overdrawn(enterprise: Enterprises, clock: Clock) -> None:
    class Here(People):
        """The people of this test's enterprises."""

    Here.make, Here.clock = staticmethod(enterprise), clock
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=10,
            stateful_step_count=35,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
