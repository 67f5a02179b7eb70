"""What an enterprise lives through while it is killed: order to cash, enabling, disabling, catching up, an import.

A story begins with a database that is built once and copied. It is lived by a process that may die anywhere; the
next one does the same from the beginning: the worker goes on by itself first, then people repeat what nobody has
answered them, with the same key. What it came to is compared line by line with an undisturbed life.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from attrs import frozen
from sqlalchemy import text

from fenbu.engine import canonical
from fenbu.engine.doctor import examine
from fenbu.engine.flows import delivery, retry
from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu.testing.counting import untimed
from fenbu.testing.enterprises import OWNER
from fenbu_payments.sandbox.bank import Bank
from tests.faults.office import Office, Place
from tests.flows import retail
from tests.payments.till import card

GOODS = ("TEA", "POT", "CUP")
HISTORY = 5
"""Orders before the story begins."""


@frozen
class Story:
    """One of them."""

    name: str
    build: Callable[[Place], None]
    """Leaves the database behind in which the story begins."""
    live: Callable[[Office], None]
    """Lives it to its end, from where the office's journal ends."""
    opening: int = 0
    """Commits with which each life begins without getting on."""

    def __str__(self) -> str:
        return self.name


def lived(story: str, place: Place, began: float, died: int) -> None:
    """Live a story to its end, in this process.

    Args:
        story: Its name.
        place: Where.
        began: When its first life began, by the machine's clock.
        died: How many lives have ended before.
    """
    with opened(place, began, died) as office:
        live(office, STORIES[story])


def came_to(story: str, place: Place, began: float, died: int) -> str:
    """Live what is left of a story, check what must hold at rest; return what there is to compare."""
    with opened(place, began, died) as office:
        live(office, STORIES[story])
        return told(office.kernel, office.bank, died)


@contextmanager
def opened(place: Place, began: float, died: int) -> Iterator[Office]:
    retry.BASE_PAUSE = 2_000
    delivery.BATCH = 4  # more commits among which to die
    with untimed(), Bank(place.bank) as bank:  # or a busy machine had other commits among which to die
        office = Office(place, bank, began, died)
        with Kernel.open(place.url, actor=OWNER, clock=office.clock) as kernel:
            office.open(kernel)
            yield office


def live(office: Office, story: Story) -> None:
    """Let go on what goes on by itself; then people do what is left."""
    office.go_on()
    story.live(office)


def told(kernel: Kernel, bank: Bank, died: int) -> str:
    """Return what a business came to."""
    found = {one.check.name: one.finding.detail for one in examine(kernel) if one.finding.health != "ok"}
    assert found == {}, found
    assert not count(kernel, "fenbu_delivery"), "deliveries are left"
    assert died or not count(kernel, "fenbu_delivered WHERE attempts > 0"), "counted, though nobody died"
    modules = kernel.modules(look_at_all=False).by_name.values()
    said = [f"{one.name} {one.state}" for one in modules]
    said += [f"{count(kernel, 'fenbu_skipped')} skipped", *map(str, bank.ended())]
    return canonical.text(kernel) + "\n".join(said)


def count(kernel: Kernel, table: str) -> int:
    """Return how many rows a table has."""
    with kernel.database.read() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


# --- order to cash ----------------------------------------------------------------------------------------


def founded(place: Place, *modules: str) -> Kernel:
    kernel = Kernel.init(
        place.url,
        name="Harbour Tea",
        currency="GBP",
        time_zone="Europe/London",
        os_user=OWNER.name,
        clock=Clock(),
    )
    kernel.perform("fenbu.module.enable", {"modules": modules})
    kernel.perform("erp.item.register", {"items": [{"item": code} for code in GOODS]})
    for code in GOODS:
        kernel.perform("erp.price.set", {"item": code, "unit_price": "2.50", "since": "2025-01-01"})
    kernel.perform("erp.account.register", {"accounts": [{"account": f"C{n}"} for n in range(3)]})
    return kernel


