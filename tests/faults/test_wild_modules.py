"""Modules that exit, eat memory, answer nonsense or reach into what is not theirs: named, put aside, others go on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fenbu.engine.flows import admin, retry
from fenbu.engine.kernel import Kernel
from fenbu.errors import HookFailed
from fenbu.testing.dummies import DummyModule, DummyModules
from fenbu.testing.enterprises import Enterprises, drain
from tests.faults.stories import count

Wild = Callable[[str], Kernel]

HANDLER = """
import sys
from sqlalchemy import text
from fenbu.contracts.erp import OrderPlaced


def placed(work, event: OrderPlaced) -> None:
    {body}
"""
SUBSCRIBES = "(Subscription('wild.orders', {'erp.order-placed/1': 'fenbu_wild.flows:placed'}),)"
BODIES = {
    "exits": ("sys.exit(3)", "SystemExit"),
    "eats all memory": ("bytearray(1 << 62)", "MemoryError"),
    "calls itself for ever": ("placed(work, event)", "RecursionError"),
    "ends the transaction": ("work.execute(text('ROLLBACK'))", "ForeignTable"),
    "commits by itself": ("work.execute(text('COMMIT'))", "ForeignTable"),
    "writes another's table": ("work.execute(text('DELETE FROM erp_order'))", "ForeignTable"),
    "drops another's table": ("work.execute(text('DROP TABLE erp_order'))", "ForeignTable"),
    "says what no database can keep": ("raise ValueError('\\0 and \\ud800')", "ValueError"),
    "raises what cannot be told": (
        "raise type('Mute', (Exception,), {'__str__': lambda self: 1 / 0})()",
        "Mute",
    ),
}
ANSWERS = {
    "all": ("erp_order_requirements(work, order)", ["'nonsense'", "[None]", "7", "[{'name': 'x'}]"]),
    "first": ("erp_order_fulfiller(work, order)", ["7", "[]"]),
}


@pytest.fixture
def shop(enterprise: Enterprises, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    monkeypatch.setattr(retry, "BASE_PAUSE", 500)
    kernel = enterprise("erp")
    kernel.perform("erp.item.register", {"items": [{"item": "T1"}]})
    return kernel


def place(shop: Kernel) -> str:
    lines = [{"item": "T1", "quantity": 1, "unit_price": "1.00"}]
    return str(shop.perform("erp.order.place", {"lines": lines}).answer["order"])


@pytest.mark.parametrize("wild", BODIES)
def test_a_handler_that_misbehaves_costs_its_own_delivery_only(
    shop: Kernel, dummy_modules: DummyModules, wild: str
) -> None:
    body, told = BODIES[wild]
    flows = HANDLER.format(body=body)
    dummy_modules.install(DummyModule(name="wild", flows=flows, manifest={"subscriptions": SUBSCRIBES}))
    shop.perform("fenbu.module.enable", {"modules": ["wild"]})
    order = place(shop)
    shop.perform("erp.order.fulfil", {"order": order})
    drain(shop, dead=True)
    with shop.read() as work:
        (dead,) = admin.dead(work.connection)
    assert (dead.subscription, dead.key) == ("wild.orders", order)
    assert dead.reason.startswith(told)
    assert count(shop, "erp_order") == 1
    assert count(shop, "erp_invoice") == 1


@pytest.mark.parametrize(
    ("hook", "answer"), [(hook, one) for hook, (_, all_) in ANSWERS.items() for one in all_]
)
def test_an_answer_that_is_none_refuses_the_order_and_names_its_module(
    shop: Kernel, dummy_modules: DummyModules, hook: str, answer: str
) -> None:
    plugin = f"@hookimpl\ndef {ANSWERS[hook][0]}:\n    return {answer}"
    dummy_modules.install(DummyModule(name="wild", plugin=plugin))
    shop.perform("fenbu.module.enable", {"modules": ["wild"]})
    with pytest.raises(HookFailed, match="wild"):
        place(shop)
    assert count(shop, "erp_order") == 0


def test_a_hook_that_exits_refuses_the_order_and_ends_nobody(
    shop: Kernel, dummy_modules: DummyModules
) -> None:
    plugin = f"@hookimpl\ndef {ANSWERS['all'][0]}:\n    raise SystemExit(0)"
    dummy_modules.install(DummyModule(name="wild", plugin=plugin))
    shop.perform("fenbu.module.enable", {"modules": ["wild"]})
    with pytest.raises(HookFailed, match="wild"):
        place(shop)
    assert count(shop, "erp_order") == 0
