"""PostgreSQL dies in the midst of everything and comes back: what it acknowledged is there, once."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from fenbu.engine.flows import retry
from fenbu.engine.kernel import Kernel
from fenbu.engine.store.errors import DatabaseReadOnly, DatabaseUnreachable, OutcomeUnknown
from fenbu.testing.databases import PostgresServer
from fenbu.testing.enterprises import OWNER
from tests.faults.server import Server, mortal_server
from tests.faults.stories import count, ordered
from tests.faults.test_disks import build, until, untroubled

pytestmark = [
    pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning"),
    pytest.mark.proof,
    pytest.mark.databases("postgresql"),
    pytest.mark.timeout(900),
]

DEATHS = 8


@pytest.fixture
def server() -> Iterator[Server]:
    with mortal_server() as started:
        yield started


@pytest.fixture
def office(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    monkeypatch.setattr(retry, "BASE_PAUSE", 2_000)
    place = PostgresServer(server.url)
    url = place.copy("a busy office", build)
    place.close()
    with Kernel.open(url, actor=OWNER) as kernel:
        yield kernel


class Person(threading.Thread):
    """Places orders until told to stop; repeats with the same key what nobody has answered."""

    def __init__(self, kernel: Kernel, name: str, stop: threading.Event, *, keys: bool) -> None:
        super().__init__()
        self._kernel, self._name, self._stop_it, self._keys = kernel, name, stop, keys
        self.placed = self.unknown = self.told = 0
        self.failed: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._stop_it.is_set():
                self._place(f"{self._name} {self.placed}" if self._keys else None)
        except BaseException as error:
            self.failed = error

    def _place(self, key: str | None) -> None:
        while True:
            try:
                self._kernel.perform("erp.order.place", ordered(1), key=key)
            except OutcomeUnknown:
                self.unknown += 1
                if key is None:
                    return
            except DatabaseUnreachable:
                self.told += 1
            else:
                self.placed += 1
                return
            time.sleep(0.02)


def test_killed_and_restarted_again_and_again_it_loses_and_doubles_nothing(
    server: Server, office: Kernel
) -> None:
    before, stop = count(office, "erp_order"), threading.Event()
    chance = random.Random(7)
    careful, careless = Person(office, "P", stop, keys=True), Person(office, "Q", stop, keys=False)
    people = [careful, careless]
    with office.worker().running():
        for one in people:
            one.start()
        for number in range(DEATHS):
            time.sleep(chance.uniform(0.2, 0.8))
            server.die(signal.SIGQUIT if number % 2 else signal.SIGKILL)
            server.start()
        time.sleep(0.5)
        stop.set()
        for one in people:
            one.join()
        until(lambda: count(office, "fenbu_delivery") == 0)
    assert [one.failed for one in people] == [None, None]
    known = careful.placed + careless.placed
    assert known >= DEATHS
    assert sum(one.told + one.unknown for one in people) >= 1, "somebody was to notice"
    assert known <= count(office, "erp_order") - before <= known + careless.unknown
    untroubled(office)


def test_while_it_takes_no_writes_people_are_told_so_and_what_waits_goes_on_when_it_does(
    server: Server, office: Kernel
) -> None:
    office.perform("erp.order.place", ordered(1))
    server.stop()
    server.stand_by()
    with pytest.raises(DatabaseReadOnly, match="cannot be written") as told:
        office.perform("erp.order.place", ordered(1))
    assert told.value.exit_code == 69
    office.database.wait(0.05)  # nobody can listen there, and nobody fails of it
    with office.worker().running():
        time.sleep(0.5)
        assert count(office, "fenbu_delivery") > 0
        server.promote()
        until(lambda: count(office, "fenbu_delivery") == 0)
    untroubled(office)
