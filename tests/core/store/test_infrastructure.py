"""A failure of the machine is told from a failure of the work."""

import threading
import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from fenbu.engine.store.database import Database
from fenbu.engine.store.errors import DatabaseBusy, DatabaseReadOnly, DatabaseUnreachable, ForeignTable
from fenbu.engine.store.infrastructure import infrastructure, retryable
from fenbu.errors import Permanent


def failing(database: Database, *statements: str) -> BaseException:
    with pytest.raises(Exception) as told, database.write() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    return told.value


def test_a_broken_rule_is_about_the_work(database: Database) -> None:
    error = failing(database, "INSERT INTO erp_shelf (label) VALUES (NULL)")
    assert isinstance(error, IntegrityError)
    assert not infrastructure(error)


def test_a_mistake_in_a_statement_is_about_the_work(database: Database) -> None:
    assert not infrastructure(failing(database, "SELECT nonsense FROM erp_shelf"))
    assert not infrastructure(failing(database, "INSERT INTO nowhere VALUES (1)"))


@pytest.mark.parametrize("error", [ValueError("x"), Permanent("never"), ForeignTable("crm", "erp_shelf")])
def test_errors_of_code_are_about_the_work(error: Exception) -> None:
    assert not infrastructure(error)
    assert not retryable(error)


@pytest.mark.databases("postgresql")
def test_a_lost_connection_says_nothing_about_the_work_and_the_next_one_is_good(database: Database) -> None:
    with pytest.raises(DatabaseUnreachable) as told, database.write() as connection:
        me = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with database.write() as other:
            other.execute(text("SELECT pg_terminate_backend(:me)"), {"me": me})
        connection.execute(text("INSERT INTO erp_shelf (label) VALUES ('north')"))
    assert infrastructure(told.value)
    assert retryable(told.value)
    with database.write() as connection:
        connection.execute(text("INSERT INTO erp_shelf (label) VALUES ('south')"))


@pytest.mark.databases("postgresql")
def test_a_lock_that_is_not_given_says_nothing_about_the_work(database: Database) -> None:
    with pytest.raises(DatabaseBusy) as told, database.write() as holder, database.write() as waiter:
        holder.exec_driver_sql("LOCK TABLE erp_shelf IN EXCLUSIVE MODE")
        waiter.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
        waiter.execute(text("INSERT INTO erp_shelf (label) VALUES ('north')"))
    assert retryable(told.value)


@pytest.mark.databases("postgresql")
def test_a_server_that_takes_no_writes_says_nothing_about_the_work(database: Database) -> None:
    with pytest.raises(DatabaseReadOnly, match="cannot be written") as told, database.write() as connection:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        connection.execute(text("INSERT INTO erp_shelf (label) VALUES ('north')"))
    assert infrastructure(told.value)
    assert told.value.exit_code == 69


@pytest.mark.databases("postgresql")
def test_a_deadlock_says_nothing_about_the_work(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("INSERT INTO erp_shelf (id, label) VALUES (1, 'north'), (2, 'south')")
    both, told = threading.Barrier(2), []

    def take(first: int, second: int) -> None:
        try:
            with database.write() as connection:
                connection.exec_driver_sql("SET LOCAL deadlock_timeout = '50ms'")
                connection.exec_driver_sql(f"UPDATE erp_shelf SET pieces = 1 WHERE id = {first}")
                both.wait(5)
                connection.exec_driver_sql(f"UPDATE erp_shelf SET pieces = 1 WHERE id = {second}")
        except Exception as error:
            told.append(error)

    threads = [threading.Thread(target=take, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(told) == 1
    assert retryable(told[0])


@pytest.mark.databases("postgresql")
def test_an_endless_statement_is_the_works_own_fault(database: Database) -> None:
    error = failing(database, "SET LOCAL statement_timeout = '50ms'", "SELECT pg_sleep(10)")
    assert isinstance(error, DBAPIError)
    assert not infrastructure(error)


@pytest.mark.databases("sqlite")
def test_a_locked_file_says_nothing_about_the_work(url: str) -> None:
    ungated = Database.open(url, gate=False)
    with ungated.write() as holder:
        holder.execute(text("INSERT INTO erp_shelf (label) VALUES ('north')"))
        impatient = Database.open(url, gate=False)
        began = time.monotonic()
        with impatient.read() as reading:
            reading.exec_driver_sql("PRAGMA busy_timeout = 1")
        with pytest.raises(DatabaseBusy) as told:
            _write_without_waiting(impatient)
        assert time.monotonic() - began < 5
    assert retryable(told.value)
    impatient.dispose()
    ungated.dispose()


def _write_without_waiting(database: Database) -> None:
    with database._backend.writer.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA busy_timeout = 1")  # type: ignore[union-attr]
    with database.write():
        pass
