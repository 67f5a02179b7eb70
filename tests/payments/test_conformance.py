"""Payments hold to the rules of the house, as every module's author can ask of theirs."""

from __future__ import annotations

from fenbu.engine.kernel import Kernel
from fenbu.testing.conformance import Conformance


class TestPayments(Conformance):
    module = "payments"

    def use(self, kernel: Kernel) -> None:
        asked = [
            kernel.perform("payments.payment.request", {"account": f"C{many}", "amount": many}).answer[
                "payment"
            ]
            for many in range(1, 5)
        ]
        kernel.perform("payments.payment.confirm", {"payment": asked[0]})
        kernel.perform("payments.payment.fail", {"payment": asked[1], "reason": "changed their mind"})
        kernel.perform("payments.payment.confirm", {"payment": asked[2], "amount": 1})
        kernel.perform("payments.payment.refund", {"payment": asked[0], "reason": "not wanted"})
