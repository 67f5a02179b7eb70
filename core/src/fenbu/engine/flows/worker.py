"""The worker: a loop that looks what is due, does it, and waits at no cost.

It takes no lock to look, goes round all subscriptions fairly, and may be killed at any moment. One worker
works in one thread; its calls to the outside are made in another, so that a slow gateway holds up nothing.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from types import FrameType

from attrs import frozen
from sqlalchemy import Connection

from fenbu.engine.flows import caller, history, housekeeping, timers
from fenbu.engine.flows import look as looking
from fenbu.engine.flows.batch import Place
from fenbu.engine.flows.caller import Caller
from fenbu.engine.flows.deadline import Deadline, lock_waits
from fenbu.engine.flows.delivery import Delivery
from fenbu.engine.flows.errors import Again
from fenbu.engine.flows.look import Due
from fenbu.engine.flows.marker import Marker, Markers
from fenbu.engine.flows.records import Before, BoundCall, BoundSubscription, Clock
from fenbu.engine.store.database import Database
from fenbu.engine.store.infrastructure import infrastructure, retryable

IDLE = 1.0
"""Longest wait between two looks, seconds: the net under every other way of being woken."""
SLICE = 0.1
"""How long one place is worked at before the next one has its turn, seconds."""
mix = random.shuffle
"""Orders the places of a look: several workers begin at different ones."""
BEAT = 10.0
PRUNE = 600.0
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 5.0


@frozen
class Drained:
    """What came of draining."""

    done: int
    """Deliveries handled."""
    finished: bool
    """False: time ran out first."""


class Worker:
    """Delivers events and makes calls until it is stopped.

    Args:
        database: Of the enterprise.
        subscriptions: Returns what this process can serve, as it is now; the same object while nothing changed.
        calls: The same for calls; None leaves them to others.
        before: Called first in each writing transaction: takes the catalogue lock shared, and either brings this
            process up to date or raises `Again`.
        markers: Folder of the files that name what is in hand; one for all workers of a machine and database.
        clock: UTC microseconds; the database's unless given.
        resting: Called when nothing is left to do, outside of any transaction; returns whether it did something
            (moves on modules that have caught up or drained).
        own_process: The worker may end its process when a handler is stuck for good.
        on_copy: As `Caller` takes it.
    """

    def __init__(
        self,
        database: Database,
        subscriptions: Callable[[], Sequence[BoundSubscription]],
        calls: Callable[[], Sequence[BoundCall]] | None = None,
        before: Before | None = None,
        *,
        markers: Path | None = None,
        clock: Clock | None = None,
        resting: Callable[[], bool] | None = None,
        own_process: bool = False,
        on_copy: bool = False,
    ) -> None:
        self.id = f"{socket.gethostname()}-{os.getpid()}-{token_hex(3)}"
        self._database = database
        self._subscriptions = subscriptions
        before = before or _nothing_before
        self._before = before
        self._clock = clock or database.clock
        self._resting = resting or _nothing_to_do
        self._markers = None if markers is None else Markers(markers)
        self._marker: Marker | None = None if self._markers is None else self._markers.take()
        self._deadline = Deadline(may_exit=own_process, waits=lock_waits(database))
        self._delivery = Delivery(
            database,
            subscriptions,
            before,
            clock=clock,
            deadline=self._deadline,
            marker=self._marker,
        )
        self._caller = (
            None if calls is None else Caller(database, calls, before, clock=self._clock, on_copy=on_copy)
        )
        self._stop = threading.Event()
        self._recovered = False
        self._next_beat = 0.0
        self._next_prune = time.monotonic() + PRUNE * random.random()
        self._retry_at: int | None = None
        self._calls_due = False
        """Whether the last turn has seen, or left, a call to be made."""
        self._done = 0
        self._failure: Exception | None = None
        """Why its calls cannot go on; the whole worker then ends."""

    # --- running --------------------------------------------------------------------------------------

    def run(self, until: threading.Event | None = None, *, signals: bool = False) -> None:
        """Work until stopped; the batch in hand is finished first.

        A lost connection, a full disk, a deadlock are waited out; nothing is counted against any event.

        Args:
            until: Stops when set, besides `stop`.
            signals: SIGTERM and SIGINT stop it; for the main thread of a process of its own.
        """
        self._stop = until or self._stop
        calling = threading.Thread(target=self._call_on, name="fenbu-calls", daemon=True)
        with _stopping(self._stop) if signals else _nothing():
            if self._caller is not None:
                calling.start()
            try:
                self._work_on()
            finally:
                self._stop.set()
                if calling.is_alive():
                    calling.join()
                self._leave()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Let `run` end after the batch in hand; returns at once."""
        self._stop.set()

    @contextmanager
    def running(self) -> Iterator[Worker]:
        """Work in a thread of this process while the body runs."""
        thread = threading.Thread(target=self.run, name="fenbu-worker", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.stop()
            thread.join()

    def drain(self, key: str | None = None, timeout: float = 60.0) -> Drained:
        """Work until nothing is left that would end by itself: deliveries done or dead, calls with an outcome.

        Timers that are not due, what is held behind the dead, and what nobody here can serve are not waited for; of
        one key neither is what its module takes only when it has caught up, which is work with all other keys.

        Args:
            key: Only this key's; all when None.
            timeout: Seconds.
        """
        started, before = time.monotonic(), self._done
        patience = _Patience(self._stop)
        while True:
            try:
                worked = self.turn(key)
                worked = self._call(key) or worked
                patience.reset()
                if not worked and not self._left(key) and not self._resting():
                    return Drained(self._done - before, True)
            except Again:
                continue
            except Exception as error:
                patience.with_(error)
                worked = False
            if time.monotonic() - started > timeout:
                return Drained(self._done - before, False)
            if not worked:
                self._database.wait(0.05)

    def turn(self, key: str | None = None) -> bool:
        """Look once and do what is due; return whether there was anything.

        Raises:
            Again: The set of modules has moved.
            DatabaseReplaced: The file of the enterprise was deleted or replaced; to go on would be work for nobody.
            Exception: The machine failed (`infrastructure`).
        """
        self._database.check()
        self._recover()
        self._deadline.rest()
        due = self._look(key)
        worked = False
        mix(due.places)
        for place in due.places:
            if self._stop.is_set():
                return worked
            worked = self._deliver(place, key) or worked
        if due.ringing:
            with self._writing() as connection:
                worked = timers.ring(connection, self._clock(connection)) > 0 or worked
        for one in due.reading if key is None else ():
            if self._serves(one.name):
                worked = self._expand(one) or worked
        return worked

    def close(self) -> None:
        """Give back what it holds besides the database."""
        self._deadline.close()
        if self._marker is not None:
            self._marker.close()
            self._marker = None

    # --- parts of a turn ------------------------------------------------------------------------------

    def _work_on(self) -> None:
        patience = _Patience(self._stop)
        while not self._stop.is_set():
            try:
                self._keep_house()
                worked = self.turn() or self._resting()
                patience.reset()
                if not worked:
                    self._database.wait(self._idle())
            except Again:
                continue
            except Exception as error:
                patience.with_(error)

    def _call_on(self) -> None:
        assert self._caller is not None
        patience = _Patience(self._stop)
        while not self._stop.is_set():
            try:
                worked = self._caller.once(stop=self._stop.is_set)
                patience.reset()
                if not worked:
                    self._database.wait(IDLE / 4)
            except Again:
                continue
            except Exception as error:
                try:
                    patience.with_(error)
                except Exception as failure:
                    self._failure = failure
                    self._stop.set()

    def _call(self, key: str | None) -> bool:
        """Make the calls that were due or recorded in this turn, for a slice of time; return whether there were any."""
        started, worked = time.monotonic(), False
        if self._caller is None or not (self._calls_due or self._caller.holds_outcomes):
            return False
        while self._caller.once(key=key, stop=self._stop.is_set):
            worked = True
            if self._stop.is_set() or time.monotonic() - started > SLICE:
                break
        return worked

    def _look(self, key: str | None) -> Due:
        with self._database.read() as connection:
            now = self._clock(connection)
            moment = caller.moment(now) if self._caller is None else self._caller.moment(now)
            due = looking.look(connection, moment, key)
        self._calls_due = bool(due.calls)
        due.places[:] = [place for place in due.places if self._serves(place.name)]
        upcoming = [at for at in (due.next_timer, self._retry_at) if at is not None and at > due.now]
        self._retry_at = min(upcoming, default=None)
        self._now = due.now
        return due

    def _idle(self) -> float:
        """Return how long nothing can become due by itself, at most a second."""
        if self._retry_at is None:
            return IDLE
        return max(0.001, min(IDLE, (self._retry_at - self._now) / 1_000_000))

    def _serves(self, name: str) -> bool:
        bound = self._delivery.find(name)
        return bound is not None and bound.handle is not None

    def _deliver(self, place: Place, key: str | None) -> bool:
        """Work at one place for its slice of time."""
        started, worked = time.monotonic(), False
        while True:
            outcome = self._delivery.deliver(place, key=key)
            self._done += outcome.done
            self._calls_due |= outcome.called
            if outcome.retry_at is not None:
                self._retry_at = min(outcome.retry_at, self._retry_at or outcome.retry_at)
            if outcome.worked:
                worked = True
                self._database.notify()
            if not (outcome.worked and outcome.full) or self._stop.is_set():
                return worked
            if time.monotonic() - started > SLICE:
                return worked

    def _expand(self, one: history.Reading) -> bool:
        with self._writing() as connection:
            made, done = history.expand(connection, one.id, self._clock(connection))
        return made > 0 or done

    def _left(self, key: str | None) -> bool:
        names = [one.name for one in self._subscriptions() if one.handle is not None]
        with self._database.read() as connection:
            if looking.left(connection, names, key):
                return True
            return self._caller is not None and self._caller.serves_left(connection, key)

    def _recover(self) -> None:
        """Count an attempt for what was in hand where a process ended; at the start, and now and then."""
        if self._recovered or self._markers is None:
            return
        if self._marker is not None and (left := self._marker.left()):
            self._delivery.suspect(*left)
            self._marker.clear()
        for marker in self._markers.ownerless():
            if left := marker.left():
                self._delivery.suspect(*left)
                marker.clear()
        self._recovered = True

    def _keep_house(self) -> None:
        now = time.monotonic()
        if now >= self._next_beat:
            with self._database.write() as connection:
                doing = f"{self._done} done"
                at = self._clock(connection)
                housekeeping.beat(connection, self.id, socket.gethostname(), os.getpid(), doing, at)
            self._next_beat = now + BEAT
        if now >= self._next_prune:
            with self._database.write() as connection:
                pruned = housekeeping.prune(connection, self._clock(connection))
            self._recovered = False
            self._next_prune = now + (1.0 if pruned else PRUNE)

    def _leave(self) -> None:
        try:
            with self._database.write() as connection:
                housekeeping.leave(connection, self.id)
        except Exception as error:
            if not infrastructure(error):
                raise
        finally:
            self.close()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._database.write() as connection:
            self._before(connection)
            yield connection


class _Patience:
    """Waits out failures of the machine, longer each time; raises what is no such failure."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._pause = _FIRST_PAUSE

    def with_(self, error: Exception) -> None:
        if not infrastructure(error):
            raise error
        if retryable(error) and self._pause == _FIRST_PAUSE:
            self._stop.wait(random.uniform(0, _FIRST_PAUSE))
        else:
            self._stop.wait(self._pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def reset(self) -> None:
        self._pause = _FIRST_PAUSE


@contextmanager
def _stopping(stop: threading.Event) -> Iterator[None]:
    """Let SIGTERM and SIGINT set the event while the body runs; a second one interrupts as usual."""

    def asked(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt(signal.Signals(number).name)
        stop.set()

    before = {number: signal.signal(number, asked) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _nothing_to_do() -> bool:
    return False


def _nothing_before(_connection: Connection) -> None:
    """Stand in for the catalogue lock where nobody changes the set of modules."""
