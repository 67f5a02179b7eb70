"""What a module's migrations may use besides Alembic's own operations.

Rules that must hold whoever writes to a table are triggers, written once and made for both databases::

    from alembic import op
    from fenbu import migration

    def upgrade() -> None:
        op.create_table("erp_posting", ..., sqlite_strict=True)
        migration.append_only("erp_posting")
        migration.refuse(
            "erp_entry", "balance", after="UPDATE OF state",
            when="NEW.state = 'posted' AND (SELECT sum(amount) FROM erp_posting WHERE entry = NEW.id) <> 0",
            message="debit and credit of the entry differ",
        )

A refused statement raises SQLAlchemy's ``IntegrityError`` with the message. Triggers survive
``op.batch_alter_table``: the kernel makes those again that rebuilding a table has taken away. One that
should go, or whose columns change, is dropped by `drop_trigger` first.

Say in the script when a step cannot be undone (``irreversible = "why"``) or when it must not run beside
daily work (``unsafe = "why"``).
"""

from __future__ import annotations

from typing import Literal

Moment = Literal["BEFORE", "AFTER"]

DROPPED = "fenbu_dropped_triggers"
"""Key in ``connection.info`` under which `drop_trigger` notes what went on purpose."""


def append_only(table: str) -> None:
    """Let rows of a table be inserted and never changed or deleted (nor truncated, on PostgreSQL)."""
    refuse_update(table)
    refuse_delete(table)


def refuse_update(table: str, *columns: str, when: str = "") -> None:
    """Refuse to change rows, or only these columns of them, always or only `when` OLD and NEW are so.

    Args:
        table: Its name.
        columns: Those that are fixed; none means all.
        when: SQL that both databases understand, over OLD and NEW.
    """
    of = f" OF {', '.join(columns)}" if columns else ""
    told = ", ".join(columns) if columns else "rows"
    name = f"no_update_{'_'.join(columns)}" if columns else "no_update"
    refuse(table, name, before=f"UPDATE{of}", when=when, message=f"{told} of {table} cannot be changed")


def refuse_delete(table: str, *, when: str = "") -> None:
    """Refuse to delete rows, always or only `when` OLD is so."""
    message = f"rows of {table} cannot be deleted"
    refuse(table, "no_delete", before="DELETE", when=when, message=message)
    if not when and _dialect() == "postgresql":
        name = f"{table}_no_truncate"
        _execute(_function(name, _raising(message)))
        _execute(f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} EXECUTE FUNCTION {name}()")


def refuse(
    table: str, name: str, *, before: str = "", after: str = "", when: str = "", message: str = ""
) -> None:
    """Refuse a change of a row when a condition holds.

    Args:
        table: Whose rows are watched.
        name: Of the rule; the trigger is called ``<table>_<name>``.
        before: ``INSERT``, ``UPDATE``, ``UPDATE OF a, b`` or ``DELETE``: judged before the row changes.
        after: The same, judged after it (for conditions that read the table itself). One of the two.
        when: SQL that both databases understand, over OLD and NEW; may ask other tables. Empty means always.
        message: What the error says.
    """
    if bool(before) == bool(after):
        raise ValueError(f"the rule {name} on {table} needs either before= or after=")
    moment: Moment = "BEFORE" if before else "AFTER"
    text = _quoted(message or f"{table}: {name}")
    condition = f" WHERE {when}" if when else ""
    raising = _raising(message or f"{table}: {name}")
    trigger(
        table,
        name,
        f"{moment} {before or after}",
        sqlite=f"SELECT RAISE(ABORT, {text}){condition};",
        postgresql=f"IF {when} THEN {raising} END IF;" if when else raising,
    )


def trigger(table: str, name: str, event: str, *, sqlite: str, postgresql: str) -> None:
    """Make a trigger for each row, written for each database.

    Args:
        table: Whose rows are watched.
        name: The trigger is called ``<table>_<name>``.
        event: Such as ``AFTER INSERT`` or ``BEFORE UPDATE OF state``.
        sqlite: Statements, each ended by a semicolon.
        postgresql: PL/pgSQL statements; returning the row is added.
    """
    full = f"{table}_{name}"
    if _dialect() == "sqlite":
        _execute(f"CREATE TRIGGER {full} {event} ON {table} FOR EACH ROW BEGIN {sqlite} END")
        return
    _execute(_function(full, f"{postgresql} IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;"))
    _execute(f"CREATE TRIGGER {full} {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {full}()")


def drop_trigger(table: str, name: str) -> None:
    """Take a trigger of `trigger`, `refuse` or `append_only` (``no_update``, ``no_delete``) away."""
    from alembic import op

    full = f"{table}_{name}"
    op.get_bind().info.setdefault(DROPPED, set()).add(full)
    if _dialect() == "sqlite":
        _execute(f"DROP TRIGGER {full}")
    else:
        _execute(f"DROP TRIGGER {full} ON {table}")
        _execute(f"DROP FUNCTION {full}()")


def drop_table(table: str) -> None:
    """Drop a table together with its rules; Alembic's own ``drop_table`` would leave PostgreSQL's functions."""
    from alembic import op

    functions: list[str] = []
    if _dialect() == "postgresql":
        found = op.get_bind().exec_driver_sql(
            "SELECT DISTINCT tgfoid::regproc::text FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal",
            (table,),
        )
        functions = list(found.scalars())
    op.drop_table(table)
    for function in functions:
        _execute(f"DROP FUNCTION {function}()")


def _dialect() -> str:
    from alembic import op

    return op.get_context().dialect.name


def _execute(statement: str) -> None:
    from alembic import op

    # Past text() and the driver's placeholders: a colon or a percent sign in a rule is only a character.
    op.get_bind().exec_driver_sql(statement, execution_options={"no_parameters": True})


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _raising(message: str) -> str:
    text = _quoted(message)
    return f"RAISE EXCEPTION USING MESSAGE = {text}, ERRCODE = 'check_violation';"


def _function(name: str, body: str) -> str:
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN {body} END $body$"
