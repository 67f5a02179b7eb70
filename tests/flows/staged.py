"""A shop whose modules come one after the other while orders are open, and what has to hold at every stage."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from attrs import frozen
from sqlalchemy import text

from fenbu.engine.doctor import examine
from fenbu.engine.kernel import Kernel
from fenbu.engine.reading import page
from fenbu.testing.clock import Clock
from fenbu.testing.enterprises import drain
from fenbu_payments.sandbox.bank import Bank
from tests.payments.till import Till

NOTHING = Decimal(0)
PATIENCE = 600.0
"""Seconds for which a stage may come to rest; hundreds of orders take a while on a busy machine."""
_DELIVERED = """
    SELECT s.module, s.name, e.topic, e.key, e.route FROM fenbu_delivered d
    JOIN fenbu_subscription s ON s.id = d.subscription JOIN fenbu_event e ON e.seq = d.seq
    WHERE s.module IN ('scm', 'payments') AND e.topic IN ('erp.order-awaits', 'erp.order-released')
"""
_PUBLISHED = "SELECT DISTINCT key, module FROM fenbu_event WHERE module IN ('scm', 'payments')"


@frozen
class Wanted:
    """An order as somebody wants it: item, quantity, price."""

    lines: tuple[tuple[str, Decimal, Decimal], ...]
    ship: str = "partial"


@frozen
class Way:
    """What was frozen when an order was placed."""

    fulfiller: str
    requirements: tuple[tuple[str, str], ...]
    """Name and owner, by name."""

    @property
    def modules(self) -> set[str]:
        """Those to whom the order belongs."""
        return {"erp", self.fulfiller, *(owner for _name, owner in self.requirements)}

    def hears(self, topic: str, route: str) -> bool:
        """Say whether the module that an event of the order goes to has this order."""
        return self.needs(route) if topic == "erp.order-awaits" else self.fulfiller == route

    def needs(self, requirement: str) -> bool:
        """Say whether the order waits, or waited, for this."""
        return any(name == requirement for name, _owner in self.requirements)


@frozen
class Plan:
    """What is sold, and who wants it."""

    services: frozenset[str]
    orders: tuple[Wanted, ...]

    @property
    def items(self) -> list[str]:
        """Everything that is asked for."""
        return sorted({item for order in self.orders for item, _quantity, _price in order.lines})

    def pieces(self, orders: Sequence[Wanted]) -> dict[str, Decimal]:
        """Return how many pieces of stocked items these orders ask for."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        for order in orders:
            for item, quantity, _price in order.lines:
                if item not in self.services:
                    found[item] += quantity
        return dict(found)


def generated(seed: int, many: int) -> Plan:
    """Make orders up: some of services alone, some that leave complete, items that repeat within an order."""
    chance = Random(seed)
    prices = {f"TEA-{number}": Decimal(chance.randint(50, 900)) / 100 for number in range(6)}
    prices["WRAPPING"] = Decimal("1.25")
    orders = []
    for number in range(many):
        items = ["WRAPPING"] if number % 11 == 10 else chance.choices(list(prices), k=1 + chance.randrange(3))
        lines = tuple((item, Decimal(chance.randint(1, 5)), prices[item]) for item in items)
        orders.append(Wanted(lines, "complete" if number % 7 == 3 else "partial"))
    return Plan(frozenset({"WRAPPING"}), tuple(orders))


