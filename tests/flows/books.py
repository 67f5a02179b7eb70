"""What should be: a tea shop's orders, stock and money in plain Python, without a line of the modules under test.

It is told what the shop has decided to do and which moves the warehouse has written down, works out for itself
what follows from them (quantities, values at moving average, what an order is worth in parts, who is served
first, what each ledger account must show), and is compared with what the modules say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)
PRICES = {"TEA": Decimal("2.50"), "POT": Decimal("12.99"), "POST": Decimal("3.50")}
TAXES = {"TEA": Decimal("0.2"), "POT": Decimal("0.2"), "POST": ZERO}
GOODS = ("TEA", "POT")
SELLABLE, HOLD = ("MAIN", "ATTIC"), "QA"


def pence(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def share(total: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """Return what the first `part` pieces of `whole` are worth; however they are taken, the shares add up."""
    return pence(total * part / whole)


@dataclass
class Line:
    """A line of an order."""

    item: str
    quantity: Decimal
    left: Decimal = ZERO
    cancelled: Decimal = ZERO
    returned: Decimal = ZERO
    credited: Decimal = ZERO
    cost: Decimal = ZERO
    returned_cost: Decimal = ZERO

    @property
    def goods(self) -> bool:
        return self.item in GOODS

    @property
    def rest(self) -> Decimal:
        return self.quantity - self.cancelled - self.left

    @property
    def net(self) -> Decimal:
        return pence(self.quantity * PRICES[self.item])

    @property
    def tax(self) -> Decimal:
        return pence(self.net * TAXES[self.item])

    def worth(self, pieces: Decimal) -> tuple[Decimal, Decimal]:
        """Return net and tax of the first pieces."""
        return share(self.net, pieces, self.quantity), share(self.tax, pieces, self.quantity)


@dataclass
class Sale:
    """An order, and what was decided about it."""

    number: str
    account: str
    ship: str
    lines: dict[int, Line]
    queued: dict[int, int]
    """Line to its place among all who wait."""
    cancelled: bool = False
    waived: bool = False
    """Goods go without the money: it is owed."""
    paid: Decimal = ZERO
    """What was paid by hand."""
    advanced: Decimal = ZERO
    """What an operator gave back, and no credit note has asked for yet."""
    to_pay_back: Decimal = ZERO
    """What credit notes want given back."""

    def _sum(self, which: str) -> tuple[Decimal, Decimal]:
        parts = [line.worth(getattr(line, which)) for line in self.lines.values()]
        return sum((net for net, _tax in parts), ZERO), sum((tax for _net, tax in parts), ZERO)

    @property
    def total(self) -> Decimal:
        return sum((line.net + line.tax for line in self.lines.values()), ZERO)

    @property
    def sold(self) -> tuple[Decimal, Decimal]:
        """Net and tax of what has left."""
        return self._sum("left")

    @property
    def credit(self) -> tuple[Decimal, Decimal]:
        """Net and tax of what was credited."""
        return self._sum("credited")

    @property
    def owed(self) -> Decimal:
        """What has left is worth, with tax."""
        return sum(self.sold, ZERO)

    def too_much(self, taken: Decimal) -> Decimal:
        """Return what was taken and will never be owed."""
        return max(ZERO, taken - self.owed) if self.cancelled else ZERO

    def credit_noted(self, worth: Decimal, *, payout: bool) -> None:
        """Give back what a credit note is worth, less what an operator gave back before it; or only count that."""
        before = min(worth, max(ZERO, self.advanced - self.too_much(self.paid)))
        self.advanced -= before
        self.to_pay_back += worth if payout else before

    @property
    def ended(self) -> bool:
        """Nothing more will leave."""
        return all(not line.rest for line in self.lines.values())


@dataclass
class Pieces:
    """An item: where how many are, and what all of them are worth."""

    piles: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    value: Decimal = ZERO
    last_cost: Decimal = ZERO

    @property
    def many(self) -> Decimal:
        return sum(self.piles.values(), ZERO)

    def put(self, place: str, many: Decimal, value: Decimal) -> None:
        self.piles[place] += many
        self.value += value
        self.last_cost = (self.value / self.many).quantize(Decimal("0.000001"))

    def take(self, place: str, many: Decimal) -> Decimal:
        """Take pieces out of a pile and return their share of the value; the last piece takes what is left."""
        value = self.value if many == self.many else pence(self.value * many / self.many)
        self.piles[place] -= many
        self.value -= value
        if self.many:
            self.last_cost = (self.value / self.many).quantize(Decimal("0.000001"))
        return value

    def average(self, many: Decimal) -> Decimal:
        return pence(many * (self.value / self.many if self.many else self.last_cost))


@dataclass(frozen=True)
class Move:
    """Pieces that went from one place to another."""

    kind: str
    item: str
    source: str
    target: str
    many: Decimal
    value: Decimal


@dataclass(frozen=True)
class Waiting:
    """What one order line has and waits for, as the warehouse shows it."""

    item: str
    reserved: Decimal
    short: Decimal
    dispatched: Decimal
    released: Decimal


Waits = Mapping[tuple[str, int], Waiting]


class Books:
    """The whole shop."""

    def __init__(self) -> None:
        self.sales: dict[str, Sale] = {}
        self.stock: dict[str, Pieces] = defaultdict(Pieces)
        self.ledger: dict[str, Decimal] = defaultdict(Decimal)
        """Ledger accounts that follow from goods and hand money; those of orders are added by `trial_balance`."""
        self.accounts: dict[str, Decimal] = defaultdict(Decimal)
        """What accounts owe beside their orders; negative: what they have paid or are owed."""
        self._places = 0

    # --- orders ---------------------------------------------------------------------------------------

    def placed(self, number: str, account: str, ship: str, wanted: Iterable[tuple[str, Decimal]]) -> Sale:
        lines = {place: Line(item, many) for place, (item, many) in enumerate(wanted, 1)}
        self._places += 1
        self.sales[number] = Sale(number, account, ship, lines, dict.fromkeys(lines, self._places))
        return self.sales[number]

    def to_the_end_of_the_queue(self, number: str, lines: Iterable[int]) -> None:
        """Let lines wait behind all who wait now."""
        self._places += 1
        self.sales[number].queued.update(dict.fromkeys(lines, self._places))

    def cancelled(self, number: str) -> None:
        sale = self.sales[number]
        sale.cancelled = True
        for line in sale.lines.values():
            line.cancelled = line.quantity - line.left

    def place_of(self, key: tuple[str, int]) -> tuple[int, str, int]:
        """Return where a line stands among those who wait."""
        number, line = key
        return self.sales[number].queued[line], number, line

    # --- goods ----------------------------------------------------------------------------------------

    def received(self, item: str, place: str, many: Decimal, cost: Decimal, source: str) -> Move:
        value = pence(many * cost)
        self.stock[item].put(place, many, value)
        self.ledger["1300"] += value
        self.ledger["3900" if source == "opening" else "2050"] -= value
        return Move("receipt", item, source, place, many, value)

    def adjusted(self, item: str, place: str, many: Decimal) -> Move:
        pieces = self.stock[item]
        if many > 0:
            value = pieces.average(many)
            pieces.put(place, many, value)
            move = Move("adjustment", item, "lost", place, many, value)
        else:
            value = -pieces.take(place, -many)
            move = Move("adjustment", item, place, "lost", -many, -value)
        self.ledger["1300"] += value
        self.ledger["5100"] -= value
        return move

    def carried(self, item: str, source: str, target: str, many: Decimal) -> Move:
        self.stock[item].piles[source] -= many
        self.stock[item].piles[target] += many
        return Move("transfer", item, source, target, many, ZERO)

    def left(self, number: str, line: int, place: str, many: Decimal) -> Decimal:
        """Let pieces of an order leave and return what they cost."""
        wanted = self.sales[number].lines[line]
        assert many <= wanted.rest, f"{many} of line {line} of {number} leave, {wanted.rest} are wanted"
        value = self.stock[wanted.item].take(place, many)
        wanted.left += many
        wanted.cost += value
        self.ledger["5000"] += value
        self.ledger["1300"] -= value
        return value

    def came_back(self, number: str, line: int, place: str, many: Decimal) -> Move:
        """Take pieces of an order back at what they left for."""
        wanted = self.sales[number].lines[line]
        wanted.returned += many
        value = share(wanted.cost, wanted.returned, wanted.left) - wanted.returned_cost
        wanted.returned_cost += value
        return self._back(wanted.item, place, many, value)

    def brought(self, item: str, place: str, many: Decimal) -> Move:
        """Take pieces back that nobody knows an order of, at the average."""
        return self._back(item, place, many, self.stock[item].average(many))

    def _back(self, item: str, place: str, many: Decimal, value: Decimal) -> Move:
        self.stock[item].put(place, many, value)
        self.ledger["1300"] += value
        self.ledger["5000"] -= value
        return Move("return", item, "customer", place, many, value)

    # --- who is served --------------------------------------------------------------------------------

    def served(self, before: Waits, free: Mapping[str, Decimal]) -> dict[tuple[str, int], Decimal]:
        """Return what those who wait get of what is free, the first first."""
        left, got = dict(free), {}
        for key in sorted((key for key, one in before.items() if one.short), key=self.place_of):
            many = min(before[key].short, left.get(before[key].item, ZERO))
            left[before[key].item] = left.get(before[key].item, ZERO) - many
            got[key] = many
        return {key: many for key, many in got.items() if many}

    # --- money ----------------------------------------------------------------------------------------

    def credited(self, number: str, line: int, many: Decimal) -> Decimal:
        """Credit pieces of an order's line and return what they are worth with tax."""
        wanted = self.sales[number].lines[line]
        before = sum(wanted.worth(wanted.credited))
        wanted.credited += many
        return Decimal(sum(wanted.worth(wanted.credited)) - before)

    def credited_without_order(self, account: str, item: str, many: Decimal) -> Decimal:
        net = pence(many * PRICES[item])
        tax = pence(net * TAXES[item])
        self.ledger["4900"] += net
        self.ledger["2200"] += tax
        self.accounts[account] -= net + tax
        return net + tax

    def paid_by_hand(self, account: str, amount: Decimal) -> None:
        self.ledger["1000"] += amount
        self.accounts[account] -= amount

    def trial_balance(self, taken: Mapping[str, Decimal]) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
        """Return what each ledger account must show, receivables and deposits together, and what each customer owes.

        Args:
            taken: Customer to what gateways have taken of him and not given back.
        """
        ledger, accounts = dict(self.ledger), dict(self.accounts)
        ledger["1050"] = sum(taken.values(), ZERO)
        for account, amount in taken.items():
            accounts[account] = accounts.get(account, ZERO) - amount

        def add(code: str, amount: Decimal) -> None:
            ledger[code] = ledger.get(code, ZERO) + amount

        for sale in self.sales.values():
            (net, tax), (back, tax_back) = sale.sold, sale.credit
            add("4000", -net)
            add("2200", tax_back - tax)
            add("4900", back)
            owes = net + tax - back - tax_back
            accounts[sale.account] = accounts.get(sale.account, ZERO) + owes
        add("customers", sum(accounts.values(), ZERO))
        told = {code: amount for code, amount in ledger.items() if amount}
        return told, {account: amount for account, amount in accounts.items() if amount}
