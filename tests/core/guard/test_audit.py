"""The audit trail: sealed afterwards, and every later change of it found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import pytest
from pydantic import BaseModel
from sqlalchemy import text

from fenbu.engine.guard import audit
from fenbu.engine.store.database import Database
from fenbu.values import Personal


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database.create(database_url)
    yield database
    database.dispose()


def acts(*numbers: int) -> list[audit.Act]:
    return [
        audit.Act(
            at=1_000 + number,
            actor="ada",
            action="erp.order.place",
            module="erp",
            subject=f"SO-{number}",
            input_digest=audit.digest(str(number)),
            summary={"lines": "25 entries"},
            outcome="done",
            key=None,
        )
        for number in numbers
    ]


def sealed_in_two_parts(database: Database) -> None:
    for numbers in ((1, 2, 3), (4, 5)):
        with database.write() as connection:
            audit.write(connection, acts(*numbers))
            audit.seal(connection, at=9_000)


def without_triggers(database: Database, statement: str) -> None:
    """Change what is append-only, as somebody with the file in their hands would."""
    with database.migrate() as connection:
        if database.dialect == "sqlite":
            for (name,) in connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'fenbu_audit%'")
            ).all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("ALTER TABLE fenbu_audit DISABLE TRIGGER ALL"))
            connection.execute(text("ALTER TABLE fenbu_audit_seal DISABLE TRIGGER ALL"))
        connection.execute(text(statement))


def verdict(database: Database) -> audit.Verdict:
    with database.read() as connection:
        return audit.verify(connection)


def test_an_untouched_trail_is_sound_up_to_its_last_seal(database: Database) -> None:
    sealed_in_two_parts(database)
    with database.write() as connection:
        audit.write(connection, acts(6, 7))
    assert verdict(database) == audit.Verdict(sealed_to=5, unsealed=2, unsealed_since=1_006)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE fenbu_audit SET actor = 'eve' WHERE id = 2",
        "DELETE FROM fenbu_audit WHERE id = 2",
        "DELETE FROM fenbu_audit WHERE id = 5",
        "UPDATE fenbu_audit_seal SET first_id = 2 WHERE id = 1",
        "UPDATE fenbu_audit_seal SET last_id = 4 WHERE id = 2",
        "DELETE FROM fenbu_audit_seal WHERE id = 1",
        "UPDATE fenbu_audit_seal SET hash = 'x' WHERE id = 1",
    ],
)
def test_every_later_change_of_the_trail_is_found(database: Database, change: str) -> None:
    sealed_in_two_parts(database)
    without_triggers(database, change)
    assert verdict(database).broken_at is not None


def test_sealing_twice_seals_nothing_twice(database: Database) -> None:
    sealed_in_two_parts(database)
    with database.write() as connection:
        assert audit.seal(connection, at=9_001) == 0


def test_what_is_personal_is_masked_and_what_is_long_is_counted() -> None:
    class Line(BaseModel):
        item: str

    class OpenAccount(BaseModel):
        number: str
        name: Annotated[str, Personal()]
        tax_id: str = ""
        lines: list[Line]

    lines = [Line(item=str(number)) for number in range(4)]
    written = audit.masked(OpenAccount(number="A-1", name="Ada Lovelace", lines=lines))
    assert written == {"number": "A-1", "name": "***", "lines": "4 entries"}
