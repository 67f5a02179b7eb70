"""What was committed is on the disk: the settings on which surviving a loss of power rests."""

from __future__ import annotations

from fenbu.engine.store.database import Database


def test_a_commit_waits_for_the_disk_on_both_databases(database_url: str) -> None:
    database = Database.create(database_url)
    for transaction in (database.write, database.migrate):
        with transaction() as connection:
            if database.dialect == "sqlite":
                assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
                assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            else:
                assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    database.dispose()


def test_foreign_keys_are_watched_and_no_schema_is_trusted(database_url: str) -> None:
    database = Database.create(database_url)
    with database.write() as connection:
        if database.dialect == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
            assert connection.exec_driver_sql("PRAGMA trusted_schema").scalar() == 0
        else:
            assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "5s"
            assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "30s"
            assert connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar() == "1min"
    database.dispose()
