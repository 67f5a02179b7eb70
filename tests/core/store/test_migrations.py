"""A module's tables are made, changed and taken away by its own history."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import BigInteger, Column, Connection, ForeignKey, MetaData, Table, Text, inspect, text
from sqlalchemy.exc import IntegrityError

from fenbu.engine.store import migrations
from fenbu.engine.store.database import Database
from fenbu.engine.store.errors import DatabaseDamaged, MigrationFailed
from fenbu.engine.store.purge import drop_module, module_tables
from fenbu.tables import NAMING, Id

HEAD = '''"""{title}."""
import sqlalchemy as sa
from alembic import op
from fenbu import migration
from fenbu.tables import Id

revision = {revision!r}
down_revision = {down!r}
{extra}

def upgrade() -> None:
{upgrade}

def downgrade() -> None:
{downgrade}
'''

BOOKS = """
op.create_table("lib_shelf", sa.Column("id", Id, primary_key=True), sa.Column("label", sa.Text, nullable=False),
    sqlite_strict=True)
op.create_table("lib_book", sa.Column("id", Id, primary_key=True), sa.Column("title", sa.Text, nullable=False),
    sa.Column("shelf", Id, sa.ForeignKey("lib_shelf.id", name="fk_lib_book_shelf"), nullable=False),
    sqlite_strict=True)
op.create_table("lib_entry", sa.Column("id", Id, primary_key=True), sa.Column("state", sa.Text, nullable=False),
    sqlite_strict=True)
op.create_table("lib_posting", sa.Column("id", Id, primary_key=True), sa.Column("entry", Id, nullable=False),
    sa.Column("amount", Id, nullable=False), sqlite_strict=True)
migration.append_only("lib_shelf")
migration.refuse("lib_entry", "balance", after="UPDATE OF state",
    when="NEW.state = 'posted' AND (SELECT coalesce(sum(amount), 0) FROM lib_posting WHERE entry = NEW.id) <> 0",
    message="it's not balanced: 100% of debit: credit")
"""
GONE = """
for name in ("lib_posting", "lib_entry", "lib_book", "lib_shelf"):
    migration.drop_table(name)
"""
REBUILT = """
with op.batch_alter_table("lib_shelf") as shelf:
    shelf.alter_column("label", new_column_name="name")
    shelf.add_column(sa.Column("room", sa.Text))
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write one revision file after another; returns their folder."""
    folder = tmp_path / "lib" / "migrations"
    folder.mkdir(parents=True)

    def revision(name: str, down: str | None, upgrade: str, downgrade: str = "pass", extra: str = "") -> Path:
        def body(code: str) -> str:
            return "\n".join(f"    {line}" for line in code.strip().splitlines())

        (folder / f"{name}.py").write_text(
            HEAD.format(
                title=f"Step {name}",
                revision=name,
                down=down,
                extra=extra,
                upgrade=body(upgrade),
                downgrade=body(downgrade),
            )
        )
        return folder

    return revision


@pytest.fixture
def library(database: Database, write: Write) -> Path:
    """A module with shelves, books and a ledger, enabled, with rows in its tables."""
    folder = write("a1", None, BOOKS, GONE)
    with database.migrate() as connection:
        assert migrations.upgrade(connection, "lib", folder) == ("a1",)
        connection.exec_driver_sql("INSERT INTO lib_shelf (id, label) VALUES (1, 'north'), (2, 'south')")
        connection.exec_driver_sql("INSERT INTO lib_book (title, shelf) VALUES ('Ulysses', 1), ('Emma', 2)")
    return folder


def counted(connection: Connection) -> dict[str, int]:
    """Rows of each of the library's tables, and its triggers."""
    tables = [name for name in inspect(connection).get_table_names() if name.startswith("lib_")]
    rows = {name: connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one() for name in tables}
    catalogue = (
        "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'lib_%'"
        if connection.dialect.name == "sqlite"
        else "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE 'lib_%%'"
    )
    return {**rows, "triggers": connection.exec_driver_sql(catalogue).scalar_one()}


def library_tables(connection: Connection) -> list[str]:
    return [name for name in inspect(connection).get_table_names() if "lib" in name]


def test_each_module_has_a_version_of_its_own(database: Database, library: Path) -> None:
    with database.read() as connection:
        assert migrations.current(connection, "lib") == migrations.head(library) == "a1"
        assert migrations.current(connection, "fenbu") == "0001"
        assert migrations.current(connection, "absent") is None


def test_a_history_that_has_run_does_not_run_again(database: Database, library: Path) -> None:
    with database.migrate() as connection:
        assert migrations.upgrade(connection, "lib", library) == ()


