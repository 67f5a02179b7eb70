"""Who works with HRM: enters the people of the shop, decides on leave, sees the payroll through."""

from __future__ import annotations

from datetime import date, timedelta

from attrs import frozen

from fenbu.cli.demo.shop import Season, Story
from fenbu.cli.demo.trade import Placed, Trade
from fenbu.work import Actor

PAY_DAY = 25
"""As the settings have it unless they are set."""
_NAMES = ("mei", "ada")
"""Operator who approves what another has made; the second where the first is who runs the demo."""


@frozen
class Person:
    """Somebody who works in the shop."""

    name: str
    department: str
    position: str
    pay: str
    """A month at full time."""
    fte: str
    """Share of full time: the shop is small."""


PEOPLE = (
    Person("Mei Tan", "OFFICE", "MANAGER", "2900", "0.6"),
    Person("Rosa Diaz", "STORE", "PACKER", "2050", "0.5"),
    Person("Sam Reed", "COUNTER", "SELLER", "2000", "0.4"),
    Person("Tom Hale", "COUNTER", "SELLER", "1950", "0.3"),
)
_DEPARTMENTS = (("OFFICE", "Office"), ("STORE", "Store-room"), ("COUNTER", "Counter"))
_POSITIONS = (("MANAGER", "Manager"), ("PACKER", "Packer"), ("SELLER", "Seller"))
_WITHHELD = (
    ("tax", "Income tax", "deduction", "tax", "12"),
    ("security", "National insurance", "deduction", "social_security", "8"),
    ("share", "Employer's national insurance", "employer", "social_security", "13.8"),
)
"""Code, title, kind, to whom it is owed and per cent of gross: plausible, not the law's."""


class Staff:
    """The manager of the shop, and who runs the demo: neither approves what they have made."""

    def __init__(self, trade: Trade) -> None:
        self._trade = trade
        self._manager = Actor(next(name for name in _NAMES if name != trade.kernel.actor.name))
        self._employees: list[str] = []

    def begin(self, season: Season) -> None:
        """Enter departments and people, who have worked here since the year before; plan leave and the pay day."""
        trade, since = self._trade, date(season.first.year - 1, 3, 1)
        trade.do("fenbu.operator.add", operator=self._manager.name, grants=["functional", "hrm.*"])
        self._enter_places()
        for number, person in enumerate(PEOPLE):
            hired = trade.do(
                "hrm.employee.hire",
                name=person.name,
                department=person.department,
                position=person.position,
                pay=person.pay,
                fte=person.fte,
                day=since + timedelta(days=70 * number),
                operator="" if number else self._manager.name,
            )
            self._employees.append(hired["employee"])
        self._plan_leave(season)
        trade.deliver()
        pay_day = next((day for day in _days(season) if day.day == PAY_DAY), None)
        if pay_day is not None:
            trade.plan(trade.shop.morning(pay_day) + timedelta(hours=2), lambda: self._pay(pay_day))

    def placing(self, story: Story) -> None:
        """Wait for the order."""

    def placed(self, placed: Placed) -> None:
        """Leave orders to the others."""

    def look(self) -> None:
        """Wait for nothing: the pay day rings by itself."""

    def _enter_places(self) -> None:
        do = self._trade.do
        places = [{"department": code, "title": title} for code, title in _DEPARTMENTS]
        do("hrm.department.register", departments=places)
        do(
            "hrm.position.register",
            positions=[{"position": code, "title": title} for code, title in _POSITIONS],
        )
        for code, title, kind, owed_to, percent in _WITHHELD:
            do(
                "hrm.component.define",
                component=code,
                title=title,
                kind=kind,
                owed_to=owed_to,
                rule="percentage",
                base=["gross"],
                percent=percent,
            )

    def _plan_leave(self, season: Season) -> None:
        """Let one ask for three days in a later week, a Monday to a Wednesday; the manager approves it."""
        monday = season.first + timedelta(days=14 - season.first.weekday())
        last = monday + timedelta(days=2)
        for year in sorted({monday.year, last.year}):
            self._trade.do("hrm.leave.grant", leave_type="annual", year=year)

        def ask() -> None:
            wanted = {"employee": self._employees[1], "first": monday, "last": last}
            asked = self._trade.do("hrm.leave.request", **wanted)
            self._trade.do_as(self._manager, "hrm.leave.approve", {"request": asked["request"]})
            self._trade.deliver()

        self._trade.plan(self._trade.shop.morning(season.first) + timedelta(hours=5), ask)

    def _pay(self, day: date) -> None:
        """See the payroll of the month through: what the timer has made is reviewed, and approved by another."""
        trade, period = self._trade, f"{day:%Y-%m}"
        trade.deliver()
        made = [row["run"] for row in trade.rows("hrm.payrolls", period=period)]
        run = made[0] if made else trade.do("hrm.payroll.open", period=period)["run"]
        trade.do("hrm.payroll.review", run=run)
        trade.do_as(self._manager, "hrm.payroll.approve", {"run": run})
        trade.deliver()


def _days(season: Season) -> list[date]:
    return [season.first + timedelta(days=count) for count in range(season.days)]
