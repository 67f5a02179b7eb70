"""Scratch copies: whole, marked, and gone when they are removed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import insert, text

from fenbu.engine.store.database import Database
from fenbu.engine.store.errors import CopyRefused
from fenbu.engine.store.tables import enterprise

ADD = text("INSERT INTO erp_shelf (label) VALUES ('a')")
COUNT = text("SELECT count(*) FROM erp_shelf")


@pytest.fixture
def named(database: Database) -> Database:
    with database.write() as connection:
        row = {"id": 1, "name": "Ada's", "currency": "EUR", "timezone": "UTC", "created_at": 1}
        connection.execute(insert(enterprise), row)
        connection.execute(ADD)
    return database


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = Database.open(url)
    try:
        yield database
    finally:
        database.dispose()


def test_a_scratch_copy_is_marked_and_what_is_done_to_it_leaves_the_original_alone(
    named: Database, postgres_tools: None
) -> None:
    made = named.scratch("rehearsal of spring")
    try:
        with opened(made.url) as copied, copied.write() as connection:
            assert connection.execute(enterprise.select()).one().copy_of == "rehearsal of spring"
            connection.execute(ADD)
            assert connection.execute(COUNT).scalar() == 2
    finally:
        made.remove()

    with named.read() as connection:
        assert connection.execute(COUNT).scalar() == 1
        assert connection.execute(enterprise.select()).one().copy_of is None
    with pytest.raises(Exception, match="there is nothing yet"):
        Database.open(made.url)


class _Usage(NamedTuple):
    free: int


@pytest.mark.databases("sqlite")
def test_a_copy_for_which_there_is_no_room_is_refused_before_it_is_begun(
    named: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(named.url.removeprefix("sqlite:///")).parent
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: _Usage(1000))

    with pytest.raises(CopyRefused, match="no room for a second one"):
        named.scratch("rehearsal")
    assert not list(folder.glob("*rehearsal*"))


@pytest.mark.databases("postgresql")
def test_without_the_tools_of_the_server_no_copy_is_begun(
    named: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(CopyRefused, match="pg_dump is not on the path") as refused:
        named.scratch("rehearsal")
    assert "install the client programs" in refused.value.hint


@pytest.mark.databases("postgresql")
def test_what_the_tools_say_is_told_and_nothing_is_left(
    named: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_tools: None
) -> None:
    (tmp_path / "pg_dump").write_text(
        "#!/bin/sh\necho 'pg_dump: error: server version mismatch' >&2\nexit 1\n"
    )
    (tmp_path / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    with pytest.raises(CopyRefused, match="server version mismatch"):
        named.scratch("rehearsal")
    assert _rehearsals(named) == []


@pytest.mark.databases("postgresql")
def test_a_user_who_may_make_no_database_is_told_so(url: str, named: Database, postgres_tools: None) -> None:
    from sqlalchemy.engine import make_url

    with named.write() as connection:
        connection.execute(text("CREATE ROLE clerk LOGIN"))
        connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO clerk"))
    try:
        clerk = make_url(url).set(username="clerk").render_as_string(hide_password=False)
        with (
            opened(clerk) as theirs,
            pytest.raises(CopyRefused, match="permission denied to create database"),
        ):
            theirs.scratch("rehearsal")
    finally:
        with named.write() as connection:
            connection.execute(text("DROP OWNED BY clerk"))
            connection.execute(text("DROP ROLE clerk"))


def _rehearsals(database: Database) -> list[str]:
    wanted = text("SELECT datname FROM pg_database WHERE datname LIKE '%rehearsal%' ")
    with database.read() as connection:
        own = connection.execute(text("SELECT current_database()")).scalar_one()
        return [name for name in connection.execute(wanted).scalars() if name.startswith(own)]
