"""The sandbox's own record: opened once, let go when it is another file, refused when another version made it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from fenbu_payments.errors import SandboxDiffers
from fenbu_payments.sandbox.bank import Bank, kept
from tests.payments.till import Till

WANTED = {
    "kind": "authorise",
    "reference": "PAY-1-A1",
    "payment": "PAY-1",
    "amount": "5.00",
    "currency": "EUR",
}


def outdated(file: Path) -> Path:
    """Make the record of an older version."""
    with sqlite3.connect(file) as old:
        old.execute("CREATE TABLE operation (id INTEGER PRIMARY KEY)")
    old.close()
    return file


def test_a_thread_keeps_its_bank_open(tmp_path: Path) -> None:
    file, found = tmp_path / "sandbox.db", []
    first = kept(file)
    first.perform(WANTED, "k1")
    assert kept(file) is first
    asking = threading.Thread(target=lambda: found.append((kept(file), kept(file).find("PAY-1-A1"))))
    asking.start()
    asking.join()
    ((other, told),) = found
    assert other is not first
    assert told is not None


def test_a_record_that_was_deleted_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.db"
    kept(file).perform(WANTED, "k1")
    file.unlink()
    assert kept(file).find("PAY-1-A1") is None
    assert kept(file).perform(WANTED, "k1")["done"]
    with Bank(file) as reading:
        assert reading.done("authorise") == {"PAY-1-A1": 1}


def test_a_record_of_another_version_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(SandboxDiffers, match=r"old.db has schema 0, and \d+ is wanted"):
        Bank(outdated(tmp_path / "old.db"))


def test_it_is_refused_on_the_command_line_too(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fenbu_payments.sandbox", str(outdated(tmp_path / "old.db"))]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "move the file away" in told.stderr


def test_calls_to_a_sandbox_of_another_version_wait_for_a_person(till: Till, tmp_path: Path) -> None:
    till.bank.close()
    for file in tmp_path.glob("sandbox.db*"):
        file.unlink()
    outdated(tmp_path / "sandbox.db")
    till.asked()
    with till.kernel.database.read() as connection:
        state, error = connection.execute(text("SELECT state, error FROM fenbu_call")).one()
    assert state == "dead"
    assert "move the file away" in error
