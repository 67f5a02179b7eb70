"""A statement that comes again costs less and answers the same."""

import gc
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    CursorResult,
    MetaData,
    Table,
    Text,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    insert,
    literal,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_on_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_on_sqlite
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.exc import InvalidRequestError, StatementError

from fenbu.engine.store.database import Database
from fenbu.engine.store.dialects import raw
from fenbu.engine.store.errors import ForeignTable
from fenbu.engine.store.guard import owner
from fenbu.engine.store.prepared import (
    SEEN,
    SHAPES,
    STATEMENTS,
    Prepared,
    PreparedConnection,
    Statements,
    prepare_statements,
)
from fenbu.engine.store.savepoint import savepoint
from fenbu.tables import Day, Flag, Id, Json, QuantityType, UtcTime

THING = Table(
    "erp_thing",
    MetaData(),
    Column("id", Id, primary_key=True),
    Column("label", Text, nullable=False),
    Column("pieces", Id, CheckConstraint("pieces <> 13", name="luck")),
    Column("quantity", QuantityType()),
    Column("at", UtcTime()),
    Column("day", Day()),
    Column("fine", Flag()),
    Column("about", Json()),
    sqlite_strict=True,
)
C = THING.c
LABELS: Any = bindparam("labels", expanding=True)
HELD = {C.label: bindparam("label"), C.pieces: literal(7)}


def _put(on: Any) -> Any:
    new = on(THING).values(id=bindparam("id"), label=bindparam("label"), quantity=bindparam("quantity"))
    return new.on_conflict_do_update(index_elements=[C.id], set_={"label": new.excluded.label})


PUT = {"sqlite": _put(insert_on_sqlite), "postgresql": _put(insert_on_postgresql)}
ALL_KINDS: dict[str, Any] = {
    "text": text("SELECT id, label, pieces * 2 AS twice FROM erp_thing WHERE label >= :label ORDER BY id"),
    "text of whole rows": text("SELECT * FROM erp_thing WHERE label = :label ORDER BY id"),
    "text without parameters": text("SELECT count(*) AS n, max(label) FROM erp_thing"),
    "text with types": text("SELECT quantity, at FROM erp_thing ORDER BY id").columns(
        quantity=QuantityType(), at=UtcTime()
    ),
    "text that writes": text("UPDATE erp_thing SET pieces = :pieces WHERE label = :label"),
    "text that inserts": text(
        "INSERT INTO erp_thing (label, pieces) VALUES (:label, :pieces) RETURNING label"
    ),
    "select": select(THING).where(C.label == bindparam("label")).order_by(C.id),
    "select by value": select(C.label, C.at).where(C.quantity <= bindparam("quantity"), C.fine.is_not(None)),
    "select a list": select(C.label, C.quantity).where(C.label.in_(LABELS)).order_by(C.id),
    "select two lists": select(C.id, C.label)
    .where(C.label.in_(LABELS), C.label.in_(["a", "b"]))
    .order_by(C.id),
    "select quantities": select(C.id).where(C.quantity.in_(bindparam("quantities", expanding=True))),
    "sum": select(C.label, func.sum(C.quantity, type_=QuantityType())).group_by(C.label).order_by(C.label),
    "union": union_all(select(C.label), select(literal("z"))).order_by("label"),
    "insert": insert(THING),
    "insert and return": insert(THING).returning(C.label, C.quantity, C.at, C.about),
    "insert held": insert(THING).values(HELD),
    "update": update(THING).where(C.label == bindparam("old")).values(label=bindparam("label")),
    "update by names": update(THING).where(C.label == bindparam("old")),
    "update and return": update(THING)
    .values(pieces=C.pieces + bindparam("more"))
    .returning(C.label, C.pieces),
    "delete": delete(THING).where(C.label == bindparam("label")),
    "put": PUT,
}

