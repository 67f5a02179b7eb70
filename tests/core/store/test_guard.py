"""A module's code writes its own tables only."""

import pytest
from sqlalchemy import text

from fenbu.engine.store.database import Database
from fenbu.engine.store.errors import ForeignTable
from fenbu.engine.store.guard import owner, written_tables

OWN = text("INSERT INTO erp_shelf (label, pieces) VALUES ('north', 1)")


def shelves(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(text("SELECT count(*) FROM erp_shelf")).scalar_one())


def test_a_module_writes_its_own_table(database: Database) -> None:
    with database.write() as connection, owner(connection, "erp"):
        connection.execute(OWN)
    assert shelves(database) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO erp_shelf (label) VALUES ('x')",
        "insert into erp_shelf (label) select 'x'",
        "UPDATE \"erp_shelf\" SET label = 'x'",
        "DELETE\nFROM erp_shelf",
        "/* crm_ */ DELETE FROM erp_shelf -- crm_note",
        "WITH all_of AS (SELECT 1) INSERT INTO erp_shelf (label) SELECT 'crm_note' FROM all_of",
        "DROP TABLE erp_shelf",
        "CREATE TABLE crm_more (id INTEGER PRIMARY KEY)",
        "ALTER TABLE erp_shelf ADD COLUMN spy TEXT",
        "COMMIT",
    ],
)
def test_a_module_is_refused_what_is_not_its_own(database: Database, statement: str) -> None:
    with (
        pytest.raises(ForeignTable, match="crm may write its own tables only"),
        database.write() as connection,
    ):
        connection.execute(OWN)
        with owner(connection, "crm"):
            connection.exec_driver_sql(statement)
    assert shelves(database) == 0


def test_many_rows_at_once_are_held_to_the_same_rule(database: Database) -> None:
    rows = [{"label": "a"}, {"label": "b"}]
    statement = text("INSERT INTO erp_shelf (label) VALUES (:label)")
    with pytest.raises(ForeignTable), database.write() as connection, owner(connection, "crm"):
        connection.execute(statement, rows)
    assert shelves(database) == 0


def test_a_module_may_read_and_lock_what_is_not_its_own(database: Database) -> None:
    with database.write() as connection, owner(connection, "crm"):
        lock = " FOR UPDATE" if database.dialect == "postgresql" else ""
        connection.exec_driver_sql(f'SELECT label AS "delete from" FROM erp_shelf{lock}')


def test_code_that_only_answers_writes_nothing_at_all(database: Database) -> None:
    with (
        pytest.raises(ForeignTable),
        database.write() as connection,
        owner(connection, "erp", read_only=True),
    ):
        connection.execute(OWN)
    assert shelves(database) == 0


def test_the_kernel_writes_inside_a_modules_turn_and_the_turn_goes_on(database: Database) -> None:
    kernel = text("INSERT INTO fenbu_number_series (name) VALUES ('invoice')")
    with database.write() as connection, owner(connection, "erp"):
        with owner(connection, None):
            connection.execute(kernel)
        connection.execute(OWN)
        with pytest.raises(ForeignTable):
            connection.execute(kernel)
    assert shelves(database) == 1


def test_a_connection_belongs_to_nobody_when_it_is_taken_again(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as connection, owner(connection, "crm"):
        _ = 1 // 0
    with database.write() as connection:
        connection.execute(OWN)
    assert shelves(database) == 1


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        ("SELECT * FROM a FOR UPDATE OF a SKIP LOCKED", set()),
        ("SELECT * FROM a FOR NO KEY UPDATE", set()),
        ("SELECT 'insert into b'", set()),
        ("INSERT INTO a (x) VALUES (1) ON CONFLICT (x) DO UPDATE SET x = 2", {"a"}),
        ("INSERT OR REPLACE INTO a VALUES (1)", {"a"}),
        ("REPLACE INTO a VALUES (1)", {"a"}),
        ("UPDATE OR IGNORE a SET x = 1", {"a"}),
        ("UPDATE ONLY public.a SET x = 1", {"a"}),
        ("DELETE FROM ONLY a", {"a"}),
        ("WITH gone AS (DELETE FROM a RETURNING x) UPDATE b SET x = 1", {"a", "b"}),
        ("MERGE INTO a USING b ON true WHEN MATCHED THEN DO NOTHING", {"a"}),
        ('INSERT INTO main."A" VALUES (1)', {"a"}),
        ("PRAGMA foreign_keys = OFF", None),
        ("ATTACH 'x' AS y", None),
        ("TRUNCATE a", None),
        ("", None),
    ],
)
def test_the_tables_that_a_statement_writes(statement: str, tables: set[str] | None) -> None:
    assert written_tables(statement) == tables
