"""Modules that are broken in every way known: each is named with what to do, and the shop goes on.

One raises at import, one in a hook of each kind, one mistypes a hook, one needs what is not there, one is
removed from the disk, one has a migration that fails half-way, one comes while four people place orders.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import inspect, text

from fenbu.cli.running import run
from fenbu.engine.catalog.errors import RequirementsUnmet
from fenbu.engine.kernel import Kernel
from fenbu.engine.store.errors import MigrationFailed
from fenbu.errors import FenbuError, HookFailed, HookInvalid, ModuleUnavailable
from fenbu.testing.dummies import DummyModule, DummyModules, migration
from fenbu.testing.enterprises import OWNER, Enterprises, drain

Listed = Callable[[str], dict[str, Any]]

RAISES = "    raise RuntimeError('the kettle is empty')"
HOOKS = {
    "gather": f"@hookimpl\ndef module_in_flight(work, module):\n{RAISES}",
    "all": f"@hookimpl\ndef erp_order_requirements(work, order):\n{RAISES}",
    "first": f"@hookimpl\ndef erp_order_fulfiller(work, order):\n{RAISES}",
    "veto": f"@hookimpl\ndef erp_order_cancellation(work, order, lines):\n{RAISES}",
}
GIFT = """
from fenbu.contracts.erp import Requirement


@hookimpl
def erp_order_requirements(work, order):
    return [Requirement("wrapping", owner="gift")]
"""
WRAP = """
from sqlalchemy import text
from fenbu.contracts.erp import OrderAwaits, OrderPlaced


def placed(work, event: OrderPlaced) -> None:
    work.execute(text("INSERT INTO gift_parcel (label) VALUES (:label)"), {"label": event.order})
