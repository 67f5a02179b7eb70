"""A tea shop with three modules and its bank, driven step by step beside `tests.flows.books`, and compared.

The shop's own checks are asked too, but everything is judged first by what the plain model says should be.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import func, select, text

from fenbu.errors import Refused
from fenbu.testing.enterprises import drain
from fenbu_erp.tables import INVOICE, OPEN_ITEM, ORDER_LINE, POSTING, REQUIREMENT
from fenbu_erp.tables import ORDER as ERP_ORDER
from fenbu_payments import payment_store
from fenbu_payments.tables import PAYMENT, PAYOUT
from fenbu_scm.tables import DEMAND, ITEM, MOVE, ORDER, STOCK
from tests.flows.books import GOODS, SELLABLE, ZERO, Books, Move, Sale, Waiting, pence
from tests.payments.till import Till

HEARING = ("erp.invoicing", "erp.requirements", "erp.goods", "erp.money", "scm.orders", "payments.orders")
"""Subscriptions that may be deaf for a while."""
PATIENCE = timedelta(days=14)
"""For which pieces are kept for an order that is not paid."""


class Trade:
    """The shop and the model of it; each verb does both and compares."""

    def __init__(self, till: Till, *, by_hand: bool) -> None:
        self.till, self.by_hand = till, by_hand
        self.books = Books()
        self.deaf: set[str] = set()
        self.hand_money: dict[str, Decimal] = defaultdict(Decimal)
        """Account to what operators have confirmed, less what they have sent back."""
        self._waits: dict[tuple[str, int], Waiting] = {}
        self._last_move = 0
        self.look()

    # --- looking --------------------------------------------------------------------------------------

    def rows(self, module: str, statement: Any) -> list[Any]:
        with self.till.kernel.read(module) as work:
            return list(work.execute(statement))

    def waits(self) -> dict[tuple[str, int], Waiting]:
        d = DEMAND.c
        asked = select(d.order_number, d.line, d.item, d.reserved, d.short, d.dispatched, d.released)
        return {(row[0], row[1]): Waiting(*row[2:]) for row in self.rows("scm", asked)}

    def free(self) -> dict[str, Decimal]:
        """Return item to the pieces that may be promised and are not, by the model's count."""
        promised: dict[str, Decimal] = defaultdict(Decimal)
        for one in self._waits.values():
            promised[one.item] += one.reserved
        return {
            item: sum((self.books.stock[item].piles[place] for place in SELLABLE), ZERO) - promised[item]
            for item in GOODS
        }

    def moves(self) -> list[tuple[Move, str, str]]:
        """Return the moves that were written since the last look, with document and order."""
        m = MOVE.c
        asked = select(
            m.id, m.kind, m.item, m.source, m.target, m.quantity, m.value, m.document, m.order_number
        )
        found = self.rows("scm", asked.where(m.id > self._last_move).order_by(m.id))
        if found:
            self._last_move = found[-1].id
        return [(Move(*row[1:7]), row.document, row.order_number) for row in found]

    def look(self, *expected: Move) -> None:
        """Compare the warehouse with the model: now, whatever still waits to be delivered.

        Args:
            expected: What an action has moved by the model; all other moves must be goods of orders that leave.
        """
        wanted, done = list(expected), []
        for move, _document, order in self.moves():
            if move.kind != "dispatch":
                done.append(move)
                continue
            line = self._line_that_left(order, move)
            value = self.books.left(order, line, move.source, move.many)
            assert move.value == value, f"{move} leaves for {order}; it cost {value}"
        assert done == wanted, f"moved: {done}, expected: {wanted}"
        before, self._waits = self._waits, self.waits()
        self._nothing_is_promised_twice()
        self._the_first_is_served_first(before)

    def _line_that_left(self, order: str, move: Move) -> int:
        """Say which line of an order a move belongs to: the one of which more is dispatched than the model knows."""
        lines = self.books.sales[order].lines
        now = self.waits()
        for number, line in lines.items():
            shown = now.get((order, number))
            if line.item == move.item and shown and shown.dispatched - line.left >= move.many:
                return number
        raise AssertionError(f"{move} left for {order}, and no line of it has moved")

    def _nothing_is_promised_twice(self) -> None:
        s, i = STOCK.c, ITEM.c
        promised: dict[str, Decimal] = defaultdict(Decimal)
        for row in self.rows("scm", select(s.item, s.location, s.on_hand, s.reserved)):
            assert row.on_hand == self.books.stock[row.item].piles[row.location], f"on hand: {row}"
            assert 0 <= row.reserved <= row.on_hand, f"oversold: {row}"
            promised[row.item] += row.reserved
        for row in self.rows("scm", select(i.code, i.quantity, i.value).where(i.quantity > 0)):
            pieces = self.books.stock[row.code]
            assert (row.quantity, row.value) == (pieces.many, pieces.value), f"worth: {row}"
        kept: dict[str, Decimal] = defaultdict(Decimal)
        for key, one in self._waits.items():
            kept[one.item] += one.reserved
            wanted = self.books.sales[key[0]].lines[key[1]]
            assert one.dispatched == wanted.left, f"left: {key} {one}"
            assert one.reserved + one.short <= wanted.quantity - wanted.left, f"too much: {key} {one}"
        assert {item: many for item, many in kept.items() if many} == {
            item: many for item, many in promised.items() if many
        }
        free = self.free()
        assert not [key for key, one in self._waits.items() if one.short and free[one.item]], (
            f"somebody waits beside {free}"
        )

    def _the_first_is_served_first(self, before: Mapping[tuple[str, int], Waiting]) -> None:
        def gained(key: tuple[str, int]) -> bool:
            had, has = before[key], self._waits[key]
            return had.short > 0 and has.reserved + has.dispatched > had.reserved + had.dispatched

        still = [key for key, one in self._waits.items() if one.short and key in before and before[key].short]
        for key in filter(gained, before):
            passed = [
                first
                for first in still
                if before[first].item == before[key].item
                and self._waits[first].short == before[first].short
                and self.books.place_of(first) < self.books.place_of(key)
            ]
            assert not passed, f"{key} was served before {passed}"

    # --- doing ----------------------------------------------------------------------------------------

    def perform(self, action: str, **values: Any) -> Mapping[str, Any] | None:
        """Perform an action; None when it was refused, which must leave everything as it was."""
        try:
            return self.till.kernel.perform(action, values).answer
        except Refused:
            return None

    def stocks(self, action: str, *moves: Move, **values: Any) -> None:
        """Perform an action of the warehouse that must not be refused, and compare what it has done.

        Whoever waits for what it frees is served in this moment.
        """
        before, free = self._waits, self.free()
        served = self.books.served(before, free)
        self.till.kernel.perform(action, values)
        self.look(*moves)
        for key, had in before.items():
            got = served.get(key, ZERO)
            has = self._waits[key]
            assert (has.reserved, has.short) == (had.reserved + got, had.short - got), (
                f"{action}: {key} had {had}, has {has}, should have got {got}"
            )

    def promised(self, item: str, place: str) -> Decimal:
        """Return how many pieces of a pile are promised."""
        s = STOCK.c
        found = self.rows("scm", select(s.reserved).where(s.item == item, s.location == place))
        return Decimal(found[0].reserved) if found else ZERO

    def renew(self, number: str) -> None:
        """Reserve anew for an order that was let go; it waits behind all who wait now."""
        before = self._waits
        if self.perform("scm.reservation.renew", order=number) is not None:
            lines = self.books.sales[number].lines
            shown = {line: before[number, line] for line in lines if (number, line) in before}
            last = [line for line, one in shown.items() if lines[line].rest > one.reserved + one.short]
            self.books.to_the_end_of_the_queue(number, last)

    def pay_back(self, payment: str, half: bool) -> None:
        """Let an operator give captured money back, without a document; all that the shop knows is known to him."""
        if "payments.orders" in self.deaf:
            return
        [found] = self.rows("payments", select(PAYMENT).where(PAYMENT.c.number == payment))
        self.till.kernel.drain(found.order_number or payment)
        self.look()
        [found] = self.rows("payments", select(PAYMENT).where(PAYMENT.c.number == payment))
        too_much = max(ZERO, found.captured - found.due) if found.let_go else ZERO
        left = found.captured - max(found.returns + too_much, found.refunded + found.refunding)
        amount = pence(left / 2) if half else left
        wanted = {"payment": payment, "reason": "kind", **({"amount": amount} if half else {})}
        if self.perform("payments.payment.refund", **wanted) and found.order_number:
            self.books.sales[found.order_number].advanced += amount

    def turn(self) -> None:
        """Deliver what is due, once around; what follows from it waits."""
        worker = self.till.kernel.worker()
        try:
            worker.turn()
        finally:
            worker.close()

    def deliver(self) -> None:
        drain(self.till.kernel)

    def hear_all(self) -> None:
        while self.deaf:
            self.resume(self.deaf.pop())

    def pause(self, subscription: str) -> None:
        if subscription not in self.deaf:
            self.till.kernel.perform("fenbu.flow.pause", {"subscription": subscription, "reason": "model"})
            self.deaf.add(subscription)

    def resume(self, subscription: str) -> None:
        self.deaf.discard(subscription)
        self.till.kernel.perform("fenbu.flow.resume", {"subscription": subscription})

    # --- at rest --------------------------------------------------------------------------------------

    def rest(self) -> None:
        """Deliver everything, and compare what does not depend on failures that wait for a person."""
        self.hear_all()
        self.deliver()
        self.look()
        self._orders_agree()
        self._nobody_keeps_pieces_for_ever()
        ill = self.till.unhealthy()
        if self._dead_calls():
            ill.pop("fenbu.dead")
        held = re.findall(r"PAY-\d+", ill.pop("payments.held_is_wanted", ""))
        assert self._not_let_go() >= set(held), held
        assert not ill, ill
        if not self._dead_calls():
            self._ledger_agrees()

    def make_good(self) -> None:
        """Do what operators do about failures until nothing is left of them, and compare everything."""
        self.hear_all()
        for _round in range(12):
            self.deliver()
            if not self.by_hand:
                self.till.bank.mend()
                self.till.take_notices(Random(_round))
            if not self._tried_again():
                break
        self.rest()
        assert not self._dead_calls()
        self._money_agrees()

    def _tried_again(self) -> bool:
        tried = self.till.try_dead_calls_again() > 0
        p = PAYMENT.c
        for row in self.rows("payments", select(PAYMENT)):
            sale = self.books.sales.get(row.order_number)
            if row.state == "failed" and (self.by_hand or sale is None or sale.ended):
                continue
            tried = self.perform("payments.payment.retry", payment=row.number) is not None or tried
        for row in self.rows("payments", select(PAYOUT.c.number).where(PAYOUT.c.state == "failed")):
            tried = self.perform("payments.payout.retry", payout=row.number) is not None or tried
        if self.by_hand:
            for row in self.rows("payments", select(p.number).where(p.refunding > 0)):
                tried = self.refunds_confirmed(row.number) or tried
            for row in self.rows("payments", select(PAYOUT).where(PAYOUT.c.state == "requested")):
                self.till.kernel.perform("payments.payout.confirm", {"payout": row.number})
                self.hand_money[row.account] -= row.amount
                tried = True
        return tried

    def confirmed(self, payment: Any, amount: Decimal) -> None:
        """Note that an operator has seen money come in."""
        self.hand_money[payment.account] += amount
        if sale := self.books.sales.get(payment.order_number):
            sale.paid += amount

    def refunds_confirmed(self, payment: str) -> bool:
        """Send back by hand what is to be sent back of a payment."""
        done = False
        begun = [one for one in self.till.see("facts", subject=payment) if one["kind"] == "refund"]
        ended = {one["operation"] for one in begun if one["step"] != "begun"}
        for fact in begun:
            if fact["operation"] not in ended:
                self.till.kernel.perform("payments.refund.confirm", {"refund": fact["operation"]})
                self.hand_money[self.till.payment(payment)["account"]] -= fact["amount"]
                done = True
        return done

    def _dead_calls(self) -> int:
        with self.till.kernel.database.read() as connection:
            dead = connection.execute(text("SELECT count(*) FROM fenbu_call WHERE state = 'dead'"))
            return int(dead.scalar_one())

    def _not_let_go(self) -> set[str]:
        """Return the payments that a bank refused to let go of, which a person tries again."""
        numbers = [row.number for row in self.rows("payments", select(PAYMENT.c.number))]
        with self.till.kernel.read("payments") as work:
            return {one for one in numbers if payment_store.load(work, one).totals.void_refused}

    def _orders_agree(self) -> None:
        """Compare each line of each order, and what it waits for."""
        o = ORDER_LINE.c
        names = ("released", "fulfilled", "invoiced", "cancelled", "credited")
        asked = select(o.order_number, o.line, *(o[name] for name in names))
        lines = {(row[0], row[1]): row for row in self.rows("erp", asked)}
        heads = {row.number: row for row in self.rows("erp", select(ERP_ORDER))}
        here = {row.number: row for row in self.rows("scm", select(ORDER))}
        needs: dict[str, dict[str, str]] = defaultdict(dict)
        r = REQUIREMENT.c
        for row in self.rows("erp", select(r.order_number, r.name, r.state)):
            needs[row.order_number][row.name] = row.state
        for number, sale in self.books.sales.items():
            self._services_left(number, sale, lines)
            for place, line in sale.lines.items():
                row = lines[number, place]
                assert row.fulfilled == row.invoiced == line.left, f"{number}: {row}, {line}"
                assert (row.cancelled, row.credited) == (line.cancelled, line.credited), (
                    f"{number}: {row}, {line}"
                )
                assert line.left <= row.released <= line.quantity - line.cancelled, f"{number}: {row}, {line}"
            self._waits_for_the_right(number, sale, needs[number], here.get(number), lines)
            owed = heads[number]
            if sale.ended and not any(line.left for line in sale.lines.values()):
                assert owed.state == "cancelled", f"{number} is {owed.state}"
            elif owed.state == "closed":
                assert sale.ended and owed.settled == owed.billed == sale.owed, f"{number}: {owed}"
            else:
                assert owed.state == "placed" and (not sale.ended or owed.settled < sale.owed), (
                    f"{number}: {owed}"
                )

    def _services_left(self, number: str, sale: Sale, lines: Mapping[Any, Any]) -> None:
        """Services go with the first release, wholly."""
        for place, line in sale.lines.items():
            if not line.goods and not line.left and lines[number, place].released:
                line.left = line.quantity - line.cancelled
                assert self.till.events("erp.order-released", number), f"{number} was never released"

    def _waits_for_the_right(
        self, number: str, sale: Sale, needs: Mapping[str, str], here: Any, lines: Mapping[Any, Any]
    ) -> None:
        goods = [place for place, line in sale.lines.items() if line.goods]
        if not goods:
            return
        kept = {place: self._waits.get((number, place)) for place in goods}
        if sale.ended:
            assert not any(one.reserved or one.short for one in kept.values() if one), (
                f"{number} keeps {kept}"
            )
            return
        assert here is not None, f"the warehouse has not heard of {number}"
        if here.state == "lapsed":
            return
        assert here.state == "open", f"{number} is {here.state} in the warehouse"
        short = any(one is None or one.short for one in kept.values())
        for place in goods:
            one, line = kept[place], sale.lines[place]
            assert one is not None
            assert one.reserved + one.short == line.rest, f"{number}/{place}: {one}, {line}"
        paid = needs.get("payment", "met") in ("met", "waived")
        if needs["stock"] == "waived" or not paid:
            return
        # ERP may release what it was told is there while the warehouse lets it go; what others took of it is owed.
        lost = bool(self.till.events("scm.reservation-lapsed", number))
        for place in goods:
            one, line = kept[place], sale.lines[place]
            assert one is not None
            there = one.reserved + line.left
            if sale.ship == "partial" or not short:
                assert lines[number, place].released == one.released, f"{number}/{place}: {one}"
                owed = one.short if lost else ZERO
                assert ZERO <= one.released - there <= owed, f"{number}/{place}: {one}"

    def _nobody_keeps_pieces_for_ever(self) -> None:
        """What is kept for an order that is not paid goes to others in time."""
        now, r = self.till.clock.now, REQUIREMENT.c
        told = r.state.in_(["met", "partly_met"]) & (r.name == "stock")
        owed = r.state.in_(["announced", "failed"]) & (r.name == "payment")
        asked = {row.order_number for row in self.rows("erp", select(r.order_number).where(told))}
        unpaid = {row.order_number for row in self.rows("erp", select(r.order_number).where(owed))}
        for head in self.rows("scm", select(ORDER).where(ORDER.c.state == "open")):
            mine = [one for key, one in self._waits.items() if key[0] == head.number]
            held = any(one.reserved + one.dispatched > one.released for one in mine)
            if head.number in asked & unpaid and held:
                until = head.lapses_at
                assert until and now < until <= now + PATIENCE, f"{head.number} keeps {mine} until {until}"

    # --- money ----------------------------------------------------------------------------------------

    def taken(self) -> dict[str, Decimal]:
        """Return account to what gateways hold of it for us, by the bank's own record or what operators did."""
        if self.by_hand:
            return dict(self.hand_money)
        found: dict[str, Decimal] = defaultdict(Decimal)
        p, o = PAYMENT.c, PAYOUT.c
        asked = [*self.rows("payments", select(p.number, p.account))]
        asked += self.rows("payments", select(o.number, o.account))
        for number, account in asked:
            moved = self.till.bank.moved(number)
            found[account] += moved["capture"] - moved["refund"] - moved["payout"]
        return found

    def _ledger_agrees(self) -> None:
        ledger, accounts = self.books.trial_balance(self.taken())
        p, i = POSTING.c, OPEN_ITEM.c
        shown: dict[str, Decimal] = defaultdict(Decimal)
        for code, amount in self.rows("erp", select(p.chart, func.sum(p.amount_own)).group_by(p.chart)):
            shown["customers" if code in ("1100", "2100") else code] += amount
        wrong = {
            code: (shown.get(code, ZERO), ledger.get(code, ZERO))
            for code in shown.keys() | ledger.keys()
            if shown.get(code, ZERO) != ledger.get(code, ZERO)
        }
        assert not wrong, f"ledger account: (shown, expected): {wrong}"
        owing = {
            account: amount
            for account, amount in self.rows(
                "erp", select(i.account, func.sum(i.amount - i.matched)).group_by(i.account)
            )
            if amount
        }
        assert owing == accounts, f"owing: {owing}, expected: {accounts}"
        invoiced = {
            row[0]: row[1]
            for row in self.rows(
                "erp",
                select(INVOICE.c.order_number, func.sum(INVOICE.c.total)).group_by(INVOICE.c.order_number),
            )
        }
        assert {n: t for n, t in invoiced.items() if t} == {
            n: s.owed for n, s in self.books.sales.items() if s.owed
        }
        self._deposits_are_matched()

    def _deposits_are_matched(self) -> None:
        """No order has an invoice to be paid, and money of its own that pays nothing."""
        i = OPEN_ITEM.c
        open_ = select(i.order_number, i.document).where(i.amount != i.matched, i.order_number != "")
        money = {
            row[0]: row[1] for row in self.rows("erp", open_.where(i.amount < 0, i.control == "deposits"))
        }
        owed = {row[0]: row[1] for row in self.rows("erp", open_.where(i.amount > 0))}
        both = {order: (owed[order], money[order]) for order in money.keys() & owed.keys()}
        assert not both, f"not matched: {both}"

    def _money_agrees(self) -> None:
        """Compare what was taken, given back and let go of each order with what should have been."""
        o = PAYOUT.c
        by_order: dict[str, list[Any]] = defaultdict(list)
        for row in self.rows("payments", select(PAYMENT)):
            by_order[row.order_number].append(row)
            if not self.by_hand:
                self._bank_agrees(row)
        paid_out = dict(
            self.rows("payments", select(o.order_number, func.sum(o.amount)).group_by(o.order_number))
        )
        for number, sale in self.books.sales.items():
            mine = by_order.get(number, [])
            taken = sum((row.captured for row in mine), ZERO)
            back = sum((row.refunded for row in mine), ZERO)
            out = paid_out.get(number, ZERO)
            told = f"{number}: {taken} taken, {back} back, {out} paid out; {sale}"
            if sale.ended:
                held = [row.authorised - row.captured - row.voided for row in mine]
                assert not any(held), f"{told}; {held} is still held"
            if sale.waived:
                assert taken <= sale.total and back + out <= sale.to_pay_back + sale.advanced, told
                continue
            if not self.by_hand:
                assert taken == sale.owed, told
            assert taken >= sale.owed, told
            assert back == min(taken, sale.to_pay_back + max(sale.advanced, sale.too_much(taken))), told
            assert out == 0, told

    def _bank_agrees(self, row: Any) -> None:
        moved = self.till.bank.moved(row.number)
        kept = {
            "authorise": row.authorised,
            "capture": row.captured,
            "void": row.voided,
            "refund": row.refunded,
        }
        assert {kind: moved[kind] for kind in kept} == kept, f"{row.number}: the bank says {moved}"
        assert moved["capture"] + moved["void"] <= moved["authorise"], f"{row.number}: {moved}"
        assert moved["refund"] <= moved["capture"], f"{row.number}: {moved}"
        for kind in ("capture", "refund", "void"):
            assert all(many == 1 for many in self.till.bank.done(kind).values())
