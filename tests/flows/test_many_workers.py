"""Four `fenbu worker` processes share real orders over three modules while they come in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from fenbu.engine.doctor import examine
from fenbu.engine.kernel import Kernel
from fenbu.testing.databases import DatabaseCopy
from fenbu.work import Actor
from fenbu_payments.sandbox.bank import Bank
from tests.flows import counting, retail, three

DATA = retail.real_data()
pytestmark = [
    pytest.mark.skipif(
        DATA is None,
        reason="the real orders are not here; FENBU_DATA names the folder that holds online_retail",
    ),
    pytest.mark.proof,
    pytest.mark.timeout(7200),
    pytest.mark.databases("postgresql"),
]
PATIENCE = 3000.0
_TRIED_AGAIN = """
    SELECT (SELECT count(*) FROM fenbu_delivery WHERE attempts > 0)
         + (SELECT count(*) FROM fenbu_delivered WHERE attempts > 0)
         + (SELECT count(*) FROM fenbu_call WHERE attempts > 1 OR state <> 'done')
"""
_WAITING = """
    SELECT (SELECT count(*) FROM fenbu_delivery WHERE state <> 'scheduled')
         + (SELECT count(*) FROM fenbu_call WHERE state IN ('new', 'sending', 'unknown'))
"""
_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


@contextmanager
def worker(url: str, log: Path) -> Iterator[None]:
    """Let a worker process deliver while the body runs; it must stop when it is asked to."""
    command = [sys.executable, "-m", "fenbu", "worker", "--database", url]
    with log.open("w", encoding="utf-8") as told:
        state = os.environ | {"XDG_STATE_HOME": str(log.parent / "state")}
        process = subprocess.Popen(command, stdout=told, stderr=subprocess.STDOUT, env=state)
        try:
            yield
            assert process.poll() is None, log.read_text(encoding="utf-8")
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0, log.read_text(encoding="utf-8")
        finally:
            process.kill()
            process.wait()


def asked(kernel: Kernel, question: str) -> int:
    with kernel.database.read() as connection:
        return int(connection.execute(text(question)).scalar_one())


def test_no_deadlock_of_four_workers_is_counted_against_an_event(
    database_copy: DatabaseCopy, tmp_path: Path
) -> None:
    """Whoever wants the same articles, accounts and numbers waits in one order; goods come in between."""
    assert DATA is not None
    url = database_copy("three", three.build)
    file = DATA / "small" / "orders.csv.gz"
    told = counting.expected(file)
    with Kernel.open(url, actor=Actor(retail.OWNER)) as kernel, Bank(tmp_path / "sandbox.db") as bank:
        three.take_cards(kernel, tmp_path / "sandbox.db")
        three.stock_up(kernel, DATA / "small" / "opening_stock.csv", tmp_path / "stock.rejects.csv")
        with ExitStack() as workers:
            for number in range(4):
                workers.enter_context(worker(url, tmp_path / f"worker-{number}.log"))
            report = retail.run(kernel, file, deliver=False, rejects=tmp_path / "rejects.csv")
            assert report.imported["sale"].documents == told["by_kind"]["sale"]["documents"]
            wait(kernel)
            received = three.receive_what_is_short(kernel, three.costs(DATA / "small" / "opening_stock.csv"))
            wait(kernel)
            workers_left = asked(kernel, "SELECT count(*) FROM fenbu_worker")
        print(
            f"{asked(kernel, _DEADLOCKS)} deadlocks, {received} pieces came late, {workers_left} workers, "
            f"{asked(kernel, 'SELECT count(*) FROM fenbu_delivered'):,} deliveries"
        )
        assert asked(kernel, _TRIED_AGAIN) == 0
        assert workers_left == 4
        assert set(bank.done("capture").values()) == {1}
        dispatched = retail.total(retail.rows(kernel, "scm.order-lines"), "dispatched")
        assert dispatched == told["goods_sold_pieces"]
        captured = retail.total(retail.rows(kernel, "payments.payments"), "captured")
        assert captured == told["by_kind"]["sale"]["amount"] > Decimal(0)
        kernel.seal_audit()
        sick = {one.check.name: one.finding for one in examine(kernel) if one.finding.health != "ok"}
        assert not sick


def wait(kernel: Kernel) -> None:
    """Wait until nothing is left for the workers."""
    until = time.monotonic() + PATIENCE
    while asked(kernel, _WAITING):
        assert time.monotonic() < until, "the workers do not come to an end"
        time.sleep(0.5)
