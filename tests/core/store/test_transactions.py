"""Writing, reading and undoing."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from fenbu.engine.store.database import Database
from fenbu.engine.store.errors import DatabaseReadOnly, DatabaseReplaced
from fenbu.engine.store.guard import Statistics
from fenbu.engine.store.savepoint import savepoint

ADD = text("INSERT INTO erp_shelf (label, pieces) VALUES (:label, :pieces)")


def labels(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(text("SELECT label FROM erp_shelf ORDER BY id")).scalars())


def add(connection: Connection, label: str) -> None:
    connection.execute(ADD, {"label": label, "pieces": 1})


def test_what_was_written_is_there_after_the_end_of_the_transaction(database: Database) -> None:
    with database.write() as connection:
        add(connection, "north")
    assert labels(database) == ["north"]


def test_nothing_is_kept_when_the_work_raises(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        add(connection, "north")
        _ = 1 // 0
    assert labels(database) == []


def test_tables_made_in_a_transaction_that_raises_are_gone(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE erp_half (id INTEGER PRIMARY KEY)")
        _ = 1 // 0
    with pytest.raises(DBAPIError, match="erp_half"), database.read() as connection:
        connection.exec_driver_sql("SELECT * FROM erp_half")


def test_a_reading_connection_cannot_write(database: Database) -> None:
    with pytest.raises((DatabaseReadOnly, DBAPIError), match=r"read-?only"), database.read() as connection:
        add(connection, "north")
    assert labels(database) == []


def test_a_reader_sees_one_moment_while_others_write(database: Database) -> None:
    count = text("SELECT count(*) FROM erp_shelf")
    with database.read() as reading:
        assert reading.execute(count).scalar() == 0
        with database.write() as connection:
            add(connection, "north")
        assert reading.execute(count).scalar() == 0
    assert labels(database) == ["north"]


def test_an_undone_savepoint_keeps_what_came_before_and_after_it(database: Database) -> None:
    with database.write() as connection:
        add(connection, "before")
        with pytest.raises(DBAPIError), savepoint(connection):
            add(connection, "inside")
            connection.execute(ADD, {"label": None, "pieces": 1})
        add(connection, "after")
    assert labels(database) == ["before", "after"]


def test_savepoints_nest(database: Database) -> None:
    with database.write() as connection, savepoint(connection):
        add(connection, "outer")
        with pytest.raises(ZeroDivisionError), savepoint(connection):
            add(connection, "inner")
            with savepoint(connection):
                add(connection, "innermost")
            _ = 1 // 0
        add(connection, "outer again")
    assert labels(database) == ["outer", "outer again"]


@pytest.mark.databases("sqlite")
def test_one_write_inside_another_is_refused_instead_of_waiting_for_itself(database: Database) -> None:
    with database.write(), pytest.raises(RuntimeError, match="already writing"), database.write():
        pass
    with database.write() as connection:
        add(connection, "north")
    assert labels(database) == ["north"]


def test_the_clock_moves_within_a_transaction(database: Database) -> None:
    with database.write() as connection:
        first = database.clock(connection)
        second = database.clock(connection)
    assert 1_700_000_000_000_000 < first <= second < first + 10_000_000


def test_statements_commits_and_rollbacks_are_counted(database: Database) -> None:
    before = database.statistics.copy()
    with database.write() as connection:
        add(connection, "north")
        add(connection, "south")
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        add(connection, "west")
        _ = 1 // 0
    assert database.statistics.since(before) == Statistics(statements=3, commits=1, rollbacks=1)


def test_a_waiting_thread_wakes_when_another_has_committed(database: Database) -> None:
    ready, woken = threading.Event(), threading.Event()

    def wait() -> None:
        database.wait(0)  # looks once: what came before is known now
        database.wait(0.05)
        ready.set()
        while not database.wait(10):
            pass
        woken.set()

    waiter = threading.Thread(target=wait, daemon=True)
    waiter.start()
    assert ready.wait(5)
    with database.write() as connection:
        add(connection, "north")
    database.notify()
    assert woken.wait(2)
    waiter.join(5)


def test_a_wait_in_which_nothing_happens_ends_after_its_time(database: Database) -> None:
    database.wait(0)
    database.wait(0.2)
    assert database.wait(0.05) is False


def test_a_change_between_looking_and_waiting_is_not_missed(database: Database) -> None:
    database.wait(0)
    database.wait(0.05)
    with database.write() as connection:
        add(connection, "north")
    database.notify()
    assert any(database.wait(1) for _ in range(2))


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("what", ["deleted", "replaced"])
def test_nothing_is_committed_to_a_file_that_was_deleted_or_replaced(database_url: str, what: str) -> None:
    database = Database.create(database_url)
    with database.write():
        pass
    file = Path(database_url.removeprefix("sqlite:///"))
    if what == "deleted":
        file.unlink()
    else:
        (file.parent / "other.db").write_bytes(file.read_bytes())
        (file.parent / "other.db").rename(file)
    told = {"deleted": "it was deleted or moved", "replaced": "another file has taken its place"}[what]
    with pytest.raises(DatabaseReplaced, match=told), database.write():
        pytest.fail("a transaction was begun in a file that nobody will find again")
    database.dispose()
