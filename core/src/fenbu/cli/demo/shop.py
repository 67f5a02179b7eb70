"""A plausible shop out of a seed: what it sells, who buys, and what happens to each order.

Nothing here knows the database: it is a plan, the same for the same seed, to be carried out day by day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

from attrs import evolve, field, frozen

NAME = "Harbour Tea"
CURRENCY = "GBP"
TIME_ZONE = "Europe/London"
SERVICES = ("POST", "GIFT")
DAYS = 91
"""Three months of trade."""

_ZONE = ZoneInfo(TIME_ZONE)
_TEAS = (
    ("TGY", "Tie Guan Yin oolong", "9.80"),
    ("DHP", "Da Hong Pao oolong", "14.50"),
    ("LJG", "Longjing green", "12.40"),
    ("BLC", "Bi Luo Chun green", "11.90"),
    ("SEN", "Sencha", "7.60"),
    ("GYO", "Gyokuro", "16.20"),
    ("KEE", "Keemun black", "8.10"),
    ("LSS", "Lapsang Souchong", "7.90"),
    ("ASM", "Assam Mangalam", "6.40"),
    ("DRJ", "Darjeeling first flush", "13.30"),
    ("PUE", "Pu-erh, aged five years", "15.80"),
    ("WPN", "White peony", "10.70"),
)
_SIZES = (("050", "50 g", "0.55"), ("100", "100 g", "1"), ("250", "250 g", "2.3"))
_WARE = (
    ("GAI-01", "Gaiwan, white porcelain", "18.00"),
    ("POT-01", "Teapot, Yixing clay, 20 cl", "42.00"),
    ("POT-02", "Teapot, cast iron, 60 cl", "36.50"),
    ("CUP-06", "Six tasting cups", "21.00"),
    ("KET-01", "Kettle with thermometer", "64.00"),
    ("FIL-01", "Paper filters, 100 pieces", "3.95"),
    ("TIN-01", "Tea tin, 100 g", "5.25"),
    ("WHI-01", "Bamboo whisk", "11.40"),
)
_HOUSES = ("Anchor", "Beacon", "Harbour", "Gull", "Lantern", "Mill", "Orchard", "Pier", "Quay", "Tide")
_TRADES = ("Café", "Bakery", "Hotel", "Bookshop")
_CHANNELS = {"company": "phone", "person": "web", "": "counter"}
_FIRST = ("Ada", "Ben", "Carys", "Dilip", "Ewa", "Femi", "Grace", "Hugo", "Isla", "Jun", "Kit", "Lena")
_LAST = ("Archer", "Bose", "Chen", "Doyle", "Evans", "Fraser", "Gupta", "Hughes", "Iqbal", "Jones", "Kaya")
_STREETS = ("Castle Street", "Fore Street", "High Street", "Mill Lane", "Quay Road", "Station Road")
_TOWNS = ("Bristol", "Exeter", "Falmouth", "Penzance", "Plymouth", "Truro")


@frozen
class Item:
    """Something the shop sells; food carries no tax here, ware does."""

    code: str
    title: str
    kind: str
    tax_category: str
    price: Decimal


@frozen
class Customer:
    """Somebody with an account; companies pay later, people at once."""

    account: str
    kind: str
    name: str
    address: str


@frozen
class Payment:
    """Money for an order: when, how much of it, and whether it says what it is for."""

    at: datetime
    percent: int
    names_order: bool = True
    method: str = "bank"


@frozen(kw_only=True)
class Story:
    """What happens to one order."""

    number: int
    """From 1; not the order's number in the books."""
    placed: datetime
    account: str
    """Empty for a buyer who gives no name."""
    channel: str
    lines: Sequence[tuple[str, int]]
    first: datetime | None = None
    """When it is handed over, or as much of it as there is; None while nothing is."""
    first_lines: int = 0
    """How many of its lines then; 0 for all."""
    rest: datetime | None = None
    cancelled: datetime | None = None
    returned: datetime | None = None
    """When one piece of the first line comes back."""
    payments: Sequence[Payment] = field(factory=tuple)


