"""Three events that take the worker's process with them, among sixty that do not.

    python -m tests.faults.poison URL FOLDER

Starts a worker again as often as it dies; prints how often that was and what is left.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from pathlib import Path

from sqlalchemy import Connection

from fenbu.engine.flows import admin, retry
from fenbu.engine.flows.records import Received
from fenbu.engine.store.database import Database
from tests.core.flows.shop import Placed, Shop

EXITS, CRASHES, KILLED = 13, 27, 41


def die(_connection: Connection, received: Received) -> None:
    if received.seq == EXITS:
        os._exit(9)
    if received.seq == CRASHES:
        os.kill(os.getpid(), signal.SIGSEGV)
    if received.seq == KILLED:
        os.kill(os.getpid(), signal.SIGKILL)  # as the system does when memory is short


def shop_at(url: str) -> Shop:
    shop = Shop(Database.open(url))
    shop.subscribe("shop.ledger", enable=False)
    shop.faults["shop.ledger"] = die
    return shop


def work(url: str, folder: Path) -> int:
    """Drain in a process of its own; return how it ended."""
    child = os.fork()
    if child == 0:
        try:
            retry.BASE_PAUSE = 5_000
            worker = shop_at(url).worker(markers=folder / "hands")
            os._exit(0 if worker.drain(timeout=60).finished else 1)
        except BaseException:
            traceback.print_exc(file=sys.stderr)
            sys.stderr.flush()
            os._exit(1)
    _child, status = os.waitpid(child, 0)
    return status


def main() -> None:
    url, folder = sys.argv[1], Path(sys.argv[2])
    shop = shop_at(url)
    shop.enable(*shop.bound)
    for i in range(60):
        shop.publish(Placed(order=f"O{i % 6}"))
    shop.database.dispose()
    deaths = 0
    while status := work(url, folder):
        deaths += 1
        if deaths > 40 or (os.WIFEXITED(status) and os.WEXITSTATUS(status) == 1):
            break
    shop = shop_at(url)
    with shop.database.read() as connection:
        dead = {one.seq: one.attempts for one in admin.dead(connection)}
    effects = shop.seqs("shop.ledger")
    shop.balance()
    print(
        json.dumps(
            {"deaths": deaths, "dead": dead, "effects": sorted(effects), "held": shop.states("shop.ledger")}
        )
    )


if __name__ == "__main__":
    main()
