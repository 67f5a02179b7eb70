"""``fenbu import`` as people and scripts meet it: a table or JSON on stdout, the rest on stderr, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fenbu.cli.running import run
from fenbu.engine.kernel import Kernel
from fenbu.testing.databases import SqliteServer
from tests.flows import retail
from tests.flows.retail import line, write

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> SqliteServer:
    return SqliteServer(tmp_path_factory.mktemp("shops"))


@pytest.fixture
def url(shops: SqliteServer, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("fenbu.engine.guard.operators.os_user", lambda: retail.OWNER)
    url = shops.copy("retail", retail.build)
    monkeypatch.setenv("FENBU_DATABASE", url)
    return url


def test_the_report_names_kinds_outcomes_and_what_is_left(url: str, tmp_path: Path, capsys: Captured) -> None:
    path = write(tmp_path, line(), line("536414", quantity="-5", price="0"))
    assert run(["import", "online_retail", str(path), "--deliver"]) == 0
    told = capsys.readouterr()
    assert "15.30 GBP" in told.out
    assert "left to SCM" in told.out
    assert "2 documents, 2 lines in" in told.err


def test_rejects_end_with_three_and_say_where_they_lie(url: str, tmp_path: Path, capsys: Captured) -> None:
    path = write(tmp_path, line(quantity="six"))
    assert run(["import", "online_retail", str(path)]) == 3
    told = capsys.readouterr().err
    assert "a number like 1234.50 is wanted" in told
    assert "orders.csv.rejects.csv" in told


def test_a_script_reads_the_same_report_as_json(url: str, tmp_path: Path, capsys: Captured) -> None:
    path = write(tmp_path, line(), line("536366", quantity="six"))
    assert run(["import", "online_retail", str(path), "--json", "--deliver"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "fenbu.import/1"
    assert told["imported"] == {"sale": {"documents": 1, "lines": 1, "amount": "15.30"}}
    assert told["rejected"]["documents"] == 1
    assert told["rejected"]["file"].endswith("orders.csv.rejects.csv")


def test_a_dry_run_says_that_nothing_was_written(url: str, tmp_path: Path, capsys: Captured) -> None:
    assert run(["import", "online_retail", str(write(tmp_path, line())), "--dry-run"]) == 0
    assert "would be imported" in capsys.readouterr().out
    with Kernel.open(url) as kernel:
        assert not retail.rows(kernel, "erp.orders")


def test_a_wrong_header_ends_with_sixty_five_and_one_clear_sentence(
    url: str, tmp_path: Path, capsys: Captured
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("Invoice No,StockCode\n1,2\n", encoding="utf-8")
    assert run(["import", "online_retail", str(path)]) == 65
    assert "InvoiceNo (the nearest is Invoice No)" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(url: str, capsys: Captured) -> None:
    assert run(["import", "online_retail", "nowhere.csv"]) == 65
    assert "nowhere.csv: No such file or directory" in capsys.readouterr().err


def test_an_unknown_profile_is_a_wrong_usage(url: str, tmp_path: Path, capsys: Captured) -> None:
    assert run(["import", "online-retail", str(write(tmp_path, line()))]) == 64
    assert "did you mean online_retail?" in capsys.readouterr().err


def test_without_a_worker_the_command_says_what_waits(url: str, tmp_path: Path, capsys: Captured) -> None:
    path = write(tmp_path, *(line(str(number)) for number in range(536000, 536150)))
    assert run(["import", "online_retail", str(path), "--most-waiting", "20"]) == 3
    assert "no worker is running" in capsys.readouterr().err