def test_what_is_pending_says_what_is_unsafe_and_what_cannot_be_undone(
    database: Database, library: Path, write: Write
) -> None:
    write("b2", "a1", "pass", extra="unsafe = 'reads every book'")
    write("c3", "b2", "pass", extra="irreversible = 'titles are forgotten'")
    with database.read() as connection:
        steps = migrations.pending(connection, "lib", library)
    assert [(step.revision, step.title) for step in steps] == [("b2", "Step b2."), ("c3", "Step c3.")]
    assert [step.unsafe for step in steps] == ["reads every book", ""]
    assert [step.irreversible for step in steps] == ["", "titles are forgotten"]


def test_a_migration_that_fails_half_way_leaves_nothing(database: Database, write: Write) -> None:
    write("a1", None, BOOKS)
    folder = write("b2", "a1", 'op.execute("INSERT INTO lib_shelf (label) VALUES (NULL)")')
    with pytest.raises(MigrationFailed, match="b2 of lib failed") as told, database.migrate() as connection:
        migrations.upgrade(connection, "lib", folder)
    assert told.value.where == "lib"
    with database.read() as connection:
        assert library_tables(connection) == []
        assert migrations.current(connection, "lib") is None


def test_enabling_that_fails_after_the_migration_takes_the_tables_back(
    database: Database, write: Write
) -> None:
    folder = write("a1", None, BOOKS)
    with pytest.raises(ZeroDivisionError), database.migrate() as connection:
        migrations.upgrade(connection, "lib", folder)
        _ = 1 // 0
    with database.read() as connection:
        assert library_tables(connection) == []


def test_rebuilding_a_table_keeps_every_row_and_every_trigger(
    database: Database, library: Path, write: Write
) -> None:
    write("b2", "a1", REBUILT)
    with database.read() as connection:
        before = counted(connection)
    with database.migrate() as connection:
        migrations.upgrade(connection, "lib", library)
    with database.read() as connection:
        assert counted(connection) == before
        assert connection.exec_driver_sql("SELECT name FROM lib_shelf ORDER BY id").scalars().all() == [
            "north",
            "south",
        ]
    with pytest.raises(IntegrityError, match="lib_shelf cannot be changed"), database.write() as connection:
        connection.exec_driver_sql("UPDATE lib_shelf SET room = 'x'")


def test_foreign_keys_hold_again_after_a_migration(database: Database, library: Path, write: Write) -> None:
    write("b2", "a1", REBUILT)
    with database.migrate() as connection:
        migrations.upgrade(connection, "lib", library)
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.exec_driver_sql("INSERT INTO lib_book (title, shelf) VALUES ('Lost', 99)")


@pytest.mark.databases("sqlite")
def test_a_migration_that_orphans_rows_is_not_kept(database: Database, library: Path, write: Write) -> None:
    write("b2", "a1", 'migration.drop_trigger("lib_shelf", "no_delete")\nop.execute("DELETE FROM lib_shelf")')
    with pytest.raises(DatabaseDamaged, match="lib_book"), database.migrate() as connection:
        migrations.upgrade(connection, "lib", library)
    with database.read() as connection:
        assert counted(connection)["lib_shelf"] == 2


def test_a_trigger_that_was_dropped_on_purpose_stays_away(
    database: Database, library: Path, write: Write
) -> None:
    write("b2", "a1", f'migration.drop_trigger("lib_shelf", "no_update")\n{REBUILT}')
    with database.migrate() as connection:
        migrations.upgrade(connection, "lib", library)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE lib_shelf SET room = 'x'")
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.exec_driver_sql("DELETE FROM lib_shelf")


def test_a_rule_over_several_rows_is_one_text_for_both_databases(database: Database, library: Path) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("INSERT INTO lib_entry (id, state) VALUES (1, 'draft'), (2, 'draft')")
        connection.exec_driver_sql("INSERT INTO lib_posting (entry, amount) VALUES (1, 5), (1, -5), (2, 5)")
        connection.exec_driver_sql("UPDATE lib_entry SET state = 'posted' WHERE id = 1")
    with (
        pytest.raises(IntegrityError, match="it's not balanced: 100% of debit: credit"),
        database.write() as connection,
    ):
        connection.exec_driver_sql("UPDATE lib_entry SET state = 'posted' WHERE id = 2")


def test_a_history_can_be_undone(database: Database, library: Path) -> None:
    with database.migrate() as connection:
        assert migrations.downgrade(connection, "lib", library) == ("a1",)
    with database.read() as connection:
        assert counted(connection) == {"triggers": 0}
        assert migrations.current(connection, "lib") is None
    with database.migrate() as connection:
        assert migrations.upgrade(connection, "lib", library) == ("a1",)


