"""A worker that is killed at any moment, before a bank that fails, charges each order exactly once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from fenbu.engine.kernel import Kernel
from fenbu_payments.sandbox.bank import Bank
from tests.payments.killed import OWNER, Shop

UNDISTURBED: dict[int, str] = {}


def undisturbed(tmp_path: Path, seed: int) -> str:
    """Return the export of the same business with the same failures and without deaths; made once a seed."""
    if seed not in UNDISTURBED:
        url = f"sqlite:///{tmp_path / 'calm.db'}"
        UNDISTURBED[seed] = Shop(url, tmp_path / "calm-bank.db", seed, kills=0).live()
    return UNDISTURBED[seed]


def hold(url: str, tmp_path: Path, seed: int, kills: int) -> int:
    """Do the business under kills and check it; return how many there were."""
    shop = Shop(url, tmp_path / "bank.db", seed, kills)
    assert shop.live() == undisturbed(tmp_path, seed)
    with Bank(shop.file) as bank, Kernel.open(url, actor=OWNER) as kernel:
        for kind in ("authorise", "capture", "void", "refund"):
            assert set(bank.done(kind).values()) == {1}, f"{kind} twice: {bank.done(kind)}"
        ours: Counter[str] = Counter()
        with kernel.read("payments") as work:
            for row in work.execute(kernel.assembly.view("payments.payments").query(work)):
                moved = bank.moved(row.payment)
                assert (moved["capture"], moved["void"]) == (row.captured, row.voided), row.payment
                assert moved["refund"] == row.refunded, row.payment
                ours[row.order] += 1
        assert set(ours.values()) == {1}
        for name, check in kernel.assembly.checks.items():
            with kernel.read(name.partition(".")[0]) as work:
                assert check.run(work).health == "ok", (name, check.run(work).detail)
    return shop.died


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_killed_worker_and_a_failing_bank_charge_each_order_once(database_url: str, tmp_path: Path) -> None:
    assert hold(database_url, tmp_path, seed=7, kills=9) >= 5


@pytest.mark.proof
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(10))
def test_whenever_it_is_killed(database_url: str, tmp_path: Path, seed: int) -> None:
    assert hold(database_url, tmp_path, seed=seed, kills=30) >= 10
