"""Several threads and processes write at once."""

import subprocess
import sys
import threading
import time
from pathlib import Path
from statistics import median

import pytest
from sqlalchemy import text

from fenbu.engine.store.database import Database
from fenbu.engine.store.errors import DatabaseBusy
from fenbu.engine.store.gate import Gate
from tests.core.store.writer import add_one

WRITER = Path(__file__).with_name("writer.py")


@pytest.fixture
def counting(database: Database) -> Database:
    """A shelf with no pieces, to which everybody adds."""
    with database.write() as connection:
        connection.execute(text("INSERT INTO erp_shelf (id, label, pieces) VALUES (1, 'north', 0)"))
    return database


def pieces(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(text("SELECT pieces FROM erp_shelf WHERE id = 1")).scalar_one())


def start(url: str, task: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, str(WRITER), url, task], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    return process


def test_eight_threads_and_three_processes_write_and_nobody_is_turned_away(
    counting: Database, url: str
) -> None:
    processes = [start(url, "40") for _ in range(3)]
    failures: list[BaseException] = []

    def write() -> None:
        try:
            for _ in range(15):
                add_one(counting)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    answers = [process.communicate("go\n", timeout=240)[0] for process in processes]
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert all(float(answer) < 10 for answer in answers)
    assert pieces(counting) == 3 * 40 + 8 * 15


@pytest.mark.databases("sqlite")
@pytest.mark.proof  # a share of time: on a busy machine it says something about the machine
def test_of_three_busy_processes_none_starves(counting: Database, url: str) -> None:
    """Without the gate one of them commits six to ten times as often as another."""
    processes = [start(url, "hammer") for _ in range(3)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    commits = sorted(int(process.communicate(timeout=240)[0]) for process in processes)
    assert commits[0] > commits[-1] / 3
    assert pieces(counting) == sum(commits)


def test_a_killed_writer_leaves_nothing_and_holds_nobody_up(counting: Database, url: str) -> None:
    holder = start(url, "hold")
    threading.Timer(0.2, holder.kill).start()
    began = time.monotonic()
    add_one(counting)
    assert 0.1 < time.monotonic() - began < 5
    assert pieces(counting) == 1
    holder.communicate(timeout=60)


def test_whoever_waits_too_long_for_the_gate_is_told_so(tmp_path: Path) -> None:
    side = tmp_path / "fenbu.db.gate"
    with Gate(side), pytest.raises(DatabaseBusy, match="another process") as told, Gate(side, timeout=0.05):
        pass
    assert told.value.exit_code == 69
    with Gate(side, timeout=0.05):
        pass


def test_who_writes_on_and_on_lets_whoever_waits_go_first(tmp_path: Path) -> None:
    """A worker that catches up writes one batch after another, and people place orders meanwhile."""
    side, stop = tmp_path / "fenbu.db.gate", threading.Event()
    batches = 0

    def write_on_and_on() -> None:
        nonlocal batches
        gate = Gate(side)
        while not stop.is_set():
            with gate:
                time.sleep(0.02)
                batches += 1

    worker = threading.Thread(target=write_on_and_on)
    worker.start()
    passed = []
    try:
        person = Gate(side)
        for _order in range(15):
            time.sleep(0.03)
            before = batches
            with person:
                passed.append(batches - before)
    finally:
        stop.set()
        worker.join()
    assert median(passed) <= 2, passed


def test_a_thread_that_waits_too_long_is_told_so(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "fenbu.db.gate", timeout=0.05)
    told: list[DatabaseBusy] = []

    def enter() -> None:
        try:
            with gate:
                pass
        except DatabaseBusy as error:
            told.append(error)

    with gate:
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join(5)
    assert "another thread" in str(told[0])


@pytest.mark.databases("sqlite")
def test_a_waiting_process_wakes_when_another_process_has_committed(counting: Database, url: str) -> None:
    other = start(url, "1")
    counting.wait(0)
    assert counting.wait(0.05) is False
    began = time.monotonic()
    other.communicate("go\n", timeout=60)
    assert counting.wait(5) is True
    assert time.monotonic() - began < 4
    assert pieces(counting) == 1
