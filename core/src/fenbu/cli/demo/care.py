"""Who works with CRM: hopes for orders of the trade, follows leads, answers what customers ask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from fenbu.cli.demo.shop import SERVICES, Season, Story
from fenbu.cli.demo.trade import Placed, Trade

LATE = (2, 9)
"""Of every so many questions, the one whose answer comes too late."""
PATIENCE = timedelta(hours=24)
"""What `crm.settings` promises unless they are set."""
_LEADS = (
    ("Quayside Kitchen Ltd", "the spring fair", "a house blend for the breakfast room"),
    ("The Old Lighthouse Ltd", "the website", "green tea by the sack"),
)


class Care:
    """The person who looks after customers."""

    def __init__(self, trade: Trade) -> None:
        self._trade = trade
        self._asked = 0
        self._hoped_for: dict[str, str] = {}
        """Account to the opportunity that its next order wins."""

    def begin(self, season: Season) -> None:
        """Plan what is hoped for in the first weeks, and the question that is open at the end."""
        won, lost = [*self._buyers(season), None, None][:2]
        if won:
            self._at(season.first, 1, 11, lambda: self._hope(won))
        if lost:
            self._at(season.first, 2, 10, lambda: self._hope(lost, gives_up=True))
        self._at(season.first, 3, 14, lambda: self._follow(season.first))
        self._at(self._trade.shop.last_day, -2, 10, self._ask_late)

    def placing(self, story: Story) -> None:
        """Wait for the order."""

    def look(self) -> None:
        """Wait for nothing: timers remind of what is due."""

    def placed(self, placed: Placed) -> None:
        """Win what was hoped for, and plan what somebody asks who will bring something back."""
        story = placed.story
        if opportunity := self._hoped_for.pop(story.account, None):
            won = {"opportunity": opportunity, "order": placed.order, "amount": placed.total}
            self._trade.plan(story.placed + timedelta(minutes=10), self._do("crm.opportunity.win", **won))
        if story.account and story.returned:
            self._question(placed, story.returned)

    # --- hoping ---------------------------------------------------------------------------------------------

    def _buyers(self, season: Season) -> list[Story]:
        """Return the first orders of two companies that come some days after the beginning."""
        companies = {one.account for one in self._trade.shop.customers if one.kind == "company"}
        first: dict[str, Story] = {}
        for story in self._trade.shop.stories_of(season):
            if story.account in companies:
                first.setdefault(story.account, story)
        return [one for one in first.values() if one.placed.date() > season.first + timedelta(days=4)][:2]

    def _hope(self, story: Story, *, gives_up: bool = False) -> None:
        """Open an opportunity for what will be ordered, or for something that will not."""
        customer = self._customer(story.account)
        if customer is None:
            return
        day = story.placed.date()
        opened = self._trade.do(
            "crm.opportunity.open",
            customer=customer,
            title="gift boxes for the staff" if gives_up else "tea for the season",
            amount="480" if gives_up else self._worth(story),
            close_on=day,
        )
        wanted = {"opportunity": opened["opportunity"]}
        self._trade.plan(self._hour(day, -1, 9), self._do("crm.opportunity.advance", **wanted))
        if gives_up:
            lost = self._do("crm.opportunity.lose", **wanted, reason="bought at a wholesaler's")
            self._trade.plan(self._hour(day, 0, 8), lost)
        else:
            self._hoped_for[story.account] = opened["opportunity"]
        self._trade.deliver()

    def _follow(self, first: date) -> None:
        """Follow two leads: one becomes a customer who may buy, the other comes to nothing."""
        convert, lose = (
            self._trade.do("crm.lead.enter", name=name, source=source, interest=interest)["lead"]
            for name, source, interest in _LEADS
        )
        self._trade.do("crm.lead.contact", lead=convert)
        decided = self._trade.shop.last_day + timedelta(days=30)
        chance = {"title": _LEADS[0][2], "amount": "1200", "close_on": decided}
        self._at(first, 8, 10, self._do("crm.lead.convert", lead=convert, **chance))
        self._at(first, 9, 10, self._do("crm.lead.lose", lead=lose, reason="only wanted a price list"))
        self._trade.deliver()

    def _worth(self, story: Story) -> Decimal:
        """Return about what an order will come to, in tens."""
        prices = {item.code: item.price for item in self._trade.shop.items}
        worth = sum((prices[item] * many for item, many in story.lines if item not in SERVICES), Decimal(0))
        return max(worth.quantize(Decimal("1E1")), Decimal(10))

    # --- answering ------------------------------------------------------------------------------------------

    def _question(self, placed: Placed, returned: datetime) -> None:
        """Let somebody ask before they bring something back; one in some waits too long for an answer."""
        late = self._asked % LATE[1] == LATE[0]
        asked = returned - (PATIENCE + timedelta(hours=6) if late else timedelta(hours=3))
        if asked <= placed.story.placed:
            return
        self._asked += 1
        self._trade.plan(asked, self._ask(placed, asked, late=late))

    def _ask(self, placed: Placed, asked: datetime, *, late: bool) -> Callable[[], None]:
        def act() -> None:
            customer = self._customer(placed.story.account)
            if customer is None:
                return
            text = "One of them is not what I thought; may I bring it back unopened?"
            opened = self._trade.do(
                "crm.case.open", customer=customer, title="May I return it?", text=text, order=placed.order
            )
            wanted = {"case": opened["case"]}
            if late:
                self._trade.plan(asked + PATIENCE + timedelta(minutes=5), self._trade.deliver)
            answered = asked + (PATIENCE + timedelta(hours=5) if late else timedelta(hours=1))
            yes = self._do("crm.case.answer", **wanted, text="Of course, within four weeks.")
            self._trade.plan(answered, yes)
            end = self._do("crm.case.resolve", **wanted, text="It came back and was credited.")
            self._trade.plan(answered + timedelta(hours=3), end)
            self._trade.deliver()

        return act

    def _ask_late(self) -> None:
        """Let somebody ask what nobody answers, so that it is still to be done at the end."""
        customers = self._trade.rows("crm.customers", kind="company")
        if customers:
            text = "Could you also send us the invoices by mail?"
            self._trade.do(
                "crm.case.open", customer=customers[0]["customer"], title="Invoices by mail", text=text
            )
            self._trade.deliver()

    # --- small things ---------------------------------------------------------------------------------------

    def _customer(self, account: str) -> str | None:
        """Return whose an account is."""
        rows = self._trade.rows("crm.customers", account=account)
        return str(rows[0]["customer"]) if rows else None

    def _do(self, action: str, **values: Any) -> Callable[[], None]:
        def act() -> None:
            self._trade.tell(action, **values)
            self._trade.deliver()

        return act

    def _at(self, day: date, days: int, hour: int, do: Callable[[], None]) -> None:
        self._trade.plan(self._hour(day, days, hour), do)

    def _hour(self, day: date, days: int, hour: int) -> datetime:
        """Return an hour some days later, or earlier."""
        return self._trade.shop.morning(day + timedelta(days=days)) + timedelta(hours=hour - 8)
