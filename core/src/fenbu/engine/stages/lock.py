"""The lock of the rollout: one applies or rolls back at a time.

A row names the holder. Each step commits only while its holder's token stands there, so a lock that was taken away
stops whoever lost it. A holder whose process has died is known on the same machine by number and birth of the process;
on another machine by its silence, which only a person may judge.
"""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path
from secrets import token_hex

from attrs import frozen
from sqlalchemy import Connection, delete, select, text, update

from fenbu.engine.stages.errors import Locked, LockLost
from fenbu.engine.store.tables import rollout_lock

_L = rollout_lock.c
_TAKE = text(
    "INSERT INTO fenbu_rollout_lock (id, token, operator, verb, host, pid, born, taken_at, beat_at) "
    "VALUES (1, :token, :operator, :verb, :host, :pid, :born, :at, :at) ON CONFLICT (id) DO NOTHING"
)
_held_here: set[str] = set()
"""Tokens that this process holds: after a failure to release, its own number proves nothing."""


@frozen(kw_only=True)
class Held:
    """Who holds the lock."""

    token: str
    operator: str
    verb: str
    host: str
    pid: int
    born: str
    taken_at: int
    beat_at: int

    @property
    def dead(self) -> bool:
        """Its process is known to have died."""
        if self.host != socket.gethostname():
            return False
        if self.pid == os.getpid() and self.born == _born(self.pid):
            return self.token not in _held_here
        return _born(self.pid) != self.born

    def refusal(self, at: int) -> Locked:
        """Return what is said to whoever wants it too."""
        seconds, silent = (max(0, at - since) // 1_000_000 for since in (self.taken_at, self.beat_at))
        return Locked(self.operator, self.verb, self.host, self.pid, seconds, silent)


def held(connection: Connection) -> Held | None:
    """Return who holds the lock, dead or alive."""
    row = connection.execute(select(rollout_lock)).first()
    if row is None:
        return None
    return Held(**{name: value for name, value in row._mapping.items() if name != "id"})


def new_token() -> str:
    """Return what the holder of a lock is known by, to itself alone."""
    return token_hex(16)


def take(connection: Connection, token: str, operator: str, verb: str, at: int) -> Held | None:
    """Take the lock in the caller's transaction; once more by the same token does nothing.

    Args:
        connection: In a transaction that holds the catalogue lock alone.
        token: As `new_token` has given it; `forget` and `release` it on every path.
        operator: Who takes it.
        verb: For what.
        at: UTC microseconds.

    Returns:
        The dead holder from whom it was taken over, if any.

    Raises:
        Locked: Somebody holds it, for all that is known.
    """
    _held_here.add(token)  # before anybody else could see it
    values = {"token": token, "operator": operator, "verb": verb, "host": socket.gethostname()}
    row = values | {"pid": os.getpid(), "born": _born(os.getpid()), "at": at}
    before: Held | None = None
    while connection.execute(_TAKE, row).rowcount != 1:
        if (known := held(connection)) is None:
            continue  # given back in between
        if known.token == token:  # the answer to its commit got lost
            return before
        if not known.dead:
            raise known.refusal(at)
        connection.execute(delete(rollout_lock).where(_L.token == known.token))
        before = known
    return before


def keep(connection: Connection, token: str, at: int) -> None:
    """Give a sign of life in the transaction of a step.

    Raises:
        LockLost: It was taken away.
    """
    if connection.execute(update(rollout_lock).where(_L.token == token).values(beat_at=at)).rowcount != 1:
        raise LockLost


def release(connection: Connection, token: str) -> None:
    """Give the lock back; nothing happens when it was taken away before."""
    connection.execute(delete(rollout_lock).where(_L.token == token))


def forget(token: str) -> None:
    """Hold a token no longer in this process, whether or not it could be given back."""
    _held_here.discard(token)


def _born(pid: int) -> str:
    """Return when a process began, as its machine counts; empty when there is none of this number."""
    if pid == os.getpid():
        return _own_birth(pid)
    return _birth(pid)


@cache
def _own_birth(pid: int) -> str:
    return _birth(pid)


def _birth(pid: int) -> str:
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _alive(pid)
    state, *fields = told.rpartition(")")[2].split()
    return "" if state in ("Z", "X") else fields[18]


def _alive(pid: int) -> str:
    """Say of a machine without /proc whether there is a process of this number."""
    if Path("/proc/self").exists():
        return ""
    if os.name == "nt":  # there a signal, even none, ends the process
        return "there"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except OSError:
        return "there"
    return "there"
