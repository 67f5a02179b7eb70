"""Every ending is an exit code that scripts may rely on, and every mistake one clear sentence."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from fenbu.testing.dummies import DummyModules
from tests.core.cli.running import Fenbu, process, quiet

INIT = ("init", "--name", "Harbour Tea", "--currency", "GBP", "--time-zone", "Europe/London")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nonsense",), "no such command 'nonsense'"),
        (("modul",), "did you mean modules?"),
        (("show", "--limt", "3"), "no such option '--limt'"),
        (("flows", "retri"), "did you mean retry?"),
        (("enable",), "missing argument 'NAME"),
        (("show", "kiosk.sales", "--where", "total=1e400"), "total: must be an amount, written as 12.50"),
        (("show", "kiosk.sales", "--where", "total=0.00001"), "total: must be an amount, written as 12.50"),
        (("show", "kiosk.sales", "\udcff"), "'\\udcff' is not in the encoding of this terminal"),
        (("settings", "get", "kettle"), "there is no enabled module kettle here"),
        (("flows", "pause", "kiosk.bell"), "there is no subscription kiosk.bell"),
        (("explain", "sail", "K-1"), "did you mean sale?"),
        (("metrics", "kiosk.taking"), "did you mean kiosk.takings?"),
        (("doctor", "kiosk.no_deb"), "did you mean kiosk.no_debt?"),
    ],
)
def test_a_slip_of_the_fingers_ends_with_64_and_never_with_2(
    fenbu: Fenbu, arguments: tuple[str, ...], told: str
) -> None:
    ran = fenbu(*arguments)

    assert (ran.code, ran.out) == (64, "")
    assert told in ran.err
    assert "Traceback" not in ran.err


def test_a_terminal_of_few_letters_is_written_to_all_the_same(tmp_path: Path) -> None:
    ran = process(
        [*INIT[:1], "--name", "茶", *INIT[3:]], folder=tmp_path, environment={"PYTHONIOENCODING": "ascii"}
    )

    assert (ran.code, "\\u8336" in ran.out) == (0, True)


def test_a_mistake_in_json_mode_is_a_json_line_on_stderr(fenbu: Fenbu) -> None:
    ran = fenbu("--json", "show", "kiosk.sale")

    assert ran.out == ""
    assert ran.notes == [
        {
            "schema": "fenbu.error/1",
            "error": {
                "code": "unknown",
                "message": "there is no view kiosk.sale here",
                "hint": "did you mean kiosk.sales?",
                "where": "",
            },
        }
    ]


def test_in_json_mode_stderr_holds_json_lines_only(fenbu: Fenbu) -> None:
    for arguments in (("show", "kiosk.sales"), ("modules",), ("doctor",), ("flows", "dead"), ("metrics",)):
        ran = fenbu(*arguments, "--json")
        assert ran.data["schema"].startswith("fenbu.")
        assert all(note["schema"].startswith("fenbu.") for note in ran.notes)


def test_global_options_may_stand_before_and_after_the_command(fenbu: Fenbu) -> None:
    assert fenbu("--json", "modules").data == fenbu("modules", "--json").data


def test_without_an_enterprise_it_says_how_to_make_one(elsewhere: Fenbu) -> None:
    ran = elsewhere("modules")

    assert ran.code == 64
    assert "fenbu init makes one" in ran.err


def test_a_database_that_is_not_there_ends_with_69(elsewhere: Fenbu) -> None:
    for url in ("nowhere.db", "postgresql://nobody@127.0.0.1:1/nothing"):
        ran = elsewhere("modules", "--database", url)
        assert ran.code == 69, ran.err
        assert ran.err.count("\n") == 2


def test_a_file_of_something_else_ends_with_65(elsewhere: Fenbu, tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("Dear Sir or Madam, this is not a database at all. " * 20)

    assert elsewhere("modules", "--database", "letter.db").code == 65


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("database = \n", "fenbu.toml:1:12: "),
        ("databse = 'x.db'\n", "did you mean database?"),
        ("# nothing\n", "it does not say which database"),
    ],
)
def test_a_bad_fenbu_toml_ends_with_65_and_names_the_place(
    elsewhere: Fenbu, tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "fenbu.toml").write_text(text)

    ran = elsewhere("modules")

    assert ran.code == 65
    assert told in ran.err


def test_a_stranger_to_the_enterprise_may_not_act_and_is_told_so_with_77(
    fenbu: Fenbu, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as mallory:
        mallory.setattr("fenbu.engine.guard.operators.os_user", lambda: "mallory")
        ran = fenbu("do", "kiosk.sale.pay", "--number", "K-1")

    assert ran.code == 77
    assert "mallory may not do this: the permission kiosk.sale.pay is missing" in ran.err
    assert "fenbu operator add mallory kiosk.sale.pay" in ran.err
    denied = fenbu("audit", "list", "--json").data["rows"][0]
    assert (denied["actor"], denied["action"], denied["outcome"]) == ("mallory", "kiosk.sale.pay", "denied")


def test_a_defect_is_one_line_and_the_traceback_on_request(
    fenbu: Fenbu, site: DummyModules, monkeypatch: pytest.MonkeyPatch
) -> None:
    metric = "Metric(name='kiosk.odd', title='', unit='count', definition='', value=lambda work: 1 // 0)"
    site.write("kiosk", "views.py", f"from fenbu import Metric\nVIEWS = CHECKS = ()\nMETRICS = ({metric},)\n")
    site.forget("kiosk")

    ran = fenbu("metrics")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines()[0] == "✖ ZeroDivisionError: integer division or modulo by zero"
    assert "FENBU_DEBUG=1" in ran.err
    assert "Traceback" not in ran.err
    monkeypatch.setenv("FENBU_DEBUG", "1")
    assert "Traceback" in fenbu("metrics").err


def test_whoever_reads_only_the_first_lines_gets_no_error(kiosk_url: str, tmp_path: Path) -> None:
    shell = f"{sys.executable} -m fenbu show --database '{kiosk_url}' | head -1"
    ended = subprocess.run(
        ["sh", "-c", shell], env=quiet(tmp_path), cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert ended.stdout.count("\n") == 1
    assert "Error" not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_ctrl_c_ends_with_130(tmp_path: Path) -> None:
    """Pressed while a question waits for its answer, on a real terminal.

    The process hears ctrl-c whatever started the tests: a shell's background jobs, and their children, are deaf to it.
    """
    ours, theirs = pty.openpty()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    asking = subprocess.Popen(
        [sys.executable, "-m", "fenbu", "init"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=tmp_path,
        env=quiet(tmp_path),
        start_new_session=True,
    )
    signal.signal(signal.SIGINT, before)
    os.close(theirs)
    seen = b""
    while b"Name of the enterprise" not in seen:
        seen += os.read(ours, 1024)

    try:
        assert _pressed_until_it_ends(asking) == 130
    finally:
        asking.kill()
        os.close(ours)
    assert not (tmp_path / "fenbu.toml").exists()


def _pressed_until_it_ends(process: subprocess.Popen[bytes]) -> int:
    """Press ctrl-c, again when the first press met the process between writing its question and reading.

    Not before it had time to end: a press that meets Python on its way out ends it by the signal.
    """
    for _ in range(5):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return process.wait(15)
    raise AssertionError("it does not end")


def test_a_dangerous_act_is_asked_on_a_terminal_and_enter_means_no(
    fenbu: Fenbu, kiosk_url: str, site: DummyModules, tmp_path: Path
) -> None:
    command = ["do", "kiosk.sale.cancel", "--number", "K-2", "--database", kiosk_url]
    ours, theirs = pty.openpty()
    asking = subprocess.Popen(
        [sys.executable, "-m", "fenbu", *command],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=tmp_path,
        env=quiet(tmp_path, site.folder) | {"TERM": "xterm"},
        start_new_session=True,
    )
    os.close(theirs)
    seen = b""
    while b"[y/N]" not in seen:
        seen += os.read(ours, 1024)
    assert b"money goes back" in seen
    os.write(ours, b"\n")

    assert asking.wait(20) == 1
    os.close(ours)
    assert fenbu("show", "kiosk.sales", "K-2", "--json").data["record"]["state"] == "open"


def test_init_makes_an_enterprise_that_is_found_from_below(
    elsewhere: Fenbu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = process([*INIT, "--json"], folder=tmp_path)
    assert ran.code == 0, ran.err
    assert ran.data["name"] == "Harbour Tea"
    assert (tmp_path / "fenbu.db").exists()

    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert elsewhere("audit", "verify", "--json").data["whole"] is True

    monkeypatch.chdir(tmp_path)
    again = elsewhere(*INIT)
    assert again.code == 1
    assert "the enterprise Harbour Tea exists already" in again.err


def test_init_says_all_that_is_missing_when_nobody_can_be_asked(elsewhere: Fenbu) -> None:
    ran = elsewhere("init", "--name", "Harbour Tea", "--no-input")

    assert ran.code == 64
    assert "nobody can be asked for what is missing: --currency, --time-zone" in ran.err


def test_init_refuses_a_currency_or_zone_that_is_none_and_makes_nothing(
    elsewhere: Fenbu, tmp_path: Path
) -> None:
    ran = elsewhere("init", "--name", "T", "--currency", "pounds", "--time-zone", "Mars")

    assert ran.code == 64
    assert "currency" in ran.err
    assert "time_zone" in ran.err
    assert list(tmp_path.glob("fenbu.*")) == []


def test_init_leaves_no_password_in_the_file(elsewhere: Fenbu, database_url: str, tmp_path: Path) -> None:
    if not database_url.startswith("postgresql"):
        pytest.skip("SQLite knows no password")
    url = database_url.replace("@", ":geheim@", 1) if ":geheim@" not in database_url else database_url
    ran = elsewhere(*INIT, "--database", url)

    if ran.code == 0:
        assert "geheim" not in (tmp_path / "fenbu.toml").read_text()
    assert "geheim" not in ran.out + ran.err


def test_a_worker_delivers_and_stops_politely(
    fenbu: Fenbu, kiosk_url: str, site: DummyModules, tmp_path: Path
) -> None:
    working = subprocess.Popen(
        [sys.executable, "-m", "fenbu", "worker", "--database", kiosk_url],
        cwd=tmp_path,
        env=quiet(tmp_path, site.folder),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            row = fenbu("flows", "list", "--json").data["rows"][0]
            if (row["done"], row["dead"]) == (2, 1):
                break
            time.sleep(0.1)
        assert (row["done"], row["dead"], row["waiting"]) == (2, 1, 0)
        working.send_signal(signal.SIGTERM)
        _out, err = working.communicate(timeout=120)
    finally:
        working.kill()
    assert working.returncode == 0
    assert "delivers; Ctrl-C stops it" in err
    assert "stopped; what waits is delivered by the next worker" in err
