"""The test ground itself: what an author of a module relies on when a test asks for a database."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE

import pytest
from sqlalchemy import create_engine, text

from fenbu.testing.databases import DatabaseCopy, Databases, Kind, TemplateInUse


def run(url: str, *statements: str) -> list[tuple[object, ...]]:
    """Run statements in one transaction and leave no connection open; answer the last one's rows."""
    engine = create_engine(url)
    rows: list[tuple[object, ...]] = []
    with engine.begin() as connection:
        for statement in statements:
            result = connection.execute(text(statement))
            rows = [tuple(row) for row in result] if result.returns_rows else []
    engine.dispose()
    return rows


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_starts_with_an_empty_database(database_url: str, turn: int) -> None:
    run(database_url, "CREATE TABLE tea (name text)", f"INSERT INTO tea VALUES ('{turn}')")
    assert run(database_url, "SELECT name FROM tea") == [(str(turn),)]


def test_the_url_names_the_kind_of_database_and_its_driver(database_url: str, database_kind: Kind) -> None:
    scheme = {"sqlite": "sqlite:////", "postgresql": "postgresql+psycopg://"}[database_kind]
    assert database_url.startswith(scheme)


def test_a_template_is_built_once_and_its_copies_are_apart(database_copy: DatabaseCopy) -> None:
    built = []

    def build(url: str) -> None:
        built.append(url)
        run(url, "CREATE TABLE tea (name text)", "INSERT INTO tea VALUES ('oolong')")

    first, second = database_copy("built once", build), database_copy("built once", build)
    run(first, "DELETE FROM tea")
    assert run(second, "SELECT name FROM tea") == [("oolong",)]
    assert len(built) == 1


def test_a_template_with_an_open_connection_is_refused_by_name(
    databases: Databases, database_kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fenbu.testing.databases.PATIENCE", 0.1)
    opened = []

    def build_and_forget(url: str) -> None:
        connection = create_engine(url).connect()
        if database_kind == "sqlite":
            connection.execute(text("PRAGMA journal_mode = WAL"))
        connection.execute(text("CREATE TABLE tea (name text)"))
        opened.append(connection)

    with pytest.raises(TemplateInUse, match="'left open' is still in use"):
        databases.server(database_kind).copy("left open", build_and_forget)
    opened.pop().invalidate()  # the server may have ended it already


def test_a_database_is_cloned_as_it_is_now(databases: Databases, database_kind: Kind) -> None:
    server = databases.server(database_kind)
    grown = server.create()
    run(grown, "CREATE TABLE tea (name text)", "INSERT INTO tea VALUES ('oolong')")
    clone = server.clone(grown)
    run(grown, "INSERT INTO tea VALUES ('assam')")
    assert run(clone, "SELECT name FROM tea") == [("oolong",)]
    for url in (grown, clone):
        server.drop(url)


@pytest.mark.databases("sqlite")
def test_a_file_with_its_log_beside_it_is_not_cloned(databases: Databases) -> None:
    server = databases.server("sqlite")
    url = server.create()
    with create_engine(url).connect() as connection:
        connection.execute(text("PRAGMA journal_mode = WAL"))
        connection.execute(text("CREATE TABLE tea (name text)"))
        with pytest.raises(TemplateInUse, match="still in use"):
            server.clone(url)
    server.drop(url)


def test_a_dropped_database_is_gone_though_somebody_is_still_connected(
    databases: Databases, database_kind: Kind
) -> None:
    server = databases.server(database_kind)
    url = server.create()
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE tea (name text)"))
        server.drop(url)
        connection.invalidate()
    with pytest.raises(Exception, match=r"does not exist|unable to open"):
        run(url, "SELECT 1")


@pytest.mark.databases("postgresql")
def test_a_commit_answers_only_when_its_log_is_written(database_url: str) -> None:
    """So what was committed survives the death of any process; tests that kill them rely on it."""
    assert run(database_url, "SHOW synchronous_commit") == [("on",)]


@pytest.mark.parametrize(
    ("marker", "outcome"),
    [
        ('"postgresql"', "1 skipped"),
        ('"sqlite"', "1 passed"),
        ('"postgres"', "is to run on postgres, which is no kind"),
    ],
)
def test_a_project_and_a_test_choose_their_databases(tmp_path: Path, marker: str, outcome: str) -> None:
    """A mistyped kind is refused: it would otherwise skip the test in silence."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nfenbu_databases = sqlite\n")
    (tmp_path / "test_choice.py").write_text(
        f"import pytest\n@pytest.mark.databases({marker})\ndef test_it(database_url): pass\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_choice.py"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert outcome in " ".join((result.stdout + result.stderr).split())


@pytest.mark.parametrize("ending", ["killed", "finished"])
def test_a_test_run_leaves_no_server_and_no_folder_behind(tmp_path: Path, ending: str) -> None:
    script = tmp_path / "test_run.py"
    script.write_text(
        "import sys\n"
        "from fenbu.testing.postgres import postgres_server\n"
        "with postgres_server() as url:\n"
        "    print(url, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, script], stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        data = Path(process.stdout.readline().strip().partition("?host=")[2])
        server = int((data / "postmaster.pid").read_text().split()[0])
        if ending == "killed":
            process.kill()
    assert becomes_true(lambda: not data.parent.exists())
    assert becomes_true(lambda: not Path(f"/proc/{server}").exists())


def becomes_true(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Wait for a condition that another process brings about."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()
