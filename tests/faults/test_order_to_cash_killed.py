"""Killed at any moment, before a bank that fails, order to cash comes to what it comes to undisturbed."""

from __future__ import annotations

import difflib
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import frozen

from fenbu.engine import canonical
from fenbu.engine.doctor import examine
from fenbu.engine.kernel import Kernel
from fenbu.testing.databases import Databases, Kind
from fenbu.testing.enterprises import OWNER
from fenbu_payments.sandbox.bank import Bank
from tests.faults import killing
from tests.faults.conftest import Tally
from tests.faults.office import Office, Place
from tests.faults.order_to_cash import Gateway, found, lived

KINDS = ("authorise", "renew", "capture", "void", "refund", "payout")
BY_THE_CLOCK = "payments.outcome-due/1"
"""How often the bank is asked what became of an operation: each death moves the clock, and more time passes. What it
answered in the end is compared."""
GATEWAY_DIES = 10
"""Every so many deaths of the office the bank's process dies with it."""


@frozen
class Came:
    """What a business came to."""

    export: str
    bank: list[tuple[str, str, str, bool]]
    """What the bank did and refused, by what it was for."""
    pending: int
    """What it took and told later, if at all."""
    statements: int = 0
    seconds: float = 0.0
    died: int = 0


def undisturbed(place: Place) -> Came:
    """Live without a death; the bank fails all the same."""
    with Gateway(place) as gateway:
        found(place, gateway)
        life = killing.ended(lived, place, time.time(), 0)
    return came_to(place, 0, life.statements, life.seconds)


def disturbed(place: Place, calm: Came, kills: int) -> Came:
    """Live, and die so many times."""
    began, died = time.time(), 0
    with Gateway(place) as gateway:
        found(place, gateway)
        for number, kill in enumerate(killing.kills(place.seed, kills, calm.statements)):
            died += killing.killed(lived, place, began, died, kill=kill)
            if number % GATEWAY_DIES == GATEWAY_DIES - 1:
                gateway.die()
                gateway.start()
        killing.killed(lived, place, began, died)
    return came_to(place, died)


def came_to(place: Place, died: int, statements: int = 0, seconds: float = 0.0) -> Came:
    """Check everything that must hold at the end; return what there is to compare."""
    with Bank(place.bank) as bank:
        office = Office(place, bank, time.time(), died)
        with Kernel.open(place.url, actor=OWNER, clock=office.clock) as kernel:
            office.open(kernel)
            assert {
                one.check.name: one.finding.detail for one in examine(kernel) if one.finding.health != "ok"
            } == {}
            assert {row["state"] for row in office.see("erp.orders")} <= {"closed", "cancelled"}
            assert {row["state"] for row in office.see("payments.inbox")} == {"applied"}
            assert {row["state"] for row in office.see("payments.payouts")} == {"paid"}
            charged_once(office)
            pending = sum(row["kind"] == "pending" for row in office.see("payments.facts"))
            return Came(canonical.text(kernel), bank.ended(), pending, statements, seconds, died)


def charged_once(office: Office) -> None:
    """Compare with the bank's own record: each operation once, each order charged what was handed over."""
    for kind in KINDS:
        assert set(office.bank.done(kind).values()) <= {1}, f"{kind} twice: {office.bank.done(kind)}"
    kept: dict[str, Decimal] = defaultdict(Decimal)
    for row in office.see("payments.payments"):
        moved = office.bank.moved(row["payment"])
        told = {"capture": row["captured"], "void": row["voided"], "refund": row["refunded"]}
        assert {kind: moved[kind] for kind in told} == told, row["payment"]
        kept[row["order"]] += row["captured"]
    for row in office.see("payments.payouts"):
        assert office.bank.moved(row["payout"])["payout"] == row["amount"], row["payout"]
    worth: dict[str, Decimal] = defaultdict(Decimal)
    for row in office.see("erp.fulfilments"):
        worth[row["order"]] += row["amount"]
    assert {order: amount for order, amount in kept.items() if amount} == worth


def difference(one: Came, other: Came) -> str:
    calm, came = (
        [line for line in each.export.splitlines() if BY_THE_CLOCK not in line] for each in (one, other)
    )
    return "\n".join(list(difflib.unified_diff(calm, came, "undisturbed", "killed", n=0))[:60])


@contextmanager
def places(
    databases: Databases, kind: Kind, folder: Path, seed: int, orders: int
) -> Iterator[tuple[Place, Place]]:
    """Give the ground for two businesses that are the same."""
    server = databases.server(kind)
    both = []
    for name in ("calm", "killed"):
        (folder / name).mkdir()
        both.append(Place(server.create(), folder / name, seed, orders))
    yield both[0], both[1]
    for place in both:
        server.drop(place.url)


def hold(databases: Databases, kind: Kind, folder: Path, *, seed: int, orders: int, kills: int) -> Came:
    """Do the same business twice, once under kills; what they come to is equal, line by line."""
    with places(databases, kind, folder, seed, orders) as (calm_place, place):
        calm = undisturbed(calm_place)
        came = disturbed(place, calm, kills)
    assert difference(calm, came) == ""
    assert calm.bank == came.bank
    refused = sum(not done for _about, _kind, _amount, done in calm.bank)
    print(
        f"{kind}: {came.died} kills; {orders} orders, {calm.statements:,} statements in {calm.seconds:.0f} s "
        f"undisturbed; the bank ended {len(calm.bank)} operations, {refused} of them "
        f"refused; it was asked about what it took and did not tell of {calm.pending} times"
    )
    assert refused, "the bank was to decline something"
    assert calm.pending, "the bank was to tell of something later"
    return came


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_killed_six_times_everybody_is_charged_once_and_the_books_are_the_same(
    databases: Databases, database_kind: Kind, tmp_path: Path, tally: Tally
) -> None:
    died = hold(databases, database_kind, tmp_path, seed=8, orders=6, kills=6).died
    assert died >= 4
    tally(died)


@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_killed_a_hundred_times_everybody_is_charged_once_and_the_books_are_the_same(
    databases: Databases, database_kind: Kind, tmp_path: Path, tally: Tally
) -> None:
    died = hold(databases, database_kind, tmp_path, seed=20261122, orders=50, kills=120).died
    assert died >= 100
    tally(died)