@frozen
class Season:
    """The days of one stage."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    @property
    def end(self) -> datetime:
        """The moment at which the next one begins."""
        return _at(self.last + timedelta(days=1), 0)


@frozen
class Shop:
    """All of it."""

    first_day: date
    last_day: date
    items: Sequence[Item]
    customers: Sequence[Customer]
    stories: Sequence[Story]

    @property
    def opening(self) -> datetime:
        """The evening before the first day, when everything is prepared."""
        return _at(self.first_day - timedelta(days=1), 17 * 60)

    def morning(self, day: date) -> datetime:
        """Return the hour before the shop opens."""
        return _at(day, 8 * 60)

    def seasons(self, many: int) -> list[Season]:
        """Divide the time into seasons of nearly the same length."""
        days = (self.last_day - self.first_day).days + 1
        starts = [self.first_day + timedelta(days=days * index // many) for index in range(many + 1)]
        return [Season(first, after - timedelta(days=1)) for first, after in pairwise(starts)]

    def stories_of(self, season: Season) -> list[Story]:
        """Return the orders placed in a season, in the order of time."""
        return [story for story in self.stories if season.first <= story.placed.date() <= season.last]


def make(seed: int, orders: int, today: date) -> Shop:
    """Make up a shop that has traded for three months up to yesterday.

    Args:
        seed: The same seed, number and day give the same shop.
        orders: How many.
        today: In the shop's time zone.
    """
    chance = Random(seed)
    last = today - timedelta(days=1)
    first = last - timedelta(days=DAYS - 1)
    items, customers = list(_items(chance)), list(_customers(chance))
    moments = sorted(_moment(chance, first, last) for _ in range(orders))
    teller = _Teller(chance, items, customers, last)
    stories = [teller.tell(number, moment) for number, moment in enumerate(moments, 1)]
    return Shop(first, last, items, customers, stories)


def _items(chance: Random) -> Iterator[Item]:
    for code, title, price in _TEAS:
        for suffix, size, factor in _SIZES:
            if suffix == "100" or chance.random() < 0.5:
                worth = (Decimal(price) * Decimal(factor)).quantize(Decimal("0.05"))
                yield Item(f"{code}-{suffix}", f"{title}, {size}", "goods", "food", worth)
    for code, title, price in _WARE:
        yield Item(code, title, "goods", "standard", Decimal(price))
    yield Item("POST", "Postage and packing", "service", "standard", Decimal("3.90"))
    yield Item("GIFT", "Gift wrapping", "service", "standard", Decimal("2.50"))


def _customers(chance: Random) -> Iterator[Customer]:
    houses = chance.sample([f"{house} {trade}" for house in _HOUSES for trade in _TRADES], 14)
    for number, name in enumerate(houses, 1):
        yield Customer(f"T-{number:03d}", "company", f"{name} Ltd", _address(chance))
    people = chance.sample([f"{first} {last}" for first in _FIRST for last in _LAST], 36)
    for number, name in enumerate(people, 1):
        yield Customer(f"P-{number:03d}", "person", name, _address(chance))


def _address(chance: Random) -> str:
    return f"{chance.randint(1, 120)} {chance.choice(_STREETS)}, {chance.choice(_TOWNS)}"


def _moment(chance: Random, first: date, last: date) -> datetime:
    """Return an opening hour; Saturdays are busiest, Sundays are quiet."""
    while True:
        day = first + timedelta(days=chance.randrange((last - first).days + 1))
        if chance.random() < (0.9, 0.8, 0.8, 0.9, 1.0, 1.4, 0.3)[day.weekday()] / 1.4:
            return _at(day, chance.randint(9 * 60, 18 * 60))


def _at(day: date, minute: int) -> datetime:
    return datetime.combine(day, time(minute // 60, minute % 60), _ZONE)


@frozen
class _Teller:
    """Makes up what happens to each order, as things happen in shops."""

    chance: Random
    items: Sequence[Item]
    customers: Sequence[Customer]
    last: date

    def tell(self, number: int, placed: datetime) -> Story:
        buyer = self._buyer()
        lines = self._lines(buyer)
        channel = _CHANNELS[buyer.kind if buyer else ""]
        account = buyer.account if buyer else ""
        story = Story(number=number, placed=placed, account=account, channel=channel, lines=lines)
        fate = self.chance.random()
        if buyer and fate < 0.05:
            return evolve(story, cancelled=self._later(placed, 0, 2))
        first = self._later(placed, 0, 3) if buyer else placed + timedelta(minutes=4)
        if first is None:
            return story
        story = evolve(story, first=first, payments=self._payments(buyer, placed, first))
        goods = sum(code not in SERVICES for code, _quantity in lines)
        if buyer and fate > 0.92 and goods > 1:
            return evolve(story, first_lines=1, rest=self._later(first, 3, 9))
        if fate > (0.84 if buyer else 0.95):
            return evolve(story, returned=self._later(first, 4, 16))
        return story

    def _buyer(self) -> Customer | None:
        roll = self.chance.random()
        if roll < 0.25:
            return None
        kind = "company" if roll < 0.5 else "person"
        return self.chance.choice([one for one in self.customers if one.kind == kind])

    def _lines(self, buyer: Customer | None) -> list[tuple[str, int]]:
        goods = [item for item in self.items if item.kind == "goods"]
        trade = buyer is not None and buyer.kind == "company"
        picked = self.chance.sample(goods, self.chance.randint(1, 6 if trade else 4))
        lines = [
            (item.code, self.chance.randint(2, 12) if trade else self.chance.choice((1, 1, 1, 2, 3)))
            for item in picked
        ]
        if buyer is not None:
            lines.append(("POST", 1))
            if not trade and self.chance.random() < 0.12:
                lines.append(("GIFT", 1))
        return lines

    def _payments(self, buyer: Customer | None, placed: datetime, first: datetime) -> list[Payment]:
        if buyer is None:
            return [Payment(first + timedelta(minutes=1), 100, method="cash")]
        if buyer.kind == "person":
            return [Payment(placed + timedelta(minutes=2), 100)]
        roll = self.chance.random()
        if roll < 0.15:
            halves = (self._later(first, 12, 25), self._later(first, 30, 45))
            return [Payment(at, 50) for at in halves if at is not None]
        at = self._later(first, 14, 40)
        return [] if at is None else [Payment(at, 100, names_order=roll < 0.9)]

    def _later(self, moment: datetime, least: int, most: int) -> datetime | None:
        """Return an hour some days later, or None when that is still to come."""
        day = moment.date() + timedelta(days=self.chance.randint(least, most))
        minute = self.chance.randint(9 * 60, 18 * 60)
        at = _at(day, max(minute, moment.hour * 60 + moment.minute + 5) if day == moment.date() else minute)
        return at if at.date() <= self.last else None
