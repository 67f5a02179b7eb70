"""What the database itself does, in numbers that no noise can touch.

SQLite counts the instructions of its virtual machine, PostgreSQL the blocks that it looks at. Where a statement reads
more rows the longer the history is, these numbers say so on the busiest machine.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attrs import define
from sqlalchemy import event
from sqlalchemy.pool import Pool

from benchmarks import floor
from benchmarks.servers import kind

EVERY = 100
"""Instructions of SQLite that are counted at once."""
UNIT = {"sqlite": "instructions", "postgresql": "blocks"}
_BLOCKS = """
    SELECT sum(coalesce(hits, 0) + coalesce(reads, 0)) FROM pg_stat_io WHERE backend_type = 'client backend'
"""
"""Of sessions alone: what vacuums tables meanwhile looks at many more."""
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


@define
class Steps:
    """How much the database did."""

    count: int = 0


@contextmanager
def counted(url: str) -> Iterator[Steps]:
    """Count what the database does while the body opens it, works and closes it; the number is there afterwards."""
    with _instructions() if kind(url) == "sqlite" else _blocks(url) as steps:
        yield steps


@contextmanager
def _instructions() -> Iterator[Steps]:
    steps = Steps()

    def count() -> None:
        steps.count += EVERY

    def checkout(driver: Any, _record: Any, _proxy: Any) -> None:
        driver.set_progress_handler(count, EVERY)

    event.listen(Pool, "checkout", checkout)
    try:
        yield steps
    finally:
        event.remove(Pool, "checkout", checkout)


@contextmanager
def _blocks(url: str) -> Iterator[Steps]:
    """A session says what it has looked at when it ends."""
    before, steps = _looked_at(url), Steps()
    yield steps
    steps.count = _looked_at(url) - before


def _looked_at(url: str) -> int:
    with floor.driver(url) as connection:
        while connection.execute(_OTHERS).fetchone()[0]:
            time.sleep(0.01)
        return int(connection.execute(_BLOCKS).fetchone()[0])