"""


@pytest.fixture
def shop(enterprise: Enterprises) -> Kernel:
    kernel = enterprise("erp")
    kernel.perform("erp.item.register", {"items": [{"item": "T1", "title": "Tea"}]})
    return kernel


def reopened(shop: Kernel, url: str) -> Kernel:
    """Open the shop anew, as a process started later would."""
    return Kernel.open(url, actor=OWNER)


def place(shop: Kernel) -> str:
    answer = shop.perform(
        "erp.order.place", {"lines": [{"item": "T1", "quantity": 2, "unit_price": "1.25"}]}
    ).answer
    return str(answer["order"])


def sell(shop: Kernel) -> str:
    """Take an order from placing to its invoice."""
    order = place(shop)
    shop.perform("erp.order.fulfil", {"order": order})
    drain(shop)
    assert count(shop, f"SELECT count(*) FROM erp_invoice WHERE order_number = '{order}'") == 1
    return order


def count(shop: Kernel, statement: str) -> int:
    with shop.database.read() as connection:
        return int(connection.execute(text(statement)).scalar_one())


def address(shop: Kernel) -> str:
    """Return the URL with its password, which `Database.url` hides."""
    engine = shop.database._backend.reader  # no public way shows a password, on purpose
    return engine.url.render_as_string(hide_password=False)


@pytest.fixture
def listed(shop: Kernel, capsys: pytest.CaptureFixture[str]) -> Listed:
    """Give `listed(name)`: the line of ``fenbu modules`` about one module, as a process started now shows it."""

    def line(module: str) -> dict[str, Any]:
        capsys.readouterr()
        assert run(["--database", address(shop), "modules", "--json"]) == 0
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return next(one for one in json.loads(told.out)["modules"] if one["module"] == module)

    return line


def test_one_that_raises_at_import(shop: Kernel, dummy_modules: DummyModules, listed: Listed) -> None:
    dummy_modules.install(
        DummyModule(name="kettle", files={"manifest.py": 'raise RuntimeError("no water")\n'})
    )
    line = listed("kettle")
    assert line["state"] == "quarantined"
    assert "RuntimeError: no water" in line["problem"]
    assert "mend or reinstall the package dummy-kettle" in line["advice"]
    with pytest.raises(FenbuError, match="no water"):
        shop.perform("fenbu.module.enable", {"modules": ["kettle"]})
    sell(shop)


def test_one_that_raises_in_a_gathering_hook(
    shop: Kernel, dummy_modules: DummyModules, listed: Listed
) -> None:
    dummy_modules.install(DummyModule(name="kettle", plugin=HOOKS["gather"]), DummyModule(name="cup"))
    shop.perform("fenbu.module.enable", {"modules": ["kettle", "cup"]})
    sell(shop)
    shop.perform("fenbu.module.disable", {"modules": ["cup"], "how": "drain"})
    line = listed("kettle")
    assert (line["state"], line["problems"]) == ("enabled", 1)
    assert "the kettle is empty" in line["problem"]
    assert line["advice"]


@pytest.mark.parametrize("kind", ["all", "first"])
def test_one_that_raises_in_a_hook_that_placing_needs(
    shop: Kernel, dummy_modules: DummyModules, listed: Listed, kind: str
) -> None:
    dummy_modules.install(DummyModule(name="kettle", plugin=HOOKS[kind]))
    shop.perform("fenbu.module.enable", {"modules": ["kettle"]})
    with pytest.raises(HookFailed, match="kettle could not answer"):
        place(shop)
    assert count(shop, "SELECT count(*) FROM erp_order") == 0
    line = listed("kettle")
    assert "the kettle is empty" in line["problem"]
    assert "kettle" in line["advice"]
    shop.perform("fenbu.module.disable", {"modules": ["kettle"], "how": "drain"})
    sell(shop)


def test_one_that_raises_in_a_veto(shop: Kernel, dummy_modules: DummyModules, listed: Listed) -> None:
    dummy_modules.install(DummyModule(name="kettle", plugin=HOOKS["veto"]))
    shop.perform("fenbu.module.enable", {"modules": ["kettle"]})
    order = place(shop)
    with pytest.raises(HookFailed, match="kettle could not answer erp_order_cancellation"):
        shop.perform("erp.order.cancel", {"order": order, "reason": "changed my mind"})
    assert count(shop, "SELECT count(*) FROM erp_order WHERE state = 'cancelled'") == 0
    assert "the kettle is empty" in listed("kettle")["problem"]
    sell(shop)


def test_one_with_a_mistyped_hook(shop: Kernel, dummy_modules: DummyModules, listed: Listed) -> None:
    mistyped = HOOKS["all"].replace("erp_order_requirements", "erp_order_requirement")
    dummy_modules.install(DummyModule(name="kettle", plugin=mistyped))
    with pytest.raises(HookInvalid, match="did you mean erp_order_requirements"):
        shop.perform("fenbu.module.enable", {"modules": ["kettle"]})
    line = listed("kettle")
    assert line["state"] == "quarantined"
    assert "erp_order_requirements" in line["problem"]
    sell(shop)


def test_one_that_needs_what_is_not_there(shop: Kernel, dummy_modules: DummyModules, listed: Listed) -> None:
    dummy_modules.install(DummyModule(name="tide", requires=("capability:moon.phase",)))
    with pytest.raises(RequirementsUnmet, match=r"capability:moon\.phase"):
        shop.perform("fenbu.module.enable", {"modules": ["tide"]})
    line = listed("tide")
    assert "capability:moon.phase" in line["problem"]
    assert line["advice"]
    sell(shop)


def test_one_that_is_removed_from_the_disk(shop: Kernel, dummy_modules: DummyModules, listed: Listed) -> None:
    dummy_modules.install(DummyModule(name="gift", plugin=GIFT))
    shop.perform("fenbu.module.enable", {"modules": ["gift"]})
    waiting = place(shop)
    dummy_modules.uninstall("gift")
    later = reopened(shop, address(shop))
    with pytest.raises(ModuleUnavailable, match="gift is enabled but cannot be loaded"):
        place(later)
    assert count(shop, "SELECT count(*) FROM erp_order") == 1
    line = listed("gift")
    assert line["state"] == "missing"
    assert "reinstall" in line["advice"]
    later.perform("fenbu.module.disable", {"modules": ["gift"], "how": "drain"})
    sell(later)
    wanted = {"order": waiting, "requirement": "wrapping", "reason": "the wrapping shop is gone"}
    later.perform("erp.order.waive-requirement", wanted)
    later.perform("erp.order.fulfil", {"order": waiting})
    later.close()


def test_one_whose_migration_fails_half_way(
    shop: Kernel, dummy_modules: DummyModules, listed: Listed
) -> None:
    half = '    op.create_table("kettle_half", sa.Column("id", sa.Integer, primary_key=True), sqlite_strict=True)\n'
    broken = migration("0002", "0001", f'{half}    op.execute("SELECT no_such_column FROM kettle_half")\n')
    dummy_modules.install(
        DummyModule(name="kettle", tables=("lid",), files={"migrations/0002_half.py": broken})
    )
    with pytest.raises(MigrationFailed):
        shop.perform("fenbu.module.enable", {"modules": ["kettle"]})
    with shop.database.read() as connection:
        assert [name for name in inspect(connection).get_table_names() if name.startswith("kettle_")] == []
    line = listed("kettle")
    assert line["state"] == "quarantined"
    assert "0002" in line["problem"]
    assert "dummy-kettle" in line["advice"]
    sell(shop)


def test_one_that_comes_while_four_people_place_orders(shop: Kernel, dummy_modules: DummyModules) -> None:
    dummy_modules.install(
        DummyModule(
            name="gift",
            plugin=GIFT,
            flows=WRAP,
            tables=("parcel",),
            manifest={
                "subscriptions": "(Subscription('gift.parcels', {'erp.order-placed/1': 'fenbu_gift.flows:placed'}),)"
            },
        )
    )
    stop, failures = threading.Event(), list[BaseException]()

    def serve() -> None:
        try:
            while not stop.is_set():
                place(shop)
        except BaseException as error:
            failures.append(error)

    people = [threading.Thread(target=serve) for _ in range(4)]
    for one in people:
        one.start()
    stop.wait(0.3)
    reopened(shop, address(shop)).perform("fenbu.module.enable", {"modules": ["gift"]})
    before, deadline = count(shop, "SELECT count(*) FROM erp_order"), time.monotonic() + 20
    while count(shop, "SELECT count(*) FROM erp_order") < before + 8 and time.monotonic() < deadline:
        stop.wait(0.05)
    stop.set()
    for one in people:
        one.join()
    assert not failures
    drain(shop)
    asked = "SELECT count(*) FROM erp_requirement WHERE name = 'wrapping'"
    assert count(shop, asked) > 0
    assert count(shop, asked) == count(shop, "SELECT count(*) FROM gift_parcel")
    neither = (
        "SELECT count(*) FROM gift_parcel p FULL OUTER JOIN erp_requirement r ON r.order_number = p.label "
        "WHERE p.label IS NULL OR r.order_number IS NULL"
    )
    assert count(shop, neither) == 0
