"""The disk is full, or takes no writes: people are told so, workers wait, nothing is lost, doubled or counted."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fenbu.cli.running import run
from fenbu.engine.doctor import examine
from fenbu.engine.kernel import Kernel
from fenbu.engine.store.errors import DatabaseFull
from fenbu.errors import FenbuError
from fenbu.testing.databases import DatabaseCopy, Databases, Kind
from fenbu.testing.enterprises import OWNER
from tests.faults.disks import Disk, on_a_small_disk, somebody
from tests.faults.office import Place
from tests.faults.stories import a_busy_office, count, ordered

Small = tuple[str, Disk]


def build(url: str) -> None:
    a_busy_office(Place(url, Path()))


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


def untroubled(kernel: Kernel) -> None:
    """Nothing was counted against any event, no module has a problem, every check is content."""
    assert count(kernel, "fenbu_delivered WHERE attempts > 0") == 0
    assert count(kernel, "fenbu_problem") == 0
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
    monkeypatch.setattr("fenbu.engine.guard.operators.os_user", lambda: OWNER.name)


@pytest.fixture
def small(databases: Databases, database_kind: Kind) -> Iterator[Small]:
    with on_a_small_disk(databases, database_kind, "a busy office", build) as made:
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
        # A server that cannot even let anybody in says so itself.
        assert "there is no room left on the disk" in told or "No space left on device" in told
        assert "Traceback" not in told
        with kernel.worker().running():
            time.sleep(0.3)
            disk.free()
            until(lambda: count(kernel, "fenbu_delivery") == 0)
        assert count(kernel, "erp_order") == before + placed
        kernel.perform("erp.order.place", ordered(1))
        assert kernel.drain().finished
        untroubled(kernel)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("what", ["file", "folder", "both"])
def test_where_the_file_or_its_folder_takes_no_writes_one_may_look_and_is_told_why_one_may_not_act(
    what: str, database_copy: DatabaseCopy, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="fenbu-locked-"))
    file = folder / "fenbu.db"
    shutil.copyfile(database_copy("a busy office", build).removeprefix("sqlite:///"), file)
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
