"""Bugs to plant: each is a small change of the product that the tests must notice."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest

from fenbu.engine.flows import admin, batch, blocked, delivery, history, look, pending, retry
from fenbu.engine.flows.batch import Batch
from fenbu.engine.flows.delivery import Delivery

Plant = Callable[[pytest.MonkeyPatch], None]


def source(owner: Any, name: str, *changes: tuple[str, str]) -> Plant:
    """Return what plants a change in the source of a function."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        function = getattr(owner, name)
        written = textwrap.dedent(inspect.getsource(function))
        for old, new in changes:
            assert old in written, f"{name} no longer reads {old!r}"
            written = written.replace(old, new)
        made: dict[str, Any] = {}
        exec(compile(written, f"<planted {name}>", "exec"), function.__globals__, made)
        patch.setattr(owner, name, made[name])

    return plant


def constant(module: Any, name: str, old: str, new: str) -> Plant:
    """Return what plants a change in a statement."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        written = getattr(module, name)
        assert old in written, f"{name} no longer reads {old!r}"
        patch.setattr(module, name, written.replace(old, new))

    return plant


def both(*plants: Plant) -> Plant:
    def plant(patch: pytest.MonkeyPatch) -> None:
        for one in plants:
            one(patch)

    return plant


def no_savepoint(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pending, "savepoint", lambda _connection: nullcontext())


def never_release(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(blocked, "release", lambda *_arguments: 0)


def live_at_once(patch: pytest.MonkeyPatch) -> None:
    for module, name in ((delivery, "_LOCK"), (look, "_PLACES")):
        patch.setattr(module, name, getattr(module, name).replace(delivery.LIMIT, str(2**63 - 1)))


RANGE = (
    "seq >= (SELECT min(value) FROM json_each(:seqs)) AND seq <= (SELECT max(value) FROM json_each(:seqs))"
)
PLANTED: dict[str, Plant] = {
    "acknowledged in another transaction": source(
        Delivery,
        "_once",
        (
            "            batch.finish()\n",
            "        with self._database.write() as connection:\n            batch.connection = connection\n"
            "            batch.finish()\n",
        ),
    ),
    "acknowledged by range": both(
        constant(batch, "_DELETE", "{seqs}", RANGE),
        source(Batch, "_acknowledge", ("if gone != len(seqs)", "if False")),
    ),
    "a failed event does not block its key": both(
        source(retry, "fail", ("    blocked.block(connection, subscription, key, seq)\n", "")),
        source(Batch, "_block_key", ("    self.blocks[row.key] = Block(row.seq, releasing=False)\n", "")),
    ),
    "effects of a failed handler are kept": no_savepoint,
    "followers are never released": never_release,
    "followers are released in the wrong order": constant(
        blocked, "_FOLLOWERS", "ORDER BY seq", "ORDER BY seq DESC"
    ),
    "a permanent failure is acknowledged": source(
        Batch,
        "_handle",
        (
            "        self.fail(row, error)\n        return False",
            "        if not retry.is_final(error):\n            self.fail(row, error)\n"
            "            return False",
        ),
        ("if lost or not self.isolated", "if lost or (not self.isolated and not retry.is_final(error))"),
    ),
    "a key is unblocked although followers remain": source(
        blocked, "release", ("if len(seqs) < CHUNK", "if True")
    ),
    "skipping does not release the followers": source(
        admin, "skip", ("return blocked.release(connection, row.id, row.partition, row.key)", "return 0")
    ),
    "a follower in the batch of its failing event is handled": source(
        Batch, "_block_key", ("    self.blocks[row.key] = Block(row.seq, releasing=False)\n", "")
    ),
    "live events overtake history": live_at_once,
    "history is read a little too far": source(
        history,
        "expand",
        ('values["last"] = few.last', 'values["last"] = few.last\n    values["first"] += 1'),
    ),
    "cancelled timers ring": constant(batch, "_FETCH", "c.seq AS cancelled", "NULL AS cancelled"),
    "released followers overtake each other": source(
        blocked.Block, "lets", ("seq <= self.seq if self.releasing else seq == self.seq", "True")
    ),
}


def acknowledge_apart() -> None:
    """Plant the worst of them in this process, for good."""
    PLANTED["acknowledged in another transaction"](pytest.MonkeyPatch())