label = st.sampled_from(["a", "b", "ü", "退款", None])
quantity = st.sampled_from([Decimal("1.5"), Decimal("0.0001"), 3, "2.25", None, Decimal("0.00001"), "many"])
row: Any = st.fixed_dictionaries(
    {"label": label},
    optional={
        "pieces": st.sampled_from([0, -4, 2**40, 13, None]),
        "quantity": quantity,
        "at": st.sampled_from([datetime(2026, 3, 4, 5, 6, 7, 8, UTC), None]),
        "day": st.sampled_from([date(2026, 3, 4), "2026-03-05", None]),
        "fine": st.sampled_from([True, False, None]),
        "about": st.sampled_from([{"why": ["退款", 1]}, [], None]),
    },
)
GIVEN: dict[str, Any] = {
    "text": st.fixed_dictionaries({}, optional={"label": label}),
    "text of whole rows": st.fixed_dictionaries({"label": label}),
    "text that writes": st.fixed_dictionaries({"label": label, "pieces": st.sampled_from([1, None, 13])}),
    "text that inserts": st.fixed_dictionaries({"label": label, "pieces": st.sampled_from([1, None, 13])}),
    "select": st.fixed_dictionaries({"label": label}),
    "select by value": st.fixed_dictionaries({"quantity": quantity}),
    "select a list": st.fixed_dictionaries({"labels": st.lists(label, max_size=3) | st.just(("a", "b"))}),
    "select two lists": st.fixed_dictionaries({"labels": st.lists(label, max_size=3)}),
    "select quantities": st.fixed_dictionaries({"quantities": st.lists(quantity, max_size=2)}),
    "insert": row | st.lists(row, min_size=1, max_size=3),
    "insert and return": row,
    "insert held": st.fixed_dictionaries({"label": label}),
    "update": st.fixed_dictionaries({"old": label, "label": label}),
    "update by names": st.fixed_dictionaries(
        {"old": label}, optional={"pieces": st.just(5), "quantity": quantity}
    ),
    "update and return": st.fixed_dictionaries({"more": st.sampled_from([0, 1, None])}),
    "delete": st.fixed_dictionaries({"label": label}) | st.just([{"label": "a"}, {"label": "b"}]),
    "put": st.fixed_dictionaries({"id": st.sampled_from([900, 901]), "label": label, "quantity": quantity}),
}
FITTING: dict[str, Any] = {
    "text": {"label": "a"},
    "text of whole rows": {"label": "a"},
    "text that writes": {"label": "a", "pieces": 1},
    "text that inserts": {"label": "a", "pieces": 1},
    "select": {"label": "a"},
    "select by value": {"quantity": Decimal("1.5")},
    "select a list": {"labels": ["a", "b"]},
    "select two lists": {"labels": ["a", "b", "c"]},
    "select quantities": {"quantities": [Decimal("1.5"), None]},
    "insert": [{"label": "a", "at": None}, {"label": "b", "at": datetime(2026, 3, 4, tzinfo=UTC)}],
    "insert and return": {"label": "a", "quantity": Decimal("1.5"), "about": ["x"]},
    "insert held": {"label": "a"},
    "update": {"old": "a", "label": "c"},
    "update by names": {"old": "a", "pieces": 5},
    "update and return": {"more": 1},
    "delete": [{"label": "a"}, {"label": "b"}],
    "put": {"id": 900, "label": "a", "quantity": Decimal("1.5")},
}
step = st.sampled_from(sorted(ALL_KINDS)).flatmap(
    lambda kind: st.tuples(st.just(kind), GIVEN.get(kind, st.none()))
)


@pytest.fixture
def things(database: Database) -> Database:
    with database.migrate() as connection:
        THING.create(connection)
    return database


def of(kind: str, database: Database) -> Any:
    found = ALL_KINDS[kind]
    return found[database.dialect] if isinstance(found, dict) else found


