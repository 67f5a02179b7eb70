"""ERP holds to the rules of the house, as every module's author can ask of theirs."""

from __future__ import annotations

from fenbu.testing.conformance import Conformance


class TestErp(Conformance):
    module = "erp"
