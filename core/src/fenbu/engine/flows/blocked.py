"""Blocked keys: what waits behind an event that fails, and how it is let go again.

One row a key: while an event fails or is dead, every other delivery of its key is held, so that the key's order
is kept and no other key waits. When that event is done or skipped, its followers are released a number at a
time, in order: the row then names the last that may go, and doing that one releases the next.

Holding moves a delivery out of the range that workers read: 100,000 deliveries behind one dead event then
cost the others nothing.
"""

from __future__ import annotations

from attrs import frozen
from sqlalchemy import Connection

from fenbu.engine.flows.sql import packed, statement

CHUNK = 1000

NEEDS_NEWER = "NeedsNewerModule"
"""Beginning of the error of a delivery that is held because its version is above what the handler knows."""

_BLOCK = """
    INSERT INTO fenbu_blocked_key (subscription, key, seq, releasing) VALUES (:subscription, :key, :seq, 0)
    ON CONFLICT (subscription, key) DO UPDATE SET seq = excluded.seq, releasing = 0
"""
_BEFORE = """
    SELECT EXISTS (SELECT 1 FROM fenbu_delivery
                   WHERE subscription = :subscription AND partition = :partition AND state = 'waiting'
                     AND seq < :seq AND key = :key) AS earlier,
           (SELECT seq FROM fenbu_blocked_key WHERE subscription = :subscription AND key = :key) AS blocked,
           (SELECT releasing FROM fenbu_blocked_key
            WHERE subscription = :subscription AND key = :key) AS releasing
"""
_HOLD = """
    UPDATE fenbu_delivery SET state = 'held'
    WHERE subscription = :subscription AND partition = :partition AND state = 'waiting' AND seq IN (
        SELECT n.seq FROM (
            SELECT d.seq, d.key FROM fenbu_delivery d
            WHERE d.subscription = :subscription AND d.partition = :partition AND d.state = 'waiting'
              AND d.seq >= :first ORDER BY d.seq LIMIT :limit) n
        JOIN fenbu_blocked_key b ON b.subscription = :subscription AND b.key = n.key
        WHERE CASE b.releasing WHEN 1 THEN n.seq > b.seq ELSE n.seq <> b.seq END)
"""
_FOLLOWERS = """
    SELECT seq FROM fenbu_delivery
    WHERE subscription = :subscription AND key = :key AND state = 'held' ORDER BY seq LIMIT :limit
"""
_LET_GO = """
    UPDATE fenbu_delivery SET state = 'waiting', not_before = 0, error = NULL
    WHERE subscription = :subscription AND partition = :partition AND state = 'held' AND {seqs}
"""
_UNBLOCK = "DELETE FROM fenbu_blocked_key WHERE subscription = :subscription AND key = :key"
_RELEASING = """
    UPDATE fenbu_blocked_key SET seq = :seq, releasing = 1 WHERE subscription = :subscription AND key = :key
"""
_RELEASE_NEWER = """
    UPDATE fenbu_delivery SET state = 'waiting', error = NULL
    WHERE subscription = :subscription AND state = 'held' AND error LIKE :newer
      AND seq IN (SELECT b.seq FROM fenbu_blocked_key b
                  WHERE b.subscription = :subscription AND b.key = fenbu_delivery.key AND b.releasing = 0)
"""


@frozen
class Block:
    """Why a key does not simply go on."""

    seq: int
    releasing: bool
    """False: this event fails. True: its followers are let go up to and with this one."""

    def lets(self, seq: int) -> bool:
        """Say whether a delivery of the key may be handled now."""
        return seq <= self.seq if self.releasing else seq == self.seq

    def ends_with(self, seq: int) -> bool:
        """Say whether more followers may go once this delivery is done."""
        return seq == self.seq


def block(connection: Connection, subscription: int, key: str, seq: int) -> None:
    """Let everything else of a key wait for this event."""
    values = {"subscription": subscription, "key": key, "seq": seq}
    connection.execute(statement(_BLOCK, connection.dialect.name), values)


def is_first(connection: Connection, subscription: int, partition: int, key: str, seq: int) -> bool:
    """Say whether this waiting delivery is the next of its key: only such a one may block it."""
    values = {"subscription": subscription, "partition": partition, "key": key, "seq": seq}
    row = connection.execute(statement(_BEFORE, connection.dialect.name), values).one()
    return not row.earlier and (row.blocked is None or Block(row.blocked, bool(row.releasing)).lets(seq))


def hold(connection: Connection, subscription: int, partition: int, first: int) -> int:
    """Move the deliveries that wait for another of their key out of the way; return how many.

    Looks at the next thousand waiting ones, from the number `first` on.
    """
    values = {"subscription": subscription, "partition": partition, "first": first, "limit": CHUNK}
    return connection.execute(statement(_HOLD, connection.dialect.name), values).rowcount


def release(connection: Connection, subscription: int, partition: int, key: str) -> int:
    """The event that held a key back has ended: let the next followers go, in order; return how many."""
    dialect = connection.dialect.name
    place: dict[str, object] = {"subscription": subscription, "key": key}
    found = connection.execute(statement(_FOLLOWERS, dialect), place | {"limit": CHUNK})
    seqs = [row[0] for row in found]
    if seqs:
        values = {"subscription": subscription, "partition": partition, "seqs": packed(dialect, seqs)}
        connection.execute(statement(_LET_GO, dialect), values)
    if len(seqs) < CHUNK:
        connection.execute(statement(_UNBLOCK, dialect), place)
    else:
        connection.execute(statement(_RELEASING, dialect), place | {"seq": seqs[-1]})
    return len(seqs)


def release_newer(connection: Connection, subscription: int) -> int:
    """A newer module has come: let the deliveries that were held for it be tried; return how many."""
    values = {"subscription": subscription, "newer": f"{NEEDS_NEWER}%"}
    return connection.execute(statement(_RELEASE_NEWER, connection.dialect.name), values).rowcount
