"""A house in which CRM, the warehouse, people and payments come and go while business goes on.

What operators do about what is left behind stands here too: what the doctor's hints and the refusals tell them to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import inspect, text

from fenbu.engine.doctor import examine
from fenbu.engine.flows.errors import Again
from fenbu.engine.kernel import Kernel
from fenbu.errors import Refused, Unknown
from fenbu.testing.clock import Clock
from fenbu.testing.enterprises import drain
from fenbu.work import Actor
from fenbu_payments.sandbox.bank import Bank
from tests.hrm.firm import BO
from tests.payments.till import Till

MODULES = ("crm", "scm", "hrm", "payments")
"""Those that come and go; ERP stays."""
GOODS = ("TEA", "POT")
PATIENCE = 120.0
REWRITTEN = {"erp_requirement_line", "scm_reservation", "hrm_payslip", "hrm_payslip_line"}
"""Tables whose rows are written anew in the course of business: what is cleared, where pieces lie, drafts of slips."""

Key = tuple[Any, ...]
Rows = dict[str, dict[Key, tuple[Any, ...]]]


class Lost(AssertionError):
    """A row of business data is not there any more, or was changed by switching a module."""


class House(Till):
    """The house, with everything that is done in it."""

    def __init__(self, kernel: Kernel, clock: Clock, bank: Bank) -> None:
        super().__init__(kernel, clock, bank)
        self._seen: dict[str, set[Key]] = {}
        self._keys: dict[str, list[int]] = {}

    # --- switching ------------------------------------------------------------------------------------

    @property
    def on(self) -> set[str]:
        """The modules that take part now, those that drain included."""
        return set(self.kernel.modules(look_at_all=False).on)

    def enable(self, *modules: str, history: str = "declared") -> None:
        """Enable modules; nothing of what is there may change by it."""
        before = self.everything()
        self.kernel.perform("fenbu.module.enable", {"modules": modules, "history": history})
        self._kept(before, f"enabling {', '.join(modules)}")

    def disable(self, *modules: str, how: str) -> None:
        """Disable modules; nothing of what is there may change by it."""
        before = self.everything()
        self.kernel.perform("fenbu.module.disable", {"modules": modules, "how": how, "reason": "model"})
        self._kept(before, f"disabling {', '.join(modules)} ({how})")

    def _kept(self, before: Rows, what: str) -> None:
        after = self.everything()
        for table, rows in before.items():
            now = after.get(table, {})
            if wrong := [key for key, row in rows.items() if now.get(key) != row]:
                raise Lost(f"{what}: {table} {wrong[:3]} of {len(wrong)}")
        self.nothing_is_lost(after)

    # --- rows -----------------------------------------------------------------------------------------

    def everything(self) -> Rows:
        """Return every row of every module's tables: table to primary key to row."""
        with self.kernel.database.read() as connection:
            names = [name for name in inspect(connection).get_table_names() if not name.startswith("fenbu_")]
            found: Rows = {}
            for name in names:
                result = connection.execute(text(f'SELECT * FROM "{name}"'))
                if name not in self._keys:
                    columns = list(result.keys())
                    key = inspect(connection).get_pk_constraint(name)["constrained_columns"]
                    self._keys[name] = [columns.index(column) for column in key]
                places = self._keys[name]
                found[name] = {tuple(row[at] for at in places): tuple(row) for row in result}
            return found

    def nothing_is_lost(self, now: Rows | None = None) -> None:
        """Every row that was there at an earlier look is there, but for those that business writes anew."""
        for table, rows in (now or self.everything()).items():
            if table in REWRITTEN:
                continue
            seen = self._seen.setdefault(table, set())
            if gone := seen - rows.keys():
                raise Lost(f"{table} had {sorted(map(str, gone))[:3]}")
            seen |= rows.keys()

    # --- doing ----------------------------------------------------------------------------------------

    def attempt(self, action: str, *, by: Actor | None = None, **values: Any) -> Mapping[str, Any] | None:
        """Perform an action; None when a rule refuses it or its module does not run."""
        try:
            return self.kernel.perform(action, values, actor=by).answer
        except (Refused, Unknown):
            return None

    def turn(self) -> None:
        """Deliver what is due, once around; what follows from it waits."""
        worker = self.kernel.worker()
        try:
            worker.turn()
        except Again:
            pass  # the modules have moved; it looks again the next time
        finally:
            worker.close()

    def deliver(self) -> int:
        return drain(self.kernel, timeout=PATIENCE)

    def listed(self, view: str, **equal: Any) -> list[dict[str, Any]]:
        """Return the rows of a view; none while its module does not run."""
        from fenbu.engine.conditions import Condition
        from fenbu.engine.reading import page

        module = view.partition(".")[0]
        if module not in self.kernel.assembly.modules:
            return []
        with self.kernel.read(module) as work:
            wanted = [Condition(name, value) for name, value in equal.items()]
            found = page(work, self.kernel.assembly.view(view), filters=wanted, limit=10_000)
            return [dict(row) for row in found.rows]

    def raw(self, statement: str) -> list[Any]:
        with self.kernel.database.read() as connection:
            return list(connection.execute(text(statement)))

    def complaints(self) -> dict[str, str]:
        """Return what the doctor says that is not well."""
        found = examine(self.kernel)
        return {one.check.name: one.finding.detail for one in found if one.finding.health != "ok"}

    def open_orders(self) -> list[dict[str, Any]]:
        return self.rows("orders", state="placed")

    # --- what operators do ----------------------------------------------------------------------------

    def make_good(self) -> None:
        """Do what operators do until every order is finished and the doctor has nothing to say."""
        told: list[str] = []
        for _round in range(20):
            self.bank.mend()
            self.deliver()
            while self.kernel.settle():
                self.deliver()
            told = list(self._done_by_operators())
            if not told:
                return
        raise AssertionError(f"operators get nowhere: {told}; open: {self.standing()}; {self.complaints()}")

    def standing(self) -> list[str]:
        """Tell how the orders stand that are not finished."""
        return [
            f"{row['order']} by {row['fulfiller']}: {row['fulfilment']}, {row['invoicing']}, {row['payment']}, "
            f"{[(one['requirement'], one['state']) for one in self.rows('requirements', order=row['order'])]}"
            for row in self.open_orders()
        ]

    def _done_by_operators(self) -> Iterator[str]:
        """Do one round of it; yields what was done. Money is typed in from the bank's statement last of all."""
        self.kernel.refresh()
        done = [
            *self._about_people(),
            *self._about_calls_and_payments(),
            *self._about_what_is_held_for_nobody(),
        ]
        for order in self.open_orders():
            done += self._about(order["order"])
        done += self._about_goods()
        yield from done or self._about_what_is_owed()

    def _about(self, order: str) -> Iterator[str]:
        """Let an order go on that waits for somebody who is gone, who failed, or who has not heard of it."""
        row = self.one("orders", order)
        for one in self.rows("requirements", order=order):
            if one["state"] not in ("waiting", "announced", "partly_met", "failed"):
                continue
            name = one["requirement"]
            if (
                one["state"] == "failed"
                and name == "stock"
                and self.attempt("scm.reservation.renew", order=order)
            ):
                yield f"renewed {order}"
            elif self.attempt(
                "erp.order.waive-requirement", order=order, requirement=name, reason="nobody is at work on it"
            ):
                yield f"waived {name} of {order}"
        if row["fulfilment"] in ("open", "part") and self.attempt("erp.order.reassess", order=order):
            yield f"assessed {order} anew"
        if self.attempt("erp.order.fulfil", order=order):
            yield f"handed {order} over"

    def _about_goods(self) -> Iterator[str]:
        short: dict[str, Decimal] = {}
        for row in self.listed("scm.backorders"):
            short[row["item"]] = short.get(row["item"], Decimal(0)) + row["short"]
        if short:
            lines = [
                {"item": item, "quantity": many, "unit_cost": "0.50"} for item, many in sorted(short.items())
            ]
            self.kernel.perform("scm.receipt.post", {"lines": lines})
            yield f"received {short}"
        if "scm" in self.kernel.assembly.modules:
            here = "SELECT number FROM scm_shipment WHERE state IN ('open', 'packed') ORDER BY number"
            for (shipment,) in self.raw(here):
                if self.attempt("scm.shipment.dispatch", shipment=shipment):
                    yield f"dispatched {shipment}"

    def _about_calls_and_payments(self) -> Iterator[str]:
        if "payments" not in self.kernel.assembly.modules:
            return
        if count := self.try_dead_calls_again():
            yield f"tried {count} calls again"
        yield from self._about_money_by_hand()
        for row in self.listed("payments.payments", state="failed"):
            open_ = {one["order"] for one in self.open_orders()}
            if row["order"] in open_ and self.attempt("payments.payment.retry", payment=row["payment"]):
                yield f"tried {row['payment']} again"
        for row in self.listed("payments.payouts", state="failed"):
            if self.attempt("payments.payout.retry", payout=row["payout"]):
                yield f"tried {row['payout']} again"

    def _about_money_by_hand(self) -> Iterator[str]:
        """Type in what the bank's statement says: asked for and paid, sent back, paid out."""
        for row in self.listed("payments.payments", gateway="manual"):
            number, missing = row["payment"], row["requested"] - row["authorised"]
            asked = row["state"] == "requested" and missing > 0
            if asked and self.attempt("payments.payment.confirm", payment=number, amount=missing):
                yield f"{number} was paid"
            begun = [
                fact for fact in self.listed("payments.facts", subject=number) if fact["kind"] == "refund"
            ]
            ended = {fact["operation"] for fact in begun if fact["step"] != "begun"}
            for refund in {fact["operation"] for fact in begun} - ended:
                if self.attempt("payments.refund.confirm", refund=refund):
                    yield f"{refund} was sent back"
        for row in self.listed("payments.payouts", state="requested"):
            if self.attempt("payments.payout.confirm", payout=row["payout"]):
                yield f"{row['payout']} was paid out"

    def _about_what_is_held_for_nobody(self) -> Iterator[str]:
        complaints = self.complaints()
        if told := complaints.get("payments.held_is_wanted"):
            for row in self.listed("payments.payments"):
                number = row["payment"]
                if number in told and (
                    self.attempt("payments.payment.void", payment=number, reason="no order waits for it")
                    or self.attempt("payments.payment.retry", payment=number)
                ):
                    yield f"let {number} go"
        if told := complaints.get("scm.reservations_have_open_lines"):
            for (order,) in self.raw("SELECT number FROM scm_order ORDER BY number"):
                if order in told and self.attempt("scm.order.stop", order=order, reason="settled without us"):
                    yield f"stopped {order}"

    def _about_people(self) -> Iterator[str]:
        for row in self.listed("hrm.payrolls"):
            run = row["run"]
            if row["state"] in ("draft", "calculated") and self.attempt("hrm.payroll.review", run=run):
                yield f"reviewed {run}"
            if row["state"] != "approved" and self.attempt("hrm.payroll.approve", by=BO, run=run):
                yield f"approved {run}"
            if row["state"] == "approved" and self.attempt("hrm.payroll.record-payment", run=run):
                yield f"paid {run}"
        for row in self.listed("crm.cases"):
            case = row["case"]
            if self.attempt("crm.case.answer", case=case, text="soon"):
                yield f"answered {case}"
            if self.attempt("crm.case.resolve", case=case):
                yield f"resolved {case}"

    def _about_what_is_owed(self) -> Iterator[str]:
        owed: dict[tuple[str, str], Decimal] = {}
        for row in self.rows("invoices"):
            if row["open"] > 0 and row["order"]:
                key = (row["account"], row["order"])
                owed[key] = owed.get(key, Decimal(0)) + row["open"]
        for (account, order), amount in owed.items():
            self.do("receipt.record", account=account, amount=amount, order=order)
            yield f"received {amount} for {order}"
