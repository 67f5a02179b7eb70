"""CRM holds to the rules of the house, as every module's author can ask of theirs."""

from __future__ import annotations

from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu.testing.conformance import Conformance
from tests.crm.bureau import Bureau, furnished


class TestCrm(Conformance):
    module = "crm"
    needs = ("erp",)

    def use(self, kernel: Kernel) -> None:
        shop = furnished(Bureau(kernel, Clock()))
        shop.bought("A1", 2)
        shop.bought("A2", 1)
        customer = shop.customer("Acme Ltd")
        shop.crm("contact.add", customer=customer, name="Ann", email="ann@example.org")
        shop.crm("address.add", customer=customer, city="Bath")
        shop.crm("consent.give", customer=customer, purpose="newsletter", source="form")
        shop.crm("credit.set", customer=customer, amount=100)
        shop.crm("customer.link", customer=customer, account="A1")
        lead = shop.crm("lead.enter", name="Bo Ltd", source="fair")["lead"]
        shop.crm("lead.convert", lead=lead, title="Tea", amount=10, close_on="2026-12-31")
        case = shop.crm("case.open", customer=customer, title="Late", text="Where is it?")["case"]
        shop.crm("case.answer", case=case, text="On its way.")
