"""The pages that tell a story by commands: each command works, in its order, and they end as the page says."""

from __future__ import annotations

import gzip
import re
import runpy
import shlex
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fenbu.cli.running import run
from fenbu.engine.catalog.reference import resolve
from fenbu_payments.gateways import kinds
from tools.constraints import ROOT
from tools.module_pages import BELOW, described

CONSOLE = re.compile(r"^```console\n(?P<lines>.*?)^```", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"^```\w+ file=(?P<path>\S+)\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE)


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def lived(name: str, capsys: pytest.CaptureFixture[str]) -> Mapping[str, str]:
    """Run the commands of a page in this folder; return what each wrote."""
    told: dict[str, str] = {}
    for block in CONSOLE.finditer(page(name)):
        told |= typed(block["lines"], capsys)
    return told


def typed(lines: str, capsys: pytest.CaptureFixture[str]) -> Mapping[str, str]:
    """Run the commands of a block in this folder; return what each wrote."""
    told = {}
    for line in lines.replace("\\\n", " ").splitlines():
        command = line.removeprefix("$ ")
        program, *words = shlex.split(command)
        code = run(words) if program == "fenbu" else python(*words)
        out, err = capsys.readouterr()
        assert code == 0, f"{command}\n{out}{err}"
        told[command] = out
    return told


def python(*words: str) -> int:
    """Run ``python -m …`` in this process."""
    assert words[0] == "-m"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", list(words[1:]))
        runpy.run_module(words[1], run_name="__main__")
    return 0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, wide enough that nothing is left out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FENBU_DATABASE", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def last(told: Mapping[str, str], command: str) -> str:
    """Return what the last command that begins so has written."""
    return next(told[one] for one in reversed(list(told)) if one.startswith(f"fenbu {command}"))


def test_order_to_cash_is_lived_as_the_page_tells_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = lived("order-to-cash.md", capsys)
    assert (folder / "sandbox.db").exists()
    assert "closed" in told["fenbu show erp.orders SO-00000001"]
    assert "captured" in told["fenbu show payments.payments PAY-00000001"]
    assert "declined" in last(told, "show erp.requirements --where state=failed")
    assert re.search(r"SO-00000004 +2 +POT +1 piece", last(told, "show scm.backorders"))
    story = last(told, "explain order SO-00000004")
    for happened in (
        "erp.order.place",
        "short of stock",
        "shipment SO-00000004-1 left",
        "shipment SO-00000004-2 left",
        "goods came back",
        "refunded",
    ):
        assert happened in story
    assert last(told, "show payments.money-without-document") == ""
    assert "✖" not in last(told, "doctor")


INIT = "fenbu init --name Shop --currency GBP --time-zone Europe/London"


def test_the_commands_of_the_modules_readmes_work_in_one_enterprise_that_grows(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(INIT, capsys)
    told: dict[str, str] = {}
    for module in ("erp", "scm", "hrm", "payments"):
        if module == "payments":
            typed("fenbu enable payments", capsys)
        told |= lived(f"../plugins/{module}/README.md", capsys)
    assert "INV-00000001" in told["fenbu show erp.invoices"]
    assert "reviewed" in told["fenbu do hrm.payroll.review --run PR-00000001"]


ORDERS = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
536365,71053,WHITE METAL LANTERN,2,2010-12-01 08:26:00,3.39,17850.0,United Kingdom
C536379,85123A,WHITE HANGING HEART,-1,2010-12-01 09:41:00,2.55,17850.0,United Kingdom
"""
STOCK = "code,quantity,unit_cost\n85123A,100,1.40\n71053,1,1.86\n"
PEOPLE = """
    CREATE TABLE Department (DepartmentId, Name, GroupName);
    CREATE TABLE Employee (BusinessEntityId, JobTitle, LoginId, NationalIdNumber, BirthDate);
    CREATE TABLE EmployeeDepartmentHistory (BusinessEntityId, DepartmentId, StartDate, EndDate);
    CREATE TABLE EmployeePayHistory (BusinessEntityId, RateChangeDate, Rate);
    INSERT INTO Department VALUES (1, 'Engineering', 'Research'), (2, 'Sales', 'Sales and Marketing');
    INSERT INTO Employee VALUES (7, 'Engineer', 'works/ann0', '295847284', '1969-01-29');
    INSERT INTO EmployeeDepartmentHistory VALUES (7, 1, '2009-01-14', '2011-05-31'), (7, 2, '2011-06-01', '');
    INSERT INTO EmployeePayHistory VALUES (7, '2009-01-14', '40.00');
"""


def test_the_commands_of_the_importers_readmes_bring_orders_and_people_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    alone, together = CONSOLE.findall(page("../examples/online_retail/README.md"))
    (people,) = CONSOLE.findall(page("../examples/adventureworks/README.md"))
    told = []
    for number, lines in enumerate((alone, together, people)):
        place = folder / str(number)
        place.mkdir()
        monkeypatch.chdir(place)
        Path("orders.csv.gz").write_bytes(gzip.compress(ORDERS.encode()))
        Path("opening_stock.csv").write_text(STOCK, encoding="utf-8")
        with closing(sqlite3.connect("adventureworks.sqlite")) as source:
            source.executescript(PEOPLE)
        Path("adventureworks.sqlite.gz").write_bytes(
            gzip.compress(Path("adventureworks.sqlite").read_bytes())
        )
        told.append(typed(lines, capsys))
        assert run(["doctor"]) == 0, capsys.readouterr().out
    assert re.search(r"Revenue .*-22\.08 GBP", told[0]["fenbu show erp.trial-balance"])
    assert re.search(r"71053 +1 piece +2 piece", told[1]["fenbu show scm.backorders"])
    assert "6,933.33 USD" in told[2]["fenbu show hrm.payroll-cost"], "40 hours at 40.00, 52 weeks, by month"


@pytest.fixture
def voucher(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package of the page, as installed."""
    site = folder / "site"
    for block in FILE.finditer(page("gateways.md")):
        path = site / block["path"].removeprefix("src/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block["text"], encoding="utf-8")
    info = site / "fenbu_voucher-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fenbu-voucher\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[fenbu.payments.gateways]\nvoucher = fenbu_voucher:Voucher\n")
    monkeypatch.syspath_prepend(str(site))
    kinds.cache_clear()
    yield site
    kinds.cache_clear()
    sys.modules.pop("fenbu_voucher", None)


def test_a_gateway_of_ones_own_moves_money_as_the_page_tells_it(
    voucher: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = lived("gateways.md", capsys)
    lines = last(told, "show payments.payments").splitlines()
    assert re.match(r"PAY-00000002 +failed ", lines[1])
    assert re.match(r"PAY-00000001 +captured ", lines[2])
    assert len((folder / "vouchers.jsonl").read_text().splitlines()) == 3
    assert "✖" not in last(told, "doctor")


def test_the_gateway_of_the_page_type_checks_strictly(voucher: Path) -> None:
    from mypy import api

    settings = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(ROOT / ".mypy_cache")]
    out, err, code = api.run([*settings, str(voucher / "fenbu_voucher" / "__init__.py")])
    assert code == 0, out + err


NAMES = re.compile(r"(?<![\w/.])((?:crm|erp|hrm|payments|scm)\.[a-z_.-]*[a-z])(?![.-]?[a-z_]|/\d)")


@pytest.mark.parametrize(
    "name", ["order-to-cash.md", "gateways.md", "tour.md", *(f"modules/{one.name}.md" for one in described())]
)
def test_every_setting_action_view_and_metric_on_the_pages_is_there(name: str) -> None:
    known = set()
    for module in described():
        manifest = module.manifest
        known |= {f"{module.name}.{name}" for name in resolve(manifest.settings).model_fields}
        known |= {one.name for one in manifest.actions} | {one.name for one in manifest.subscriptions}
        for part in (manifest.views, manifest.metrics, manifest.checks, manifest.completeness):
            declared: tuple[Any, ...] = resolve(part or "")
            known |= {one.name for one in declared}
    prose = CONSOLE.sub("", FILE.sub("", page(name).partition(BELOW)[0]))
    assert {told for told in NAMES.findall(prose) if not told.endswith(".md")} - known == set()


def test_every_failure_of_the_sandbox_is_told() -> None:
    from fenbu_payments.sandbox.bank import FAILURES

    section = page("gateways.md").partition("## The sandbox")[2].partition("\n## ")[0]
    assert {
        name
        for row in re.findall(r"^\| (.+?) \|", section, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    } == set(FAILURES)
