"""A prepared statement is one call of libpq, and answers as psycopg would have it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import errors

from fenbu.engine.store.database import Database
from fenbu.engine.store.dialects import raw
from fenbu.engine.store.exchange import ONE_BY_ONE, SEEN, DirectConnection, DirectCursor
from fenbu.engine.store.infrastructure import infrastructure

pytestmark = pytest.mark.databases("postgresql")

ECHO = (
    "SELECT %(number)s::numeric AS number, %(text)s::text AS told, %(many)s::bigint[] AS many, '50%%' AS half,"
    " %(text)s::text || '!' AS loud, %(none)s::text AS nothing"
)
PUT = "INSERT INTO erp_shelf (label, pieces) VALUES (%(label)s, %(pieces)s)"
ALL = "SELECT label, pieces FROM erp_shelf WHERE pieces >= %(least)s ORDER BY id"


@pytest.fixture
def direct(database: Database) -> Iterator[DirectConnection]:
    """The driver's connection of a writing transaction that is rolled back at the end."""
    with database._backend.writer.connect() as connection:
        yield raw(connection)


def told(connection: Any, query: str, params: dict[str, Any], times: int = 4) -> list[Any]:
    """Execute a statement until it is prepared, and once more; return rows, columns and count of the last."""
    for _time in range(times):
        cursor = connection.cursor()
        cursor.execute(query, params)
        columns = [(one.name, one.type_code) for one in cursor.description]
        answer = [cursor.fetchall(), columns, cursor.rowcount]
    assert not isinstance(cursor, DirectCursor) or cursor._name is not None, "it was not prepared"
    return answer


def put(connection: Any, *labels: str) -> int:
    cursor = connection.cursor()
    cursor.executemany(PUT, [{"label": label, "pieces": place} for place, label in enumerate(labels)])
    return int(cursor.rowcount)


def test_the_inside_of_psycopg_is_the_one_that_was_seen(direct: DirectConnection) -> None:
    assert psycopg.__version__ == SEEN, "run these tests with it, then move SEEN"
    assert isinstance(direct, DirectConnection)


@pytest.mark.parametrize(
    "params",
    [
        {"number": Decimal("1.50"), "text": "退款", "many": [1, 2**40], "none": None},
        {"number": 7, "text": "100% 'quoted'", "many": [], "none": "x"},
        {"number": None, "text": "", "many": [None], "none": None},
    ],
)
def test_a_prepared_statement_answers_as_it_does_through_psycopg(
    direct: DirectConnection, params: dict[str, Any]
) -> None:
    with psycopg.connect(direct.info.dsn) as plain:
        assert told(direct, ECHO, params) == told(plain, ECHO, params)


def test_a_parameter_that_is_missing_is_named(direct: DirectConnection) -> None:
    told(direct, ALL, {"least": 0})
    with pytest.raises(psycopg.ProgrammingError, match="least"):
        direct.cursor().execute(ALL, {"most": 1})


@pytest.mark.parametrize("many", [2, ONE_BY_ONE, ONE_BY_ONE + 5])
def test_sets_of_parameters_are_all_executed_and_their_rows_counted(
    direct: DirectConnection, many: int
) -> None:
    for _time in range(3):
        assert put(direct, *map(str, range(many))) == many
    assert told(direct, ALL, {"least": 0})[2] == many * 3


def test_two_answers_of_one_statement_are_read_side_by_side(direct: DirectConnection) -> None:
    put(direct, *"abcd")
    told(direct, ALL, {"least": 0})
    first, second = direct.cursor(), direct.cursor()
    first.execute(ALL, {"least": 0})
    read = [first.fetchone()]
    second.execute(ALL, {"least": 2})
    read += [second.fetchone(), first.fetchone(), second.fetchone(), second.fetchone(), *first.fetchall()]
    assert [row and row[0] for row in read] == ["a", "c", "b", "d", None, "c", "d"]


def test_what_the_server_refuses_is_psycopgs_error_and_the_transaction_goes_on_from_its_savepoint(
    direct: DirectConnection,
) -> None:
    told(direct, "SELECT 1 / %(by)s::bigint AS n", {"by": 1})
    direct.execute("SAVEPOINT here")
    with pytest.raises(errors.DivisionByZero) as refused:
        direct.cursor().execute("SELECT 1 / %(by)s::bigint AS n", {"by": 0})
    assert not infrastructure(refused.value)
    direct.execute("ROLLBACK TO SAVEPOINT here")
    assert told(direct, "SELECT 1 / %(by)s::bigint AS n", {"by": 1})[0] == [(1,)]


def test_a_constraint_that_waits_for_the_commit_refuses_it(direct: DirectConnection) -> None:
    direct.execute("CREATE TABLE erp_once (n bigint UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    for _time in range(2):
        direct.cursor().execute("INSERT INTO erp_once VALUES (%(n)s)", {"n": 1})
    with pytest.raises(errors.UniqueViolation):
        direct.commit()
    direct.rollback()


def test_a_lost_connection_is_a_failure_of_the_machine_and_is_not_used_again(
    direct: DirectConnection,
) -> None:
    told(direct, ALL, {"least": 0})
    with psycopg.connect(direct.info.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (direct.info.backend_pid,))
    for _time in range(2):
        with pytest.raises(psycopg.OperationalError) as lost:
            direct.cursor().execute(ALL, {"least": 0})
        assert infrastructure(lost.value)
        assert direct.closed


def test_another_thread_can_cancel_what_is_waited_for(direct: DirectConnection) -> None:
    told(direct, "SELECT pg_sleep(%(seconds)s::float8)", {"seconds": 0.001})
    canceller = threading.Timer(0.2, direct.cancel)
    canceller.start()
    with pytest.raises(errors.QueryCanceled):
        direct.cursor().execute("SELECT pg_sleep(%(seconds)s::float8)", {"seconds": 10.0})
    canceller.join()


def test_a_reading_transaction_is_still_refused_to_write(database: Database) -> None:
    with pytest.raises(Exception, match="read-only transaction"), database.read() as connection:
        for _time in range(3):
            put(raw(connection), "a")
