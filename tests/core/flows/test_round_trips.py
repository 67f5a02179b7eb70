"""What a delivery costs on PostgreSQL, in ways to the server and back: exact counts, from libpq's own trace.

On a machine with something else to do each way costs a millisecond or more, so they are what a delivery costs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fenbu.engine.flows.delivery import Delivery
from fenbu.engine.store.dialects import raw
from tests.core.flows.shop import Cancelled, Placed, Shop

pytestmark = pytest.mark.databases("postgresql")

AROUND = 6
"""Beginning; catalogue lock and generation; partition and clock; fetch; acknowledgement; commit."""


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """A shop whose deliveries go by the server's clock, as everywhere outside of tests."""
    shop.delivery = Delivery(shop.database, lambda: shop.bound, shop.before)
    return shop


@contextmanager
def counted(shop: Shop, folder: Path) -> Iterator[list[int]]:
    """Count the round trips of the body on the connection that a writer gets next."""
    found: list[int] = []
    with (folder / "trace").open("w+b") as file:
        with shop.database.write() as connection:
            wire = raw(connection).pgconn
        wire.trace(file.fileno())
        yield found
        wire.untrace()
        file.seek(0)
        found.append(sum(b"ReadyForQuery" in line for line in file))


def test_a_delivery_alone_needs_six_ways_beside_its_handler(shop: Shop, tmp_path: Path) -> None:
    shop.subscribe("shop.ledger")
    shop.publish(Placed(order="A"))
    place = shop.place("shop.ledger", "A")
    with counted(shop, tmp_path) as trips:
        outcome = shop.delivery.deliver(place)
    assert (outcome.done, trips) == (1, [AROUND + 1])


def test_nobody_goes_back_to_a_place_that_was_left_empty(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    shop.publish(Placed(order="A"), Cancelled(order="A"))
    first, second = (shop.delivery.deliver(shop.place("shop.ledger", "A")) for _ in range(2))
    assert [(one.done, one.full) for one in (first, second)] == [(1, True), (1, False)]


@pytest.mark.usefixtures("untimed")
def test_fifty_deliveries_share_their_six_ways_when_their_rows_can_be_locked(
    shop: Shop, tmp_path: Path
) -> None:
    shop.subscribe("shop.ledger", locks=lambda _connection, _batch: None)
    shop.publish(*(Placed(order="A") for _ in range(50)))
    place = shop.place("shop.ledger", "A")
    with counted(shop, tmp_path) as trips:
        outcome = shop.delivery.deliver(place)
    assert (outcome.done, outcome.full) == (50, False)
    assert trips == [AROUND + 50 + 1]  # the driver prepares the handler's statement once
