"""The pytest plugin of fenbu, found by its entry point; what it offers is told in `fenbu.testing`.

It is imported by every run of pytest where fenbu is installed, hence the late imports.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from fenbu.testing.clock import Clock
    from fenbu.testing.databases import Build, DatabaseCopy, Databases, Kind, PostgresServer
    from fenbu.testing.dummies import DummyModules
    from fenbu.testing.enterprises import Drain, Enterprises

KINDS = ("sqlite", "postgresql")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the setting that says which databases a project's tests run on."""
    parser.addini(
        "fenbu_databases",
        "Kinds of database that tests with the fixture database_url run on",
        type="args",
        default=list(KINDS),
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, so that strict runs know it."""
    config.addinivalue_line("markers", "databases(*kinds): run on these kinds of database only")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once on each kind of database, when it or one of its fixtures wants one."""
    if "database_kind" not in metafunc.fixturenames:
        return
    configured: list[str] = metafunc.config.getini("fenbu_databases")
    marker = metafunc.definition.get_closest_marker("databases")
    marked = marker.args if marker else KINDS
    if unknown := {*configured, *marked}.difference(KINDS):
        raise pytest.UsageError(
            f"{metafunc.definition.nodeid} is to run on {', '.join(sorted(unknown))}, which is no kind of database; "
            f"the marker and the setting fenbu_databases know {' and '.join(KINDS)}."
        )
    kinds = [kind for kind in configured if kind in marked]
    metafunc.parametrize("database_kind", kinds, indirect=True, scope="session")


@pytest.fixture(scope="session")
def database_kind(request: pytest.FixtureRequest) -> Kind:
    """Say which kind of database this run of the test is on: `sqlite` or `postgresql`."""
    return cast("Kind", request.param)


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """Give the ground on which databases are made, for fixtures of a wider scope than one test."""
    from fenbu.testing.databases import Databases, SqliteServer
    from fenbu.testing.memory import folder

    with ExitStack() as stack:
        yield Databases(
            {
                "sqlite": lambda: SqliteServer(stack.enter_context(folder("fenbu-sqlite-"))),
                "postgresql": lambda: _postgres(stack),
            }
        )


@pytest.fixture
def database_url(databases: Databases, database_kind: Kind) -> Iterator[str]:
    """Give the URL of a fresh, empty database, dropped after the test."""
    server = databases.server(database_kind)
    url = server.create()
    yield url
    server.drop(url)


@pytest.fixture
def database_copy(databases: Databases, database_kind: Kind) -> Iterator[DatabaseCopy]:
    """Give `copy(name, build)`: the URL of a copy of a database that `build(url)` fills once a run."""
    server = databases.server(database_kind)
    urls: list[str] = []

    def copy(name: str, build: Build) -> str:
        urls.append(server.copy(name, build))
        return urls[-1]

    yield copy
    for url in urls:
        server.drop(url)


@pytest.fixture
def dummy_modules(tmp_path: Path) -> Iterator[DummyModules]:
    """Give a folder on the search path in which made-up modules are installed, mended and removed."""
    from fenbu.testing.dummies import dummies

    with dummies(tmp_path / "site") as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    """Give the clock of the test's enterprises: Monday 5 January 2026, nine o'clock, going on until it is moved."""
    from fenbu.testing.clock import Clock

    return Clock()


@pytest.fixture
def enterprise(database_copy: DatabaseCopy, clock: Clock) -> Iterator[Enterprises]:
    """Give `enterprise("erp")`: a kernel on a database of its own with these modules enabled."""
    from fenbu.testing.enterprises import enterprises

    with enterprises(database_copy, clock) as make:
        yield make


@pytest.fixture
def drain() -> Drain:
    """Give `drain(kernel)`, which delivers what waits and fails the test when a delivery is dead."""
    from fenbu.testing.enterprises import drain

    return drain


@pytest.fixture
def untimed() -> Iterator[None]:
    """Let neither the clock nor chance decide how work is divided: what is counted is exact."""
    from fenbu.testing import counting

    with counting.untimed():
        yield


def _postgres(stack: ExitStack) -> PostgresServer:
    """Use the server that the environment names, or start one that ends with the run."""
    from fenbu.testing.databases import PostgresServer
    from fenbu.testing.postgres import postgres_server

    url = os.environ.get("FENBU_TEST_POSTGRES") or stack.enter_context(postgres_server())
    server = PostgresServer(url)
    stack.callback(server.close)
    return server
