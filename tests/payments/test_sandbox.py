"""The sandbox's file: begun when there is none, taken up again, refused when another version made it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from fenbu.errors import BadFile
from fenbu_payments.sandbox.bank import Bank

AUTHORISE = {"kind": "authorise", "reference": "P1-A1", "payment": "P1", "amount": "5.00", "currency": "GBP"}


def change(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as db:
        db.executescript(statement)


def test_a_file_is_taken_up_where_it_was_left(tmp_path: Path) -> None:
    for _time in range(2):
        with Bank(tmp_path / "bank.db") as bank:
            bank.perform(AUTHORISE, "one key")
    with Bank(tmp_path / "bank.db") as bank:
        assert bank.done("authorise") == {"P1-A1": 1}


def test_a_file_without_its_stamp_or_an_index_is_completed(tmp_path: Path) -> None:
    Bank(tmp_path / "bank.db").close()
    change(tmp_path / "bank.db", "DROP INDEX asked_about; PRAGMA user_version = 0")
    Bank(tmp_path / "bank.db").close()
    with closing(sqlite3.connect(tmp_path / "bank.db")) as db:
        assert db.execute("SELECT 1 FROM sqlite_master WHERE name = 'asked_about'").fetchone()


@pytest.mark.parametrize(
    "tables", ["CREATE TABLE setting (name TEXT, value REAL)", "CREATE TABLE tea (leaf TEXT)"]
)
def test_a_file_of_another_version_is_refused_in_words(tmp_path: Path, tables: str) -> None:
    file = tmp_path / "bank.db"
    change(file, tables)
    with pytest.raises(BadFile) as refused:
        Bank(file)
    assert str(refused.value) == f"{file}: it is not the record of this version of the sandbox"
    assert "name another file" in refused.value.hint

    command = [sys.executable, "-m", "fenbu_payments.sandbox", str(file)]
    for more in ([], ["--fail", "decline"]):
        ran = subprocess.run([*command, *more], capture_output=True, text=True, check=False)
        assert (ran.returncode, "Traceback" in ran.stderr) == (2, False)
        assert "not the record of this version" in " ".join(ran.stderr.split())