def test_a_module_that_is_gone_can_still_be_purged(database: Database, library: Path) -> None:
    with database.migrate() as connection:
        assert module_tables(connection, "lib") == {
            "lib_book": 2,
            "lib_entry": 0,
            "lib_posting": 0,
            "lib_shelf": 2,
        }
        drop_module(connection, "lib")
    with database.read() as connection:
        assert library_tables(connection) == []
        assert "erp_shelf" in inspect(connection).get_table_names()
    with database.migrate() as connection:
        assert migrations.upgrade(connection, "lib", library) == ("a1",)


def test_some_columns_can_be_fixed_while_others_change(
    database: Database, library: Path, write: Write
) -> None:
    write("b2", "a1", """migration.refuse_update("lib_book", "title", when="OLD.title <> NEW.title")""")
    with database.migrate() as connection:
        migrations.upgrade(connection, "lib", library)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE lib_book SET shelf = 2, title = 'Emma' WHERE title = 'Emma'")
    with (
        pytest.raises(IntegrityError, match="title of lib_book cannot be changed"),
        database.write() as connection,
    ):
        connection.exec_driver_sql("UPDATE lib_book SET title = 'Dracula' WHERE title = 'Emma'")


def test_a_step_that_cannot_be_undone_says_why(database: Database, library: Path, write: Write) -> None:
    write("b2", "a1", "pass", extra="irreversible = 'titles are forgotten'")
    with database.migrate() as connection:
        migrations.upgrade(connection, "lib", library)
    with pytest.raises(MigrationFailed, match="titles are forgotten"), database.migrate() as connection:
        migrations.downgrade(connection, "lib", library)


@pytest.mark.parametrize(
    "code",
    ['op.drop_table("erp_shelf")', 'op.create_table("zoo_animal", sa.Column("id", Id, primary_key=True))'],
)
def test_a_migration_touches_no_table_of_somebody_else(database: Database, write: Write, code: str) -> None:
    folder = write("a1", None, code)
    with pytest.raises(MigrationFailed, match="begin with lib_"), database.migrate() as connection:
        migrations.upgrade(connection, "lib", folder)
    with database.read() as connection:
        assert "erp_shelf" in inspect(connection).get_table_names()


def test_what_declarations_and_migrations_disagree_about_is_found(database: Database, library: Path) -> None:
    own = MetaData(naming_convention=NAMING)
    Table("lib_shelf", own, Column("id", Id, primary_key=True), Column("label", Text, nullable=False))
    Table(
        "lib_book",
        own,
        Column("id", Id, primary_key=True),
        Column("title", Text, nullable=False),
        Column("shelf", ForeignKey("lib_shelf.id"), nullable=False),
    )
    Table("lib_entry", own, Column("id", Id, primary_key=True), Column("state", Text, nullable=False))
    Table(
        "lib_posting",
        own,
        Column("id", Id, primary_key=True),
        Column("entry", Id, nullable=False),
        Column("amount", BigInteger().with_variant(Text(), "sqlite").with_variant(Text(), "postgresql")),
    )
    with database.read() as connection:
        found = migrations.differences(connection, own, "lib")
    told = {(change[0], change[3]) for changes in found for change in changes}
    assert told == {("modify_type", "amount"), ("modify_nullable", "amount")}


@pytest.mark.databases("sqlite")
def test_a_table_that_would_keep_wrong_types_is_refused(
    database: Database, library: Path, write: Write
) -> None:
    write("b2", "a1", 'op.create_table("lib_loan", sa.Column("id", Id, primary_key=True))')
    with pytest.raises(MigrationFailed, match=r"lib_loan.*sqlite_strict"), database.migrate() as connection:
        migrations.upgrade(connection, "lib", library)


def test_a_driver_error_in_a_migration_names_the_revision(database: Database, write: Write) -> None:
    folder = write("a1", None, 'op.execute("SELECT nothing FROM nowhere")')
    with (
        pytest.raises(MigrationFailed, match="the migration a1 of lib failed"),
        database.migrate() as connection,
    ):
        migrations.upgrade(connection, "lib", folder)


def test_reading_goes_on_while_tables_are_made(database: Database, write: Write) -> None:
    folder = write("a1", None, BOOKS)
    with database.migrate() as connection:
        migrations.upgrade(connection, "lib", folder)
        with database.read() as reading:
            assert reading.execute(text("SELECT count(*) FROM erp_shelf")).scalar() == 0
