"""The rules of orders and open items, without a database: tables of cases, and whatever hypothesis thinks of."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fenbu.contracts.erp import Requirement
from fenbu.errors import Refused, TransitionRefused
from fenbu.values import Rounding
from fenbu_erp.errors import RequirementsCircular
from fenbu_erp.lifecycles import LIFECYCLES, RequirementState
from fenbu_erp.open_items import OpenItem, paired
from fenbu_erp.order import Line, Order, share
from fenbu_erp.requirement import Needed, announceable, cleared, joined
from fenbu_erp.taxes import line_tax

DAY = date(2026, 1, 5)
ZERO = Decimal(0)

quantities = st.decimals("0.0001", "1000", places=4)
amounts = st.decimals("-10000", "10000", places=2)


def order(*lines: tuple[str, str], ship: str = "partial") -> Order:
    """Return an order of (kind, quantity) lines at 10 a piece with a tenth of tax."""
    made = [
        Line(
            line=position,
            item=f"I{position}",
            title="",
            kind=kind,
            unit="piece",
            quantity=Decimal(quantity),
            unit_price=Decimal(10),
            amount=Decimal(quantity) * 10,
            tax_category="standard",
            tax_rate=Decimal("0.1"),
            tax=Decimal(quantity),
        )
        for position, (kind, quantity) in enumerate(lines, 1)
    ]
    net, tax = sum((one.amount for one in made), ZERO), sum((one.tax for one in made), ZERO)
    return Order(
        number="SO-00000001",
        state="placed",
        account="C1",
        channel="direct",
        reference="",
        day=DAY,
        currency="GBP",
        rate=Decimal(1),
        ship=ship,
        fulfiller="erp",
        net=net,
        tax=tax,
        total=net + tax,
        total_own=net + tax,
        placed_at=datetime(2026, 1, 5, 9, tzinfo=UTC),
        placed_by="ada",
        lines=made,
    )


# --- shares ---------------------------------------------------------------------------------------------


@given(amounts, st.lists(quantities, min_size=1, max_size=8))
def test_shares_of_all_parts_add_up_to_the_whole(total: Decimal, parts: list[Decimal]) -> None:
    whole, done, given_out = sum(parts, ZERO), ZERO, ZERO
    for part in parts:
        given_out += share(total, done, part, whole, "GBP")
        done += part
    assert given_out == total


@given(amounts, quantities, quantities)
def test_a_share_is_within_a_penny_of_its_exact_value(total: Decimal, part: Decimal, rest: Decimal) -> None:
    whole = part + rest
    assert abs(share(total, ZERO, part, whole, "GBP") - total * part / whole) <= Decimal("0.005")


@pytest.mark.parametrize(
    ("amount", "rate", "currency", "tax"),
    [
        ("10", "0.2", "GBP", "2.00"),
        ("0.02", "0.2", "GBP", "0.00"),
        ("0.025", "0.2", "GBP", "0.01"),  # half goes up
        ("-0.025", "0.2", "GBP", "-0.01"),  # away from zero
        ("105", "0.1", "JPY", "11"),
        ("1.005", "0.1", "KWD", "0.101"),
        ("10", "0", "GBP", "0"),
    ],
)
def test_tax_is_rounded_half_up_line_by_line(amount: str, rate: str, currency: str, tax: str) -> None:
    assert line_tax(Decimal(amount), Decimal(rate), currency, Rounding.HALF_UP) == Decimal(tax)


# --- an order's life ------------------------------------------------------------------------------------


class OrderLife(RuleBasedStateMachine):
    """Releases, fulfils, invoices, credits and cancels at random; refusals are part of life."""

    @initialize(
        lines=st.lists(st.tuples(st.sampled_from(["goods", "service"]), quantities), min_size=1, max_size=4)
    )
    def place(self, lines: list[tuple[str, Decimal]]) -> None:
        self.order = order(*((kind, str(quantity)) for kind, quantity in lines))
        self.waiting: list[int] = []
        self.fulfilled = self.credited = ZERO

    @rule(data=st.data(), part=st.decimals("0", "1", places=2))
    def release(self, data: st.DataObject, part: Decimal) -> None:
        self.order.release({one.line: round(one.wanted * part, 4) for one in self.order.lines})

    @rule(quantity=quantities, line=st.integers(1, 4))
    def fulfil(self, quantity: Decimal, line: int) -> None:
        if line > len(self.order.lines):
            return
        quantity = min(quantity, self.order.line(line).to_fulfil) or quantity
        try:
            done = self.order.fulfil({line: quantity}, DAY, "erp")
        except Refused:
            assert quantity > self.order.line(line).to_fulfil
            return
        self.fulfilled += done.amount

    @precondition(lambda self: self.order.handed_over)
    @rule()
    def invoice(self) -> None:
        self.order.invoice(self.order.handed_over.pop(0).parts)

    @rule(line=st.integers(1, 4), part=st.decimals("0.01", "1", places=2))
    def credit(self, line: int, part: Decimal) -> None:
        if line > len(self.order.lines):
            return
        one = self.order.line(line)
        quantity = round((one.invoiced - one.credited) * part, 4)
        if quantity > 0:
            self.credited += sum(p.amount + p.tax for p in self.order.credit({line: quantity}))

    @rule()
    def cancel(self) -> None:
        self.order.cancel_rest()

    @invariant()
    def quantities_stay_in_their_order(self) -> None:
        for one in getattr(self, "order", order(("goods", "1"))).lines:
            assert (
                0
                <= one.credited
                <= one.invoiced
                <= one.fulfilled
                <= one.released
                <= one.wanted
                <= one.quantity
            )

    @invariant()
    def nothing_is_billed_that_was_not_handed_over(self) -> None:
        if hasattr(self, "order"):
            waiting = sum((done.amount for done in self.order.handed_over), ZERO)
            assert self.order.billed + waiting == self.fulfilled

    @invariant()
    def what_is_fulfilled_whole_is_worth_its_total(self) -> None:
        if hasattr(self, "order") and all(one.fulfilled == one.quantity for one in self.order.lines):
            assert self.fulfilled == sum(
                (one.amount.quantize(Decimal("0.01")) for one in self.order.lines), ZERO
            ) + sum((one.tax.quantize(Decimal("0.01")) for one in self.order.lines), ZERO)


OrderLife.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
TestOrderLife = OrderLife.TestCase


@pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=lambda lifecycle: lifecycle.name)
def test_what_a_state_does_not_allow_is_refused(lifecycle: object) -> None:
    from fenbu.lifecycle import Lifecycle

    assert isinstance(lifecycle, Lifecycle)
    verbs = {row.verb for row in lifecycle.table}
    for state in lifecycle.states:
        for verb in verbs - set(lifecycle.actions(state)):
            with pytest.raises(TransitionRefused):
                lifecycle.next(state, verb)


def test_what_happens_to_an_order_entered_late_keeps_its_distance() -> None:
    late = order(("goods", "1"))
    late.day = date(2025, 12, 1)
    assert late.business_day(date(2026, 1, 7), ZoneInfo("Europe/London")) == date(2025, 12, 3)


@pytest.mark.parametrize(
    ("lines", "handed_over", "with_goods", "due"),
    [
        ([("service", "2")], {}, False, {1: Decimal(2)}),
        ([("service", "2")], {}, True, {1: Decimal(2)}),
        ([("goods", "1"), ("service", "1")], {}, False, {2: Decimal(1)}),
        ([("goods", "1"), ("service", "1")], {}, True, {}),
        ([("goods", "1"), ("service", "1")], {1: "1"}, True, {2: Decimal(1)}),
    ],
)
def test_when_services_are_due(
    lines: list[tuple[str, str]], handed_over: dict[int, str], with_goods: bool, due: dict[int, Decimal]
) -> None:
    made = order(*lines)
    made.release({one.line: one.wanted for one in made.lines})
    if handed_over:
        made.fulfil({line: Decimal(many) for line, many in handed_over.items()}, DAY, "erp")
    assert made.services_due(with_goods=with_goods) == due


# --- requirements ---------------------------------------------------------------------------------------


def needs(made: Order, **states: str) -> list[Needed]:
    """Return stock and payment (after stock) in these states."""
    asked = [[Requirement("stock", "scm")], [Requirement("payment", "payments", after=("stock",))]]
    found = [one for one in joined(made, asked) if one.name in states]
    for one in found:
        one.state = states[one.name]
    return found


@pytest.mark.parametrize(
    ("ship", "stock", "announced"),
    [
        ("partial", "waiting", ["stock"]),
        ("partial", "announced", []),
        ("partial", "partly_met", ["payment"]),
        ("complete", "partly_met", []),
        ("partial", "met", ["payment"]),
        ("partial", "waived", ["payment"]),
        ("partial", "failed", []),
    ],
)
def test_what_is_announced_when_its_turn_has_come(ship: str, stock: str, announced: list[str]) -> None:
    made = order(("goods", "4"), ship=ship)
    assert [one.name for one in announceable(made, needs(made, stock=stock, payment="waiting"))] == announced


def test_a_predecessor_that_nobody_asks_for_is_not_waited_for() -> None:
    made = order(("goods", "4"))
    [payment] = joined(made, [[Requirement("payment", "payments", after=("stock",))]])
    assert announceable(made, [payment]) == [payment]


@pytest.mark.parametrize(
    ("ship", "met", "payment", "free"),
    [
        ("partial", {1: "3"}, "met", {1: "3", 2: "1"}),
        ("partial", {1: "3"}, "announced", {1: "0", 2: "0"}),
        ("partial", {1: "9"}, "waived", {1: "4", 2: "1"}),
        ("complete", {1: "3"}, "met", {}),
        ("complete", {1: "4"}, "met", {1: "4", 2: "1"}),
        ("partial", {}, "met", {1: "4", 2: "1"}),
    ],
)
def test_what_all_requirements_have_cleared(
    ship: str, met: dict[int, str], payment: str, free: dict[int, str]
) -> None:
    made = order(("goods", "4"), ("service", "1"), ship=ship)
    needed = needs(made, stock="announced", payment=payment)
    needed[0].meet(made, {line: Decimal(many) for line, many in met.items()})
    assert cleared(made, needed) == {line: Decimal(many) for line, many in free.items()}


def test_without_requirements_everything_is_free() -> None:
    assert cleared(order(("goods", "4")), []) == {1: Decimal(4)}


def test_requirements_that_wait_for_each_other_are_refused() -> None:
    asked = [[Requirement("a", "x", after=("b",))], [Requirement("b", "y", after=("a",))]]
    with pytest.raises(RequirementsCircular, match=r"a → b → a|b → a → b"):
        joined(order(("goods", "1")), asked)


def test_what_is_cancelled_need_not_be_met() -> None:
    made = order(("goods", "4"))
    [stock] = needs(made, stock="announced")
    made.lines[0].cancelled = Decimal(1)
    stock.meet(made, {1: Decimal(3)})
    assert stock.state == RequirementState.MET


# --- open items -----------------------------------------------------------------------------------------


def items(kind: str, amounts_: list[Decimal], rate: Decimal) -> list[OpenItem]:
    return [
        OpenItem(
            document=f"{kind}-{position}",
            kind=kind,
            account="C1",
            order_number="",
            control="receivables",
            currency="EUR",
            amount=amount,
            amount_own=round(amount * rate, 2),
            day=DAY,
            due=DAY + timedelta(days=position),
            entry="",
        )
        for position, amount in enumerate(amounts_)
    ]


sums = st.lists(st.decimals("0.01", "1000", places=2), min_size=1, max_size=5)
rates = st.decimals("0.01", "10", places=4)


@given(sums, sums, rates, rates, st.none() | st.decimals("0.01", "3000", places=2))
def test_matching_goes_as_far_as_both_sides_reach_and_loses_nothing(
    debits: list[Decimal], credits_: list[Decimal], one: Decimal, other: Decimal, limit: Decimal | None
) -> None:
    owed, paid = items("invoice", debits, one), items("receipt", [-amount for amount in credits_], other)
    pairs = paired(owed, paid, "GBP", limit)
    matched = sum((pair.amount for pair in pairs), ZERO)
    assert matched == min(sum(debits), sum(credits_), *([limit] if limit is not None else []))
    assert sum((item.open for item in owed), ZERO) == sum(debits) - matched
    assert all(0 <= item.matched <= item.amount for item in owed)
    assert all(item.amount <= item.matched <= 0 for item in paid)
    for item in (*owed, *paid):
        if item.open == 0:
            assert item.matched_own == item.amount_own
    assert sum((pair.debit_own for pair in pairs), ZERO) == sum((item.matched_own for item in owed), ZERO)
    assert sum((pair.credit_own for pair in pairs), ZERO) == -sum((item.matched_own for item in paid), ZERO)


def test_the_oldest_is_settled_first() -> None:
    owed, paid = (
        items("invoice", [Decimal(5), Decimal(7)], Decimal(1)),
        items("receipt", [Decimal(-6)], Decimal(1)),
    )
    told = [(pair.debit.document, pair.amount) for pair in paired(owed, paid, "GBP")]
    assert told == [("invoice-0", Decimal(5)), ("invoice-1", Decimal(1))]