def outcome(connection: Connection, wanted: Any, parameters: Any) -> Any:
    """Return all that a caller sees: rows with their types and names, counts, errors with their text.

    Where no order is asked for PostgreSQL has none, neither of rows nor of which row is refused first.
    """
    try:
        with savepoint(connection):
            result = connection.execute(wanted, parameters)
            if not result.returns_rows:
                return type(result), result.rowcount
            rows = sorted(result.all(), key=repr)
            kinds = [[type(value) for value in found] for found in rows]
            named = [dict(found._mapping) for found in rows if len({*result.keys()}) == len(found)]
            return type(result), list(result.keys()), rows, kinds, named
    except StatementError as error:
        return type(error), str(error.orig).partition("\nDETAIL")[0], error.statement, error.params
    except Exception as error:
        return type(error), str(error)


@contextmanager
def undone(database: Database, kind: type[Connection]) -> Iterator[Connection]:
    """A transaction of a prepared connection, or of SQLAlchemy's own on the same engine, that leaves nothing."""
    engine = database._backend.writer
    connection = engine.connect() if kind is PreparedConnection else Connection(engine)
    assert type(connection) is kind
    with connection, connection.begin() as transaction:
        if database.dialect == "postgresql":  # a sequence goes on after a rollback
            connection.execute(text("ALTER SEQUENCE erp_thing_id_seq RESTART WITH 1"))
        connection.execute(text("INSERT INTO erp_thing (id, label) VALUES (800, 'a'), (801, 'b')"))
        yield connection
        if transaction.is_active:
            transaction.rollback()


@contextmanager
def as_before(connection: Connection) -> Iterator[None]:
    """Undo what the body does, without SQLAlchemy taking notice."""
    raw(connection).execute("SAVEPOINT before")
    yield
    raw(connection).execute("ROLLBACK TO SAVEPOINT before")


def alone(connection: Connection, wanted: Any, values: Any) -> Any:
    """Return the outcome of an execution that leaves nothing to the next."""
    with as_before(connection):
        return outcome(connection, wanted, values)


def prepared(connection: Connection, wanted: Any) -> list[Prepared]:
    """Return what is kept of a statement."""
    assert isinstance(connection, PreparedConnection)
    known = connection._statements.known.get(wanted)
    return [] if known is None else [one for one in known.shapes.values() if one is not None]


some = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@some
@given(steps=st.lists(step, min_size=3, max_size=5))
def test_prepared_and_plain_statements_answer_the_same(
    things: Database, steps: list[tuple[str, Any]]
) -> None:
    answer_the_same(things, steps)


@pytest.mark.proof
@settings(some, max_examples=1000)
@given(steps=st.lists(step, min_size=3, max_size=12))
def test_many_prepared_and_plain_statements_answer_the_same(
    things: Database, steps: list[tuple[str, Any]]
) -> None:
    answer_the_same(things, steps)


def answer_the_same(database: Database, steps: list[tuple[str, Any]]) -> None:
    told = []
    for kind in (PreparedConnection, Connection):
        with undone(database, kind) as connection:
            told.append(
                [outcome(connection, of(name, database), values) for name, values in [*steps, *steps, *steps]]
            )
    assert told[0] == told[1]


def test_every_kind_of_statement_is_ready_from_its_third_execution(
    things: Database, worked_out: list[Any]
) -> None:
    with undone(things, PreparedConnection) as connection:
        for name in sorted(ALL_KINDS):
            wanted = of(name, things)
            worked_out.clear()
            first, *others = [alone(connection, wanted, FITTING.get(name)) for _ in range(5)]
            assert issubclass(first[0], CursorResult), (name, first)
            assert [context["invoked_statement"] for context in worked_out] == [wanted] * 2, name
            assert all(other == first for other in others), name


def test_a_prepared_execution_knows_all_that_sqlalchemy_works_out(
    things: Database, worked_out: list[Any]
) -> None:
    with undone(things, PreparedConnection) as connection:
        for name in sorted(ALL_KINDS):
            worked_out.clear()
            for _ in range(3):
                with as_before(connection):
                    result = connection.execute(of(name, things), FITTING.get(name))
                    context = result.context.__dict__
                    result.close()
            assert {*worked_out[0]} - {*context} == set(), name


