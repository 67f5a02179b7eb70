"""The supply chain holds to the rules of the house, as every module's author can ask of theirs."""

from __future__ import annotations

from fenbu.engine.kernel import Kernel
from fenbu.testing.conformance import Conformance
from tests.scm.conftest import furnished
from tests.scm.depot import Depot


class TestScm(Conformance):
    module = "scm"
    needs = ("erp",)

    def use(self, kernel: Kernel) -> None:
        depot = furnished(Depot(kernel))
        left = depot.placed(("TEA", 3), ("POT", 1))
        depot.dispatch(f"{left}-1")
        depot.scm("return.post", order=left, lines=[{"line": 1, "quantity": 1}])
        depot.placed(("POT", 5))
        depot.placed(("TEA", 2))
        depot.adjust("TEA", -1, reason="mice")
