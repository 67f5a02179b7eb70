"""What is said when a database cannot be opened or used."""

import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from fenbu.engine.store.database import Database
from fenbu.engine.store.errors import (
    DatabaseFull,
    DatabaseMissing,
    DatabaseReadOnly,
    DatabaseUnreachable,
    NotFenbu,
)


def test_a_database_that_is_not_there_is_not_made_by_opening_it(tmp_path: Path) -> None:
    with pytest.raises(DatabaseMissing, match="nothing yet") as told:
        Database.open(str(tmp_path / "shop.db"))
    assert told.value.exit_code == 69
    assert "fenbu init" in told.value.hint
    assert list(tmp_path.iterdir()) == []


def test_creating_makes_the_folders_too(tmp_path: Path) -> None:
    created = Database.create(str(tmp_path / "new" / "folder" / "shop.db"))
    created.dispose()
    Database.open(f"sqlite:///{tmp_path}/new/folder/shop.db").dispose()


def test_creating_twice_opens_what_is_there(database_url: str) -> None:
    first = Database.create(database_url)
    with first.write() as connection:
        connection.execute(text("INSERT INTO fenbu_number_series (name, next) VALUES ('invoice', 7)"))
    first.dispose()
    again = Database.create(database_url)
    with again.read() as connection:
        assert connection.execute(text("SELECT next FROM fenbu_number_series")).scalar() == 7
    again.dispose()


def test_somebody_elses_database_is_left_alone(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE wordpress (id INTEGER PRIMARY KEY)")
    engine.dispose()
    with pytest.raises(NotFenbu, match="wordpress"):
        Database.create(database_url)
    with pytest.raises(NotFenbu):
        Database.open(database_url)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Sir, " * 100)
    with pytest.raises(NotFenbu, match=r"letter\.txt"):
        Database.open(str(file))


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnreachable, match="folder"):
        Database.open(str(tmp_path))


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(DatabaseUnreachable) as told:
        Database.open("postgresql://ada:s3cret@127.0.0.1:1/shop")
    assert "s3cret" not in str(told.value)
    assert "127.0.0.1" in str(told.value)
    assert told.value.exit_code == 69


@pytest.mark.parametrize("address", ["mysql://localhost/shop", "sqlite://", "sqlite:///:memory:", "://"])
def test_an_address_that_fenbu_cannot_use_is_refused(address: str) -> None:
    with pytest.raises(DatabaseUnreachable):
        Database.open(address)


@pytest.mark.databases("postgresql")
def test_a_missing_database_of_a_server_is_told_from_a_missing_server(database_url: str) -> None:
    elsewhere = database_url.replace("fenbu_test_", "fenbu_no_")
    with pytest.raises(DatabaseMissing):
        Database.open(elsewhere)


@pytest.mark.databases("sqlite")
def test_a_file_that_takes_no_writes_is_still_read(database: Database, url: str) -> None:
    database.dispose()
    file = Path(url.removeprefix("sqlite:///"))
    file.chmod(0o444)
    if os.access(file, os.W_OK):
        pytest.skip("this user may write everything")
    opened = Database.open(url)
    with opened.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM erp_shelf")).scalar() == 0
    with pytest.raises(DatabaseReadOnly), opened.write() as connection:
        connection.execute(text("INSERT INTO erp_shelf (label) VALUES ('north')"))
    opened.dispose()


@pytest.mark.databases("sqlite")
def test_a_full_disk_is_said_and_nothing_is_kept(database: Database) -> None:
    def fill(pages: str) -> None:
        with database.write() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            connection.execute(
                text("INSERT INTO erp_shelf (label) VALUES (:label)"),
                [{"label": "x" * 1000} for _ in range(2000)],
            )

    with pytest.raises(DatabaseFull, match="no room") as told:
        fill("1")
    assert isinstance(told.value.__cause__ and told.value.__cause__.__cause__, sqlite3.OperationalError)
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM erp_shelf")).scalar() == 0
    fill("1000000")
