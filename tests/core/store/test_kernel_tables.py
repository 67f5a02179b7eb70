"""The kernel's tables hold what they promise."""

import pytest
from sqlalchemy import Connection, Table, create_engine, insert, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from fenbu.engine.store import migrations, tables
from fenbu.engine.store.database import Database

SEAL = insert(tables.audit_seal).values(first_id=1, last_id=5, hash="a", previous_hash="", at=1)


def test_the_tables_in_the_database_are_those_declared(database: Database) -> None:
    with database.read() as connection:
        assert migrations.differences(connection, tables.metadata, "fenbu") == []
        assert migrations.current(connection, "fenbu") is not None


@pytest.mark.databases("sqlite")
def test_the_history_makes_them_to_the_letter(database: Database) -> None:
    """Alembic compares neither CHECKs nor STRICT nor WITHOUT ROWID; the text does."""
    declared = create_engine("sqlite://")
    tables.metadata.create_all(declared)
    with database.read() as migrated, declared.connect() as fresh:
        wanted, made = definitions(fresh), definitions(migrated)
    told = "run python tools/kernel_history.py after a change of the tables"
    assert {name: made.get(name) for name in wanted} == wanted, told


def definitions(connection: Connection) -> dict[str, set[str]]:
    """Each kernel table's and index's definition as a set of lines, whatever their order."""
    found = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE name LIKE '%fenbu_%' AND type <> 'trigger' AND sql NOT NULL"
    )
    return {name: {line.strip().rstrip(",") for line in sql.splitlines()} for name, sql in found}


@pytest.mark.parametrize("table", tables.APPEND_ONLY, ids=lambda table: table.name)
def test_append_only_tables_refuse_change_and_deletion(database: Database, table: Table) -> None:
    row = {column.name: "x" if str(column.type) == "TEXT" else 1 for column in table.columns}
    with database.write() as connection:
        connection.execute(insert(table).values(row))
    column = table.columns[0].name
    for statement in (f"UPDATE {table.name} SET {column} = {column}", f"DELETE FROM {table.name}"):
        with pytest.raises(IntegrityError, match=f"{table.name} cannot be"), database.write() as connection:
            connection.exec_driver_sql(statement)
    with database.read() as connection:
        assert connection.exec_driver_sql(f"SELECT count(*) FROM {table.name}").scalar() == 1


@pytest.mark.databases("postgresql")
def test_an_append_only_table_cannot_be_truncated(database: Database) -> None:
    with pytest.raises(IntegrityError, match="cannot be deleted"), database.write() as connection:
        connection.exec_driver_sql("TRUNCATE fenbu_event")


def test_a_wrong_type_is_refused_and_not_kept(database: Database) -> None:
    with pytest.raises(DBAPIError), database.write() as connection:
        connection.exec_driver_sql("INSERT INTO fenbu_number_series (name, next) VALUES ('invoice', 'soon')")
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM fenbu_number_series").scalar() == 0


@pytest.mark.databases("sqlite")
def test_every_kernel_table_is_strict_on_sqlite(database: Database) -> None:
    with database.read() as connection:
        listed = connection.exec_driver_sql("SELECT name, strict FROM pragma_table_list").all()
    loose = [name for name, strict in listed if name in tables.metadata.tables and not strict]
    assert loose == []


def test_there_is_one_enterprise(database: Database) -> None:
    one = insert(tables.enterprise).values(id=1, name="Ada's", currency="EUR", timezone="UTC", created_at=1)
    with database.write() as connection:
        connection.execute(one)
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(one.values(id=2))


def test_an_operation_on_the_outside_exists_once(database: Database) -> None:
    call = insert(tables.call).values(
        module="payments", operation="capture", subject="P-1", n=1, key="SO-1", payload="{}", at=1
    )
    with database.write() as connection:
        connection.execute(call.values(id="k1"))
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(call.values(id="k2"))


def test_a_flag_is_yes_or_no_in_python_and_one_or_zero_in_sql(database: Database) -> None:
    with database.write() as connection:
        connection.execute(insert(tables.blocked_key).values(subscription=1, key="K", seq=1, releasing=True))
    with database.read() as connection:
        assert (
            connection.execute(text("SELECT key FROM fenbu_blocked_key WHERE releasing = 1")).scalar() == "K"
        )
        assert connection.execute(tables.blocked_key.select()).one().releasing is True


def test_no_kernel_table_cascades(database: Database) -> None:
    with database.read() as connection:
        keys = [key for name in tables.metadata.tables for key in inspect(connection).get_foreign_keys(name)]
    assert keys and not any(key["options"].get("ondelete") for key in keys)
