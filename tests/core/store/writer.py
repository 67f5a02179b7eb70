"""A process that writes, started by the tests of concurrency: `python writer.py URL COUNT | hold | hammer`."""

import sys
import time

from sqlalchemy import text

from fenbu.engine.store.database import Database

READ = text("SELECT pieces FROM erp_shelf WHERE id = 1")
WRITE = text("UPDATE erp_shelf SET pieces = :pieces WHERE id = 1")
READ_LOCKED = text("SELECT pieces FROM erp_shelf WHERE id = 1 FOR UPDATE")


def add_one(database: Database) -> float:
    """Read a number and write it back one higher; return how long it took, in seconds."""
    began = time.perf_counter()
    with database.write() as connection:
        pieces = connection.execute(READ if database.dialect == "sqlite" else READ_LOCKED).scalar_one()
        connection.execute(WRITE, {"pieces": pieces + 1})
    return time.perf_counter() - began


def main(url: str, task: str) -> None:
    database = Database.open(url)
    if task == "hold":
        with database.write() as connection:
            connection.execute(WRITE, {"pieces": 1_000_000})
            print("holding", flush=True)
            time.sleep(60)
    print("ready", flush=True)
    sys.stdin.readline()
    if task == "hammer":
        end = time.monotonic() + 2
        print(sum(1 for _ in iter(lambda: time.monotonic() < end and add_one(database), False)), flush=True)
        return
    print(max(add_one(database) for _ in range(int(task))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
