"""Copies of a database are whole, verified and marked."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from fenbu.engine.store.database import Database
from fenbu.engine.store.errors import CopyRefused, SchemaDiffers
from fenbu.engine.store.tables import enterprise

ADD = text("INSERT INTO erp_shelf (label) VALUES ('a')")


@pytest.fixture
def named(database: Database) -> Database:
    with database.write() as connection:
        connection.execute(
            insert(enterprise).values(id=1, name="Ada's", currency="EUR", timezone="UTC", created_at=1)
        )
    return database


@pytest.mark.databases("sqlite")
def test_a_copy_holds_what_was_committed_and_says_that_it_is_a_copy(named: Database, tmp_path: Path) -> None:
    with named.write() as connection:
        connection.execute(ADD)
    named.copy(tmp_path / "copy.db", "rehearsal of spring")
    copied = Database.open(str(tmp_path / "copy.db"))
    with copied.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM erp_shelf")).scalar() == 1
        assert connection.execute(enterprise.select()).one().copy_of == "rehearsal of spring"
    with named.read() as connection:
        assert connection.execute(enterprise.select()).one().copy_of is None
    copied.dispose()


@pytest.mark.databases("sqlite")
def test_copying_goes_on_while_others_write(named: Database, tmp_path: Path) -> None:
    stop = threading.Event()
    count = 0

    def write() -> None:
        nonlocal count
        while not stop.is_set():
            with named.write() as connection:
                connection.execute(ADD)
                connection.execute(ADD)
            count += 1

    writer = threading.Thread(target=write)
    writer.start()
    for turn in range(5):
        named.copy(tmp_path / f"{turn}.db", "backup")
    stop.set()
    writer.join(10)
    assert count > 0
    copied = Database.open(str(tmp_path / "4.db"))
    with copied.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM erp_shelf")).scalar_one() % 2 == 0
    copied.dispose()


@pytest.mark.databases("sqlite")
def test_a_copy_never_overwrites(named: Database, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(CopyRefused, match="exists"):
        named.copy(tmp_path / "copy.db", "backup")
    assert (tmp_path / "copy.db").read_text() == "precious"


@pytest.mark.databases("postgresql")
def test_a_server_is_copied_with_its_own_tools(named: Database, tmp_path: Path) -> None:
    with pytest.raises(CopyRefused) as told:
        named.copy(tmp_path / "copy.dump", "backup")
    assert "pg_dump" in told.value.hint


@pytest.mark.parametrize(("found", "hint"), [("0000", "fenbu init"), ("9999", "install the newer")])
def test_tables_of_another_version_are_not_worked_with(
    database: Database, url: str, found: str, hint: str
) -> None:
    with database.write() as connection:
        connection.exec_driver_sql(f"UPDATE fenbu_version_fenbu SET version_num = '{found}'")
    with pytest.raises(SchemaDiffers) as told:
        Database.open(url)
    assert hint in told.value.hint
