"""What becomes of a delivery that failed: when it is tried again, and when it is dead.

Full jitter: the n-th pause is anything up to ``base · 2ⁿ`` seconds, at most five minutes, so that what failed
together does not come back together.
"""

from __future__ import annotations

import random
import re
import traceback

from sqlalchemy import Connection

from fenbu.engine.flows import blocked
from fenbu.engine.flows.errors import ChainTooDeep, Overtaken
from fenbu.engine.flows.sql import statement
from fenbu.errors import FenbuError, Permanent, in_words, storable

MAX_PAUSE = 300_000_000
"""Microseconds. A time further away than this counts as due: the clock must have jumped."""
BASE_PAUSE = 1_000_000
CRASHES = 3
"""How often an event may take the worker's process with it before it is dead."""

_DIED = "WorkerDied"
_MAX_ERROR = 4000

_FAIL = """
    UPDATE fenbu_delivery SET state = :state, attempts = :attempts, not_before = :not_before, error = :error
    WHERE subscription = :subscription AND partition = :partition AND state = 'waiting' AND seq = :seq
      AND attempts = :attempts - 1
"""


def pause(attempts: int) -> int:
    """Return how long to wait after so many failures, microseconds."""
    return int(random.uniform(0, min(MAX_PAUSE, BASE_PAUSE * 2 ** min(attempts, 30))))


def is_final(error: BaseException) -> bool:
    """Say whether trying again will never help."""
    return isinstance(error, Permanent | ChainTooDeep)


def told(error: BaseException) -> str:
    """Return an error as it is kept: its class and text in the first line, then where it was raised."""
    first = in_words(error)
    if isinstance(error, FenbuError):
        return first[:_MAX_ERROR]
    trace = storable("".join(traceback.format_exception(error, limit=-6)))
    return f"{first}\n{trace}"[:_MAX_ERROR]


def crashes_told(error: str | None) -> int:
    """Return how often in a row this delivery's error says that the worker died of it."""
    found = re.match(rf"{_DIED}: (\d+)", error or "")
    return int(found[1]) if found else 0


def tell_crash(times: int) -> str:
    """Return the error of a delivery that was in hand when a worker's process ended."""
    return f"{_DIED}: {times} of {CRASHES} times its process ended while this was in hand"


def fail(
    connection: Connection,
    subscription: int,
    partition: int,
    seq: int,
    key: str,
    *,
    attempts: int,
    error: str,
    dead: bool,
    now: int,
) -> int:
    """Count a failure of a waiting delivery, and let its key wait for it.

    Args:
        connection: Holding the partition.
        subscription: Its id.
        partition: Of the key.
        seq: The event.
        key: Of the event.
        attempts: Including this one.
        error: As `told`.
        dead: It is not tried again by itself.
        now: UTC microseconds.

    Returns:
        When it is tried again, UTC microseconds; 0 when it is dead.

    Raises:
        Overtaken: The delivery is no longer waiting, or somebody has counted a failure already.
    """
    not_before = 0 if dead else now + pause(attempts)
    values: dict[str, object] = {"subscription": subscription, "partition": partition, "seq": seq}
    values |= {"attempts": attempts, "not_before": not_before, "error": error}
    values |= {"state": "dead" if dead else "waiting"}
    if connection.execute(statement(_FAIL, connection.dialect.name), values).rowcount != 1:
        raise Overtaken(f"event {seq} of subscription {subscription} is no longer waiting")
    blocked.block(connection, subscription, key, seq)
    return not_before