def a_shop(place: Place) -> None:
    """Three modules, goods on hand, cards are taken."""
    with founded(place, "erp", "scm", "payments") as kernel:
        for name, value in card(place.bank)["payments"].items():
            kernel.perform("fenbu.setting.set", {"module": "payments", "name": name, "value": value})
        lines = [{"item": code, "quantity": 100, "unit_cost": "1.10"} for code in GOODS]
        kernel.perform("scm.receipt.post", {"lines": lines, "source": "opening"})
        kernel.drain()


def ordered(number: int) -> dict[str, Any]:
    lines = [{"item": code, "quantity": 1 + number} for code in GOODS]
    return {"account": f"C{number % 3}", "lines": lines}


def order_to_cash(office: Office) -> None:
    """One order goes out, is invoiced and paid for; the other is cancelled before it is."""
    goes, stays = (
        office.do(f"order {number}", "erp.order.place", **ordered(number))["order"] for number in range(2)
    )
    office.rest("placed")
    for row in office.see("scm.shipments"):
        if row["order"] == goes:
            office.do("dispatch", "scm.shipment.dispatch", shipment=row["shipment"])
    office.rest("dispatched")
    office.do("cancel", "erp.order.cancel", order=stays, reason="enough")
    office.rest("cancelled")


# --- modules that come and go -------------------------------------------------------------------------------


def an_office(place: Place) -> None:
    """ERP alone, with some history, all of it delivered."""
    with founded(place, "erp") as kernel:
        for number in range(HISTORY):
            kernel.perform("erp.order.place", ordered(number))
        kernel.drain()


def enabling(office: Office) -> None:
    """Two modules come at once; a customer buys."""
    office.do("enable", "fenbu.module.enable", modules=["crm", "scm"])
    office.rest("enabled")
    office.do("order", "erp.order.place", **ordered(7))
    office.rest("sold")


def a_busy_office(place: Place) -> None:
    """CRM is on, and much waits for it."""
    with founded(place, "erp", "crm") as kernel:
        kernel.drain()
        for number in range(HISTORY):
            kernel.perform("erp.order.place", ordered(number))


def disabling(office: Office) -> None:
    """CRM goes and comes back: it finishes what waits; what waits is kept for it; what waits is given up."""
    for how in ("drain", "park", "waive"):
        if how == "waive":  # or a worker would come first after a death, and nothing would be given up
            office.do("pause", "fenbu.flow.pause", subscription="crm.timeline")
        office.do(f"order before {how}", "erp.order.place", **ordered(2))
        office.do(f"disable {how}", "fenbu.module.disable", modules=["crm"], how=how, reason="we move")
        office.rest(f"disabled {how}")
        office.do(f"order during {how}", "erp.order.place", **ordered(3))
        office.do(f"enable after {how}", "fenbu.module.enable", modules=["crm"])
        office.rest(f"enabled after {how}")


def a_late_module(place: Place) -> None:
    """CRM has just been enabled and has read nothing of what it missed."""
    an_office(place)
    with Kernel.open(place.url, actor=OWNER, clock=Clock()) as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["crm"]})


def catching_up(office: Office) -> None:
    """An order is placed while CRM reads history; nobody but the worker does anything about that."""
    office.do("order", "erp.order.place", **ordered(7))
    office.rest("read")


# --- an import ------------------------------------------------------------------------------------------------


def a_gift_shop(place: Place) -> None:
    """A shop that has sold nothing, and a file of what it sold before it had fenbu."""
    retail.build(place.url)
    lines: list[str] = []
    for number in range(536365, 536371):
        lines += [retail.line(str(number), str(20000 + number % 7 + n), "4", "2.10") for n in range(3)]
    lines += [retail.line("C536371", "20001", "-2", "2.10")]
    lines += [retail.line("536372", "20002", "-3", "0", "", title="damaged")]
    retail.write(place.folder, *lines)


def importing(office: Office) -> None:
    """A file is imported and what it sets going is delivered."""
    retail.run(office.kernel, office.place.folder / "orders.csv", rejects=office.place.folder / "rejects.csv")


STORIES = {
    one.name: one
    for one in (
        Story("order to cash", a_shop, order_to_cash),
        Story("enabling", an_office, enabling),
        Story("disabling", a_busy_office, disabling),
        Story("catching up", a_late_module, catching_up),
        Story("import", a_gift_shop, importing, opening=3),
    )
}