@pytest.fixture
def worked_out(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What SQLAlchemy works out before it executes a statement; nothing for one that is ready."""
    noted: list[Any] = []
    init = DefaultExecutionContext.__dict__["_init_compiled"].__func__

    def note(*args: Any, **options: Any) -> Any:
        context = init(*args, **options)
        noted.append({**context.__dict__})
        return context

    monkeypatch.setattr(DefaultExecutionContext, "_init_compiled", classmethod(note))
    return noted


def test_a_statement_made_of_a_prepared_one_is_another(things: Database) -> None:
    wanted = select(C.id).order_by(C.id)
    with undone(things, PreparedConnection) as connection:
        for _ in range(3):
            assert connection.execute(wanted).scalars().all() == [800, 801]
        narrower = wanted.where(C.id > 800)
        assert [connection.execute(narrower).scalars().all() for _ in range(3)] == [[801]] * 3
        assert connection.execute(wanted.limit(1)).scalars().all() == [800]


def test_parameters_by_other_names_make_another_statement(things: Database) -> None:
    with undone(things, PreparedConnection) as connection:
        change = update(THING).where(C.id == bindparam("wanted"))
        for _ in range(3):
            connection.execute(change, {"wanted": 800, "label": "x"})
            connection.execute(change, {"pieces": 4, "wanted": 801})
        found = connection.execute(select(C.label, C.pieces).order_by(C.id)).all()
    assert found == [("x", None), ("b", 4)]


def test_values_in_the_statement_stay_those_of_the_statement(things: Database) -> None:
    with undone(things, PreparedConnection) as connection:
        for wanted in (select(C.id).where(C.label == "a"), select(C.id).where(C.label == "b")):
            first, second, third = (connection.execute(wanted).scalars().all() for _ in range(3))
            assert first == second == third
        assert third == [801]


def test_the_columns_of_whole_rows_are_those_of_today(things: Database) -> None:
    wanted = text("SELECT * FROM erp_thing WHERE id = 800")
    with undone(things, PreparedConnection) as connection:
        before = [connection.execute(wanted).one()._fields for _ in range(3)]
        connection.execute(text("ALTER TABLE erp_thing ADD COLUMN more TEXT"))
        after = connection.execute(wanted).one()._fields
    assert after == (*before[-1], "more")


def test_the_key_of_a_new_row_is_told(things: Database) -> None:
    add = insert(THING)
    with undone(things, PreparedConnection) as connection:
        keys = [_key(connection.execute(add, {"label": "x"})) for _ in range(4)]
        found = connection.execute(select(C.id).where(C.label == "x").order_by(C.id)).scalars().all()
    assert keys == found


def _key(result: CursorResult[Any]) -> int:
    keys = result.inserted_primary_key
    assert keys is not None
    return int(keys[0])


def test_listeners_hear_of_prepared_statements(things: Database) -> None:
    heard: list[str] = []

    def sent(_connection: Any, _cursor: Any, sql: str, *_rest: Any) -> None:
        heard.append(sql)

    def asked(_connection: Any, wanted: Any, *_rest: Any) -> None:
        heard.append(str(wanted))

    engine = things._backend.writer
    wanted = text("SELECT id FROM erp_thing")
    with undone(things, PreparedConnection) as connection:
        for _ in range(3):
            connection.execute(wanted)
        assert prepared(connection, wanted)
        for moment, listener in (("before_cursor_execute", sent), ("before_execute", asked)):
            event.listen(engine, moment, listener)
            try:
                connection.execute(wanted)
            finally:
                event.remove(engine, moment, listener)
            assert heard == ["SELECT id FROM erp_thing"]
            heard.clear()
        connection.execute(wanted)
    assert heard == []


def test_options_of_one_execution_are_heeded(things: Database) -> None:
    wanted = select(C.id).order_by(C.id)
    with undone(things, PreparedConnection) as connection:
        for _ in range(3):
            connection.execute(wanted).all()
        chunks = list(connection.execute(wanted, execution_options={"yield_per": 1}).partitions())
    assert chunks == [[(800,)], [(801,)]]


def test_readers_are_prepared_too(things: Database) -> None:
    wanted = text("SELECT count(*) FROM erp_thing")
    for _ in range(3):
        with things.read() as connection:
            assert connection.execute(wanted).scalar_one() == 0
            kept = prepared(connection, wanted)
    assert len(kept) == 1


def test_a_transaction_that_is_over_takes_no_prepared_statement(things: Database) -> None:
    wanted = text("SELECT count(*) FROM erp_thing")
    told = []
    for kind in (PreparedConnection, Connection):
        with undone(things, kind) as connection:
            for _ in range(3):
                connection.execute(wanted)
            connection.get_transaction().rollback()  # type: ignore[union-attr]
            with pytest.raises(InvalidRequestError) as refused:
                connection.execute(wanted)
            told.append(str(refused.value))
    assert told[0] == told[1]


def test_a_module_cannot_write_anothers_table_by_a_prepared_statement(things: Database) -> None:
    wanted = text("UPDATE erp_thing SET pieces = 1")
    with pytest.raises(ForeignTable), things.write() as connection:
        for _ in range(3):
            connection.execute(wanted)
        with owner(connection, "crm"):
            connection.execute(wanted)


def test_statements_built_anew_each_time_are_not_kept(things: Database) -> None:
    with undone(things, PreparedConnection) as connection:
        built = [select(C.id).where(C.label == "a") for _ in range(20)]
        for wanted in built:
            connection.execute(wanted).all()
        gone = [weakref.ref(wanted) for wanted in built[1:]]  # SQLAlchemy's own cache keeps the first
        del built, wanted
        gc.collect()
        assert [ref for ref in gone if ref() is not None] == []


def test_what_is_kept_has_bounds(things: Database) -> None:
    statements = Statements()
    for _ in range(3 * STATEMENTS):
        wanted = select(C.id)
        statements.find(wanted)
        statements.find(wanted)
    assert len(statements.known) <= 1.5 * STATEMENTS

    wanted = select(C.id).where(C.label.in_(LABELS))
    with undone(things, PreparedConnection) as connection:
        for number in range(SHAPES + 20):
            found = connection.execute(wanted, {"labels": ["a"] * (1 + number)}).scalars().all()
            assert found == [800]
        assert len(prepared(connection, wanted)) == SHAPES


def test_what_is_known_is_forgotten_with_its_database(url: str) -> None:
    wanted = text("SELECT count(*) FROM erp_shelf")
    database = Database.open(url)
    with database.read() as connection:
        for _ in range(3):
            connection.execute(wanted)
        (kept,) = prepared(connection, wanted)
    gone = weakref.ref(kept)
    database.dispose()
    del kept, connection, database
    gc.collect()
    assert gone() is None


def test_threads_share_what_is_known(things: Database) -> None:
    wanted = select(C.id).where(C.label.in_(LABELS)).order_by(C.id)
    with things.write() as connection:
        connection.execute(insert(THING), [{"id": n, "label": str(n)} for n in range(1, 9)])

    def read(count: int) -> list[int]:
        with things.read() as connection:
            for _ in range(20):
                found = connection.execute(wanted, {"labels": [str(n) for n in range(1, count + 1)]})
                rows = [int(row.id) for row in found]
        return rows

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(read, [1, 2, 3, 4, 5, 6, 7, 8] * 2))
    assert told == [list(range(1, count + 1)) for count in range(1, 9)] * 2


def test_the_version_that_is_installed_is_the_one_that_was_seen() -> None:
    """A newer one: run this file with `-m proof` too, then move `SEEN`."""
    assert sqlalchemy.__version__ == SEEN


def test_nothing_is_prepared_with_a_version_that_nobody_has_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlalchemy, "__version__", "2.1.999")
    engine = create_engine("sqlite://")
    prepare_statements(engine)
    with engine.connect() as connection:
        assert type(connection) is Connection
