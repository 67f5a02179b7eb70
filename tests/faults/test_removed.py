"""Each protection is taken away in a copy of the source, and the test that stands for it must then fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import frozen

from tools.constraints import ROOT

ENGINE = "core/src/fenbu/engine"
FAULTS = "tests/faults"
COMMITS = (
    "for told in ('COMMIT', 'BEGIN IMMEDIATE'): work.connection.connection.driver_connection.execute(told)"
)
"""Ends a work's transaction and begins another, on SQLite: what was one is two."""
EXPANDS = "            made, done = history.expand(connection, one.id, self._clock(connection))\n"
FAILED = 1
"""How pytest ends when a test has failed; anything else says nothing."""


@frozen
class Removed:
    """One protection: where it stands, what is left without it, and the test that must miss it."""

    name: str
    file: str
    old: str
    new: str
    test: str
    only: str = ""
    """Which of the test's cases, as ``pytest -k`` takes it."""
    hangs: bool = False
    """Without it the test does not end, and is ended."""


REMOVED = (
    Removed(
        "a lost commit is not run again",
        f"{ENGINE}/store/database.py",
        "if over and connection_lost(error):",
        "if False:",
        f"{FAULTS}/test_lost_answers.py",
        "not_done_again",
    ),
    Removed(
        "a request with a key is repeated",
        f"{ENGINE}/kernel.py",
        "repeatable=key is not None",
        "repeatable=False",
        f"{FAULTS}/test_lost_answers.py",
        "with_a_key",
    ),
    Removed(
        "a full disk is not the event's fault",
        f"{ENGINE}/store/infrastructure.py",
        "        sqlite3.SQLITE_FULL,\n",
        "",
        f"{FAULTS}/test_disks.py",
        "full and sqlite",
    ),
    Removed(
        "a full server is not the event's fault",
        f"{ENGINE}/store/infrastructure.py",
        '"25P03", "53", "55P03"',
        '"25P03", "55P03"',
        f"{FAULTS}/test_disks.py",
        "full and postgresql",
    ),
    Removed(
        "a file without writes is said",
        f"{ENGINE}/store/infrastructure.py",
        "        sqlite3.SQLITE_READONLY,\n",
        "",
        f"{FAULTS}/test_disks.py",
        "takes_no_writes and file",
    ),
    Removed(
        "a server without writes is said",
        f"{ENGINE}/store/infrastructure.py",
        '"25006", ',
        "",
        "tests/core/store/test_infrastructure.py",
        "takes_no_writes",
    ),
    Removed(
        "a reader's connection is not told to write",
        f"{ENGINE}/store/postgresql.py",
        "            driver.read_only = None\n",
        "            pass\n",
        f"{FAULTS}/test_server_dies.py",
        "takes_no_writes",
    ),
    Removed(
        "waiting goes on where nobody can listen",
        f"{ENGINE}/store/postgresql.py",
        "        except (psycopg.Error, DatabaseUnreachable):\n            self.close()\n        return self._conn",
        "        except ZeroDivisionError:\n            self.close()\n        return self._conn",
        f"{FAULTS}/test_server_dies.py",
        "takes_no_writes",
    ),
    Removed(
        "a dead server is waited out",
        f"{ENGINE}/flows/worker.py",
        "        if not infrastructure(error):\n            raise error\n",
        "        raise error\n",
        f"{FAULTS}/test_server_dies.py",
        "again_and_again",
    ),
    Removed(
        "a cut connection is not the event's fault",
        f"{ENGINE}/store/infrastructure.py",
        "    if isinstance(error, DBAPIError) and error.connection_invalidated:\n        return True\n    code =",
        "    if connection_lost(error):\n        return False\n    code =",
        f"{FAULTS}/test_killed.py",
        "cut and catching",
    ),
    Removed(
        "a module is enabled whole or not at all",
        f"{ENGINE}/states/enable.py",
        "    _assemble(work, loaded)\n    if manifest.seed",
        f"    {COMMITS}\n    _assemble(work, loaded)\n    if manifest.seed",
        f"{FAULTS}/test_killed.py",
        "before_and_after and sqlite and enabling",
    ),
    Removed(
        "a module is disabled whole or not at all",
        f"{ENGINE}/states/disable.py",
        "    work.publish(ModuleDisabled(",
        f"    {COMMITS}\n    work.publish(ModuleDisabled(",
        f"{FAULTS}/test_killed.py",
        "before_and_after and sqlite and disabling",
    ),
    Removed(
        "how far history is read commits with its deliveries",
        f"{ENGINE}/flows/worker.py",
        EXPANDS,
        f"{EXPANDS}            taken = connection.exec_driver_sql('DELETE FROM fenbu_delivery RETURNING *').all()\n"
        "        with self._writing() as connection:\n"
        "            for row in taken:\n"
        "                values = ', '.join('?' for _column in row)\n"
        "                connection.exec_driver_sql(f'INSERT INTO fenbu_delivery VALUES ({values})', tuple(row))\n",
        f"{FAULTS}/test_killed.py",
        "before_and_after and sqlite and catching",
    ),
    Removed(
        "a document is imported once",
        f"{ENGINE}/importing/run.py",
        "        references.keep_imported(\n",
        "        (lambda *told: None)(\n",
        f"{FAULTS}/test_import_killed.py",
        "five and sqlite",
    ),
    Removed(
        "an effect commits with its acknowledgement",
        f"{ENGINE}/flows/batch.py",
        "        if self.done:\n            self._acknowledge()\n",
        "        if self.done:\n"
        f"            {COMMITS.replace('work.', 'self.')}\n"
        "            self._acknowledge()\n",
        f"{FAULTS}/test_killed.py",
        "before_and_after and sqlite and cash",
    ),
    Removed(
        "a hook that raises is left out",
        f"{ENGINE}/hooks.py",
        '            asker.note_problem(listener.module, "hook", hook.name, in_words(error))\n        else:',
        "            raise\n        else:",
        f"{FAULTS}/test_broken_modules.py",
        "gathering and sqlite",
    ),
    Removed(
        "a lock is waited for",
        f"{ENGINE}/store/sqlite.py",
        "PRAGMA busy_timeout = 30000",
        "PRAGMA busy_timeout = 0",
        f"{FAULTS}/test_busy.py",
        "everybody_gets_through",
    ),
    Removed(
        "a lock is not the event's fault",
        f"{ENGINE}/store/infrastructure.py",
        "        sqlite3.SQLITE_BUSY,\n        sqlite3.SQLITE_LOCKED,\n        sqlite3.SQLITE_NOMEM",
        "        sqlite3.SQLITE_NOMEM",
        f"{FAULTS}/test_busy.py",
        "loses_patience",
    ),
    Removed(
        "a retry beyond the longest pause is due",
        f"{ENGINE}/flows/batch.py",
        "(d.not_before <= :now OR d.not_before > :horizon)",
        "d.not_before <= :now",
        f"{FAULTS}/test_clock_jumps.py",
        "tried_again and back",
    ),
    Removed(
        "a lease in time to come has ended",
        f"{ENGINE}/flows/caller.py",
        " OR lease_until > :longest",
        "",
        f"{FAULTS}/test_clock_jumps.py",
        "call and back",
    ),
    Removed(
        "what was sent in time to come is asked for",
        f"{ENGINE}/flows/caller.py",
        "not -SET_BACK < since < ",
        "not since < ",
        f"{FAULTS}/test_clock_jumps.py",
        "call and back",
    ),
    Removed(
        "a handler that exits is counted",
        f"{ENGINE}/flows/batch.py",
        "except (Exception, SystemExit) as error:",
        "except Exception as error:",
        f"{FAULTS}/test_wild_modules.py",
        "exits and sqlite",
    ),
    Removed(
        "a handler that eats memory is counted",
        f"{ENGINE}/flows/batch.py",
        " and not isinstance(error, MemoryError)",
        "",
        f"{FAULTS}/test_wild_modules.py",
        "memory and sqlite",
    ),
    Removed(
        "an error without a text is told",
        "core/src/fenbu/errors.py",
        "    except Exception as worse:",
        "    except KeyError as worse:",
        f"{FAULTS}/test_wild_modules.py",
        "cannot_be_told or cannot and sqlite",
    ),
    Removed(
        "an error's text can be stored",
        "core/src/fenbu/errors.py",
        'return text.encode("utf-8", "backslashreplace").decode().replace("\\0", "\\\\0")',
        "return text",
        f"{FAULTS}/test_wild_modules.py",
        "keep and postgresql",
    ),
    Removed(
        "answers are held against the specification",
        f"{ENGINE}/hooks.py",
        "if looked_at and",
        "if False and",
        f"{FAULTS}/test_wild_modules.py",
        "answer_that_is_none and sqlite",
    ),
    Removed(
        "a module writes its own tables only",
        f"{ENGINE}/store/guard.py",
        "        raise ForeignTable(who[0], refused)",
        "        return",
        f"{FAULTS}/test_wild_modules.py",
        "another and sqlite",
    ),
    Removed(
        "what a process died of is counted",
        f"{ENGINE}/flows/worker.py",
        "self._delivery.suspect(*left)",
        "pass",
        f"{FAULTS}/test_poison.py",
        "sqlite",
    ),
    Removed(
        "a handler has a deadline",
        f"{ENGINE}/flows/deadline.py",
        "                    self._interrupt(current)",
        "                    pass",
        "tests/core/flows/test_worker.py",
        "never_ends and sqlite",
        hangs=True,
    ),
    Removed(
        "a module cannot flood a transaction",
        f"{ENGINE}/flows/quota.py",
        "                if spent[module] > self.transaction:",
        "                if False:",
        "tests/core/flows/test_log.py",
        "flood_one_transaction and sqlite",
    ),
    Removed(
        "a module cannot flood a minute",
        f"{ENGINE}/flows/quota.py",
        "> self.minute:",
        "> 10**12:",
        "tests/core/flows/test_log.py",
        "flood_one_minute and sqlite",
    ),
    Removed(
        "a person's act is done once by its key",
        f"{ENGINE}/kernel.py",
        "if key and (known := performed.claim(",
        "if False and (known := performed.claim(",
        f"{FAULTS}/test_killed.py",
        "second_commit and sqlite and order",
    ),
    Removed(
        "a call keeps its key",
        "plugins/payments/src/fenbu_payments/gateways/sandbox.py",
        '"/operations", wanted, key=asked.id)',
        '"/operations", wanted, key=__import__("secrets").token_hex(8))',
        f"{FAULTS}/test_order_to_cash_killed.py",
        "six and sqlite",
    ),
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source, to take something away from."""
    made = tmp_path_factory.mktemp("removed") / "fenbu"
    wanted = ("core", "tui", "plugins", "examples", "tests", "tools")
    for name in wanted:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, made / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
            )
    shutil.copy(ROOT / "pyproject.toml", made)
    return made


@pytest.fixture
def run(copy: Path) -> Callable[[Removed], tuple[int, str]]:
    paths = [str(path) for pattern in ("*/src", "*/*/src") for path in copy.glob(pattern)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "COLUMNS": "300"}

    def ran(removed: Removed) -> tuple[int, str]:
        timeout = f"--timeout={120 if removed.hangs else 800}"
        wanted = ["-n", "0", "-x", "-q", timeout, "-m", "proof or not proof", removed.test]
        command = [sys.executable, "-m", "pytest", *wanted, *(["-k", removed.only] if removed.only else [])]
        ended = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, check=False
        )
        return ended.returncode, ended.stdout[-3000:]

    return ran


@pytest.mark.parametrize("removed", REMOVED, ids=lambda removed: removed.name)
def test_what_the_proof_takes_away_is_still_there(removed: Removed) -> None:
    assert removed.old in (ROOT / removed.file).read_text(encoding="utf-8")


@pytest.mark.proof
@pytest.mark.timeout(900)
@pytest.mark.parametrize("removed", REMOVED, ids=lambda removed: removed.name)
def test_without_its_protection_a_test_fails(
    removed: Removed, copy: Path, run: Callable[[Removed], tuple[int, str]]
) -> None:
    file = copy / removed.file
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole.replace(removed.old, removed.new), encoding="utf-8")
    try:
        code, told = run(removed)
    finally:
        file.write_text(whole, encoding="utf-8")
    assert code == FAILED, told
    assert removed.hangs or "Failed: Timeout" not in told, told
    print(next((line for line in told.splitlines() if line.startswith("FAILED")), told[-300:]))
