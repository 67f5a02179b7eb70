"""The disk is full, or takes no writes: people are told so, workers wait, nothing is lost, doubled or counted."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from fenbu.cli.running import run
from fenbu.engine.doctor import examine
from fenbu.engine.kernel import Kernel
from fenbu.engine.store.errors import DatabaseFull, DatabaseReadOnly
from fenbu.errors import FenbuError
from fenbu.testing.databases import DatabaseCopy, Databases, Kind
from fenbu.testing.enterprises import OWNER
from tests.faults.disks import Disk, on_a_small_disk, somebody
from tests.faults.office import Place
from tests.faults.stories import an_office, ordered

Small = tuple[str, Disk]


def build(url: str) -> None:
    an_office(Place(url, Path()))


def count(kernel: Kernel, table: str) -> int:
    with kernel.database.read() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


def healthy(kernel: Kernel) -> None:
    ill = {one.check.name: one.finding.detail for one in examine(kernel) if one.finding.health != "ok"}
    assert ill == {}


def refused(kernel: Kernel, kind: type[FenbuError], tries: int = 400) -> tuple[int, FenbuError]:
    """Place orders until it is refused; return how many were placed, and what was said."""
    for placed in range(tries):
        try:
            kernel.perform("erp.order.place", ordered(1))
        except kind as error:
            return placed, error
    raise AssertionError(f"{tries} orders were placed")


def asked(url: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Place an order as a person does; return the exit code and what was said."""
    capsys.readouterr()
    code = run(["--database", url, "do", "erp.order.place", "--line", "item=TEA,quantity=1"])
    return code, capsys.readouterr().err


@pytest.fixture(autouse=True)
def owner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever types a command is the enterprise's owner."""
    monkeypatch.setenv("LOGNAME", OWNER.name)


@pytest.fixture
def small(databases: Databases, database_kind: Kind) -> Iterator[Small]:
    with on_a_small_disk(databases, database_kind, "an office", build) as made:
        yield made


def test_on_a_full_disk_people_are_told_so_and_what_waits_goes_on_when_there_is_room(
    small: Small, capsys: pytest.CaptureFixture[str]
) -> None:
    url, disk = small
    with Kernel.open(url, actor=OWNER) as kernel:
        before = count(kernel, "erp_order")
        disk.fill()
        placed, error = refused(kernel, DatabaseFull)
        assert "there is no room left on the disk" in str(error)
        assert "make room" in error.hint
        disk.fill(left=0)
        code, told = asked(url, capsys)
        assert code == 69, told
        assert "there is no room left on the disk" in told
        assert "Traceback" not in told
        with kernel.worker().running():
            time.sleep(0.3)
            assert count(kernel, "fenbu_delivery WHERE attempts > 0 OR state = 'dead'") == 0
            disk.free()
            until(lambda: count(kernel, "fenbu_delivery") == 0)
        assert count(kernel, "erp_order") == before + placed
        assert count(kernel, "fenbu_problem") == 0
        assert refused_nothing(kernel)
        healthy(kernel)


def refused_nothing(kernel: Kernel) -> bool:
    kernel.perform("erp.order.place", ordered(1))
    return kernel.drain().finished


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("what", ["file", "folder", "both"])
def test_where_the_file_or_its_folder_takes_no_writes_one_may_look_and_is_told_why_one_may_not_act(
    what: str, database_copy: DatabaseCopy, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="fenbu-locked-"))
    file = folder / "fenbu.db"
    shutil.copyfile(database_copy("an office", build).removeprefix("sqlite:///"), file)
    file.chmod(0o666 if what == "folder" else 0o444)
    folder.chmod(0o777 if what == "file" else 0o555)
    try:
        with somebody():
            code, told = asked(str(file), capsys)
            assert code == 69, told
            assert "cannot be written" in told or "cannot be reached" in told
            assert "check the owner and permissions" in told
            assert "Traceback" not in told
            assert "defect" not in told
    finally:
        folder.chmod(0o777)
        shutil.rmtree(folder)


@pytest.mark.databases("postgresql")
def test_on_a_server_that_takes_no_writes_people_are_told_so_and_what_waits_goes_on_later(
    database_copy: DatabaseCopy, capsys: pytest.CaptureFixture[str]
) -> None:
    url = make_url(database_copy("an office", build))
    admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")

    def read_only(state: str) -> None:
        with admin.connect() as connection:
            connection.exec_driver_sql(
                f'ALTER DATABASE "{url.database}" SET default_transaction_read_only = {state}'
            )
            connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
                {"name": url.database},
            )

    address = url.render_as_string(hide_password=False)
    with Kernel.open(address, actor=OWNER) as kernel:
        kernel.perform("erp.order.place", ordered(1))
        read_only("on")
        _placed, error = refused(kernel, DatabaseReadOnly, tries=1)
        assert "cannot be written" in str(error)
        code, told = asked(address, capsys)
        with admin.connect() as c: print(c.exec_driver_sql("select datname, setconfig from pg_db_role_setting s join pg_database d on d.oid=s.setdatabase").all())
        with kernel.database.write() as c: print(c.exec_driver_sql("show default_transaction_read_only").all(), c.exec_driver_sql("show transaction_read_only").all())
        print(told)
        assert (code, "cannot be written" in told) == (69, True), told
        with kernel.worker().running():
            time.sleep(0.3)
            assert count(kernel, "fenbu_delivery WHERE attempts > 0 OR state = 'dead'") == 0
            read_only("off")
            until(lambda: count(kernel, "fenbu_delivery") == 0)
        healthy(kernel)
    admin.dispose()
