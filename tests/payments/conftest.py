"""The tills at which the stories of payments happen; each test has its own, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fenbu.engine.flows import retry
from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu.testing.enterprises import Enterprises, furnish
from fenbu_payments.sandbox.bank import Bank
from tests.payments.till import Till, card


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again is tried within milliseconds."""
    monkeypatch.setattr(retry, "BASE_PAUSE", 2_000)


@pytest.fixture
def bank(tmp_path: Path, clock: Clock) -> Iterator[Bank]:
    """The sandbox's own record, opened beside the gateway's."""
    with Bank(tmp_path / "sandbox.db") as opened:
        opened.set_clock(clock.now.timestamp())
        yield opened


@pytest.fixture
def till(enterprise: Enterprises, clock: Clock, bank: Bank, tmp_path: Path) -> Till:
    """A tea shop whose orders are paid by card."""
    kernel = enterprise("erp", "payments", furnished=trading)
    furnish(kernel, (), card(tmp_path / "sandbox.db"))
    return Till(kernel, clock, bank)


@pytest.fixture
def counter(enterprise: Enterprises, clock: Clock, bank: Bank) -> Till:
    """A tea shop whose orders are paid by transfer or cash."""
    return Till(enterprise("erp", "payments", furnished=trading), clock, bank)


def trading(kernel: Kernel) -> None:
    with Bank(Path(":memory:")) as unused:
        furnished(Till(kernel, Clock(), unused))


def furnished(till: Till) -> Till:
    till.item("TEA", "2.50", title="Green tea", tax_category="standard")
    till.account("C1", name="Ann Lee", kind="person")
    till.account("C2", name="Bo Ltd")
    return till