def real(folder: Path, many: int) -> Plan:
    """Take the first sales of the real shop whose lines all have a price."""
    documents: dict[str, list[tuple[str, Decimal, Decimal]]] = defaultdict(list)
    with gzip.open(folder / "small" / "orders.csv.gz", "rt", encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            line = (row["StockCode"], Decimal(row["Quantity"]), Decimal(row["UnitPrice"]))
            documents[row["InvoiceNo"]].append(line)
    sales = [
        Wanted(tuple(lines))
        for number, lines in documents.items()
        if number.isdigit() and len(lines) <= 20 and all(line[1] > 0 and line[2] > 0 for line in lines)
    ]
    orders = tuple(sales[:many])
    services = json.loads((folder / "small" / "expected.json").read_text())["service_codes"]
    return Plan(frozenset(services), orders)


class House(Till):
    """The shop. It remembers how each order was frozen, and looks at everything when a stage is at rest."""

    def __init__(self, kernel: Kernel, clock: Clock, bank: Bank, plan: Plan) -> None:
        super().__init__(kernel, clock, bank)
        self.plan = plan
        self.left = list(plan.orders)
        self.ways: dict[str, Way] = {}
        self.once: dict[str, Way] = {}
        """Of an order that went over to another way: the one before."""
        self.account("C1", kind="company")
        items = [
            {"item": code, "kind": "service" if code in plan.services else "goods"} for code in plan.items
        ]
        self.do("item.register", items=items)

    # --- doing ----------------------------------------------------------------------------------------

    def deliver(self) -> int:
        return drain(self.kernel, timeout=PATIENCE)

    def enable(self, *modules: str) -> None:
        self.kernel.perform("fenbu.module.enable", {"modules": modules})
        self.deliver()

    def disable(self, module: str, how: str, **more: Any) -> dict[str, Any]:
        wanted = {"modules": [module], "how": how, **more}
        return dict(self.kernel.perform("fenbu.module.disable", wanted).answer)

    def place(self, many: int, *, deliver: bool = True) -> list[str]:
        """Place the next orders; note how each is frozen."""
        going, self.left = self.left[:many], self.left[many:]
        placed = [self.order(*wanted.lines, account="C1", ship=wanted.ship) for wanted in going]
        self.ways |= {order: way for order, way in self.found().items() if order in placed}
        if deliver:
            self.deliver()
        return placed

    def hand_over(self, *orders: str, part: bool = False) -> None:
        """Fulfil by hand what is released of these orders, or a part of their first line."""
        for order in orders:
            due = self.due(order)
            if not due:
                continue
            half = (due[0]["released"] - due[0]["fulfilled"] + 1) // 2
            lines = [{"line": due[0]["line"], "quantity": half}] if part else []
            self.do("order.fulfil", order=order, lines=lines)
        self.deliver()

    def stock(self, pieces: dict[str, Decimal], *, source: str = "supplier") -> None:
        lines = [
            {"item": item, "quantity": many, "unit_cost": "0.50"} for item, many in pieces.items() if many
        ]
        if lines:
            self.kernel.perform("scm.receipt.post", {"lines": lines, "source": source})
        self.deliver()

    def dispatch(self, *orders: str, deliver: bool = True) -> None:
        """Let everything leave that is ready for these orders."""
        for shipment in self.shipments(*orders):
            self.kernel.perform("scm.shipment.dispatch", {"shipment": shipment})
        if deliver:
            self.deliver()

    def reassess(self, order: str) -> None:
        self.do("order.reassess", order=order)
        self.once[order], self.ways[order] = self.ways[order], self.found()[order]
        self.deliver()

    def pay_by_hand(self) -> None:
        """Receive what invoices are open for, order by order."""
        owed: dict[str, Decimal] = defaultdict(Decimal)
        for row in self.rows("invoices"):
            owed[row["order"]] += row["open"]
        for order, amount in owed.items():
            if amount:
                self.do("receipt.record", account="C1", amount=amount, order=order)
        self.deliver()

    # --- looking --------------------------------------------------------------------------------------

    def due(self, order: str) -> list[dict[str, Any]]:
        """Return the lines to be handed over; none of services alone, rendered when they were released."""
        return [row for row in self.rows("order-lines", order=order) if row["released"] > row["fulfilled"]]

    def found(self) -> dict[str, Way]:
        """Return how each order goes now."""
        needed: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for row in self.rows("requirements"):
            if row["state"] != "dropped":
                needed[row["order"]].append((row["requirement"], row["owner"]))
        return {
            row["order"]: Way(row["fulfiller"], tuple(sorted(needed[row["order"]])))
            for row in self.rows("orders")
        }

    def shipments(self, *orders: str) -> list[str]:
        """Return the shipments of these orders that have not left."""
        with self.kernel.database.read() as connection:
            rows = connection.execute(
                text("SELECT number, order_number FROM scm_shipment WHERE state = 'open' ORDER BY number")
            ).all()
        return [row.number for row in rows if row.order_number in orders]

    def raw(self, statement: str) -> list[Any]:
        with self.kernel.database.read() as connection:
            return list(connection.execute(text(statement)))

    def complaints(self) -> dict[str, str]:
        """Return what the doctor says that is not well."""
        found = examine(self.kernel)
        return {one.check.name: one.finding.detail for one in found if one.finding.health != "ok"}

    def wrong(self) -> Iterator[str]:
        """Yield whatever must not be, at rest, at any stage."""
        if lopsided := sum(self.balances().values(), NOTHING):
            yield f"the trial balance is off by {lopsided}"
        yield from self._ways_left()
        yield from self._taken_by_strangers()
        yield from self._handed_over_twice()
        yield from self._charged_wrongly()

    def _ways_left(self) -> Iterator[str]:
        cancelled = {row["order"] for row in self.rows("orders", state="cancelled")}
        for order, way in self.found().items():
            if order not in cancelled and self.ways[order] != way:
                yield f"{order} was frozen as {self.ways[order]} and goes as {way}"

    def _taken_by_strangers(self) -> Iterator[str]:
        """A module acts for its own orders alone: it hears of no other's turn, has no row and says nothing."""
        for row in self.raw(_DELIVERED):
            if not any(way.hears(row.topic, row.route) for way in self._ways_of(row.key)):
                yield f"{row.topic} of {row.key} was delivered to {row.name}"
        for row in self.raw(_PUBLISHED):
            if row.key in self.ways and row.module not in self._modules(row.key):
                yield f"{row.module} spoke about {row.key}, which is not its own"
        tables = {row.name for row in self.raw(_TABLES[self.kernel.database.dialect])}
        for table, module in (("payments_payment", "payments"), ("scm_order", "scm")):
            if table not in tables:
                continue
            column = "number" if module == "scm" else "order_number"
            for (order,) in self.raw(f"SELECT {column} FROM {table} WHERE {column} <> ''"):
                if module not in self._modules(order):
                    yield f"{module} keeps {order}, which is not its own"

    def _ways_of(self, order: str) -> list[Way]:
        return [way[order] for way in (self.ways, self.once) if order in way]

    def _modules(self, order: str) -> set[str]:
        return set[str]().union(*(way.modules for way in self._ways_of(order)))

    def _handed_over_twice(self) -> Iterator[str]:
        """What left the warehouse is what was fulfilled of its orders; nothing left for those fulfilled by hand."""
        left = {(row["order"], row["line"]): row["dispatched"] for row in self._look("scm.order-lines")}
        went_over = {event["order"] for event in self.events("erp.order-reassessed")}
        for row in self.rows("order-lines"):
            order, place = row["order"], f"line {row['line']} of {row['order']}"
            if row["fulfilled"] + row["cancelled"] > row["quantity"]:
                yield f"{place} was handed over more than once: {row['fulfilled']} of {row['quantity']}"
            gone = left.get((order, row["line"]), NOTHING)
            by_warehouse = self.ways[order].fulfiller == "scm" and row["kind"] == "goods"
            if gone > row["fulfilled"] or (
                order not in went_over and by_warehouse and gone != row["fulfilled"]
            ):
                yield f"{place} was fulfilled {row['fulfilled']} times, and {gone} left"

    def _charged_wrongly(self) -> Iterator[str]:
        """The bank's own record has each operation once, and what it moved is what is known here."""
        for kind in ("authorise", "capture", "void", "refund", "payout"):
            for reference, times in self.bank.done(kind).items():
                if times != 1:
                    yield f"{reference} was done {times} times"
        ours: dict[str, Decimal] = defaultdict(Decimal)
        for row in self._look("payments.payments"):
            moved = self.bank.moved(row["payment"])
            told = {"capture": row["captured"], "void": row["voided"], "refund": row["refunded"]}
            if any(moved[kind] != amount for kind, amount in told.items()):
                yield f"{row['payment']}: the bank moved {moved}, known is {told}"
            ours[row["order"]] += row["captured"] - row["refunded"]
        done: dict[str, Decimal] = defaultdict(Decimal)
        for row in self.rows("fulfilments"):
            done[row["order"]] += row["amount"]
        for order, kept in ours.items():
            if kept > done[order]:
                yield f"{order} was charged {kept} and handed over for {done[order]}"

    def _look(self, view: str) -> list[dict[str, Any]]:
        """Return the rows of a view; none while its module is off."""
        module = view.partition(".")[0]
        if module not in self.kernel.assembly.modules:
            return []
        with self.kernel.read(module) as work:
            return [dict(row) for row in page(work, self.kernel.assembly.view(view), limit=10_000).rows]


_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename AS name FROM pg_tables",
}
