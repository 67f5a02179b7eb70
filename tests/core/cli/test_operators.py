"""`fenbu operator` and `whoami`: coming in and going, each command as each role, and secrets that are nowhere."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from fenbu.engine.kernel import Kernel
from fenbu.engine.store import tables
from tests.core.cli.running import Fenbu
from tests.core.operators.conftest import cheap

__all__ = ["cheap"]

SECRET = "planted-Zx81-by-the-harbour"
FILE = ("--secret-file", "-")


def people(kernel: Kernel) -> None:
    """Enter somebody for each role, and Una, who sells but sees nothing of people."""
    for name, grants in ROLES.items():
        kernel.perform("fenbu.operator.add", {"operator": name, "grants": grants, "secret": SECRET})


ROLES = {
    "olga": ("owner",),
    "dana": ("decision",),
    "cora": ("core",),
    "fred": ("functional",),
    "vera": ("viewer",),
    "una": ("functional", "kiosk.sale.*", "kiosk.show"),
    "zoe": (),
}
"""One operator for each role of every enterprise, one of a department, one without anything."""

EVERYBODY = "olga dana cora fred vera una zoe"
LOOK_KIOSK = "olga dana cora vera una"
LOOK = "olga dana cora fred vera una"
COMMANDS: tuple[tuple[str, str], ...] = (
    ("whoami", EVERYBODY),
    ("operator list", LOOK),
    ("operator role", LOOK),
    ("show kiosk.sales", LOOK_KIOSK),
    ("show kiosk.sales K-1", LOOK_KIOSK),
    ("show kiosk.sales --columns number,customer --sort customer", "olga"),
    ("show fenbu.events", LOOK),
    ("explain sale K-1", LOOK_KIOSK),
    ("metrics kiosk.takings", LOOK_KIOSK),
    ("metrics record --dry-run", "olga cora"),
    ("metrics history kiosk.takings", LOOK_KIOSK),
    ("rollout readiness", LOOK),
    ("settings get kiosk", LOOK),
    ("doctor fenbu.audit", LOOK),
    ("audit list", "olga dana cora"),
    ("audit verify", "olga dana cora"),
    ("export canonical kiosk", "olga"),
    ("flows dead", LOOK),
    ("do kiosk.sale.pay --number K-1 --dry-run", "olga una"),
    ("enable kiosk --dry-run", "olga cora"),
    ("disable kiosk --dry-run", "olga cora"),
    ("upgrade --dry-run", "olga cora"),
    ("purge kiosk --dry-run", "olga cora"),
    ("settings set kiosk.cups 7 --dry-run", "olga cora"),
    ("flows pause kiosk.bells --dry-run", "olga cora"),
    ("flows resume kiosk.bells --dry-run", "olga cora"),
    ("flows replay kiosk.bells --dry-run", "olga cora"),
    ("flows retry --all --dry-run", "olga cora"),
    ("flows skip kiosk.bells/1 --reason x --dry-run", "olga cora"),
    ("operator add new --dry-run", "olga"),
    ("operator grant zoe viewer --dry-run", "olga"),
    ("operator revoke vera viewer --dry-run", "olga"),
    ("operator disable zoe --dry-run", "olga"),
    ("operator enable zoe --dry-run", "olga"),
    ("operator role till kiosk.sale.* --dry-run", "olga"),
    ("backup here.db", "olga cora"),
)
"""Each command with those who may; all others end with 77."""


@pytest.fixture
def everything(kiosk_url: str) -> Iterator[Kernel]:
    with Kernel.open(kiosk_url) as kernel:
        yield kernel


@pytest.fixture
def tokens(everything: Kernel, cheap: None) -> dict[str, str]:
    people(everything)
    return {name: everything.login(name, SecretStr(SECRET)).token for name in ROLES}


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "roles", [("zoe",), pytest.param(tuple(ROLES), marks=pytest.mark.proof)], ids=["nothing granted", "all"]
)
def test_each_command_as_each_role(
    fenbu: Fenbu,
    tokens: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    roles: tuple[str, ...],
) -> None:
    wrong = []
    for line, names in COMMANDS:
        for name in roles:
            (tmp_path / "here.db").unlink(missing_ok=True)
            monkeypatch.setenv("FENBU_TOKEN", tokens[name])
            ran = fenbu(*line.split())
            may = name in names.split()
            if (ran.code == 77) is may or (may and "Error" in ran.err):
                wrong.append((line, name, ran.code, ran.err))
    assert not wrong


def test_login_lasts_until_logout_in_a_file_of_ones_own(
    fenbu: Fenbu, cheap: None, everything: Kernel, tmp_path: Path
) -> None:
    people(everything)

    ran = fenbu("operator", "login", "una", *FILE, stdin=f"{SECRET}\n")

    assert (ran.code, ran.out) == (0, "")
    assert "una acts here until" in ran.err
    assert fenbu("whoami", "--json").data["operator"] == "una"
    [kept] = (tmp_path / "state" / "fenbu" / "sessions").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert fenbu("do", "kiosk.sale.pay", "--number", "K-1").code == 0
    assert fenbu("operator", "logout").err == "una is logged out\n"
    assert not kept.exists()
    assert fenbu("whoami", "--json").data["session"] is False
    last = fenbu("audit", "list", "--action", "kiosk.sale.pay", "--json").data["rows"][0]
    assert (last["actor"], last["outcome"]) == ("una", "done")


def test_a_session_that_is_over_is_not_taken_for_the_owner(
    fenbu: Fenbu, cheap: None, everything: Kernel
) -> None:
    people(everything)
    fenbu("operator", "login", "una", *FILE, stdin=SECRET)
    fenbu("operator", "login", "olga", *FILE, stdin=SECRET)
    assert (
        fenbu("operator", "disable", "olga").code == 0
    )  # by Olga herself: the user of the system is owner too

    ran = fenbu("do", "kiosk.sale.pay", "--number", "K-1")

    assert ran.code == 77
    assert "the session has ended" in ran.err
    assert fenbu("operator", "logout").code == 0
    assert fenbu("do", "kiosk.sale.pay", "--number", "K-1").code == 0


def test_who_is_logged_in_is_chosen_by_name(
    fenbu: Fenbu, cheap: None, everything: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(everything)
    for name in ("una", "vera"):
        fenbu("operator", "login", name, *FILE, stdin=SECRET)
    monkeypatch.setenv("FENBU_OPERATOR", "una")
    assert fenbu("whoami", "--json").data["operator"] == "una"
    monkeypatch.setenv("FENBU_OPERATOR", "fred")
    ran = fenbu("whoami")
    assert (ran.code, ran.err.splitlines()[0]) == (77, "✖ fred is not logged in here")


def test_a_wrong_secret_ends_with_77_and_keeps_nothing(
    fenbu: Fenbu, cheap: None, everything: Kernel, tmp_path: Path
) -> None:
    people(everything)
    ran = fenbu("operator", "login", "una", *FILE, stdin="not the right one")
    assert (ran.code, ran.out) == (77, "")
    assert not (tmp_path / "state" / "fenbu" / "sessions").exists()


def test_nobody_can_be_asked_for_a_secret_in_a_script(fenbu: Fenbu, cheap: None, everything: Kernel) -> None:
    people(everything)
    ran = fenbu("operator", "login", "una")
    assert (ran.code, "--secret-file is missing" in ran.err) == (64, True)


def test_what_tells_of_a_person_is_masked_without_the_permission(
    fenbu: Fenbu, tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENBU_TOKEN", tokens["una"])
    asked = [
        fenbu("show", "kiosk.sales", *more)
        for more in ((), ("K-1",), ("--columns", "number,customer"), ("--csv", "--all"), ("--json",))
    ]
    assert not any("Ada" in f"{ran.out}{ran.err}" for ran in asked)
    assert "it takes the permission kiosk.personal" in asked[0].err

    monkeypatch.setenv("FENBU_TOKEN", tokens["olga"])
    assert "Ada" in fenbu("show", "kiosk.sales", "K-1").out


def test_a_secret_is_nowhere(fenbu: Fenbu, cheap: None, everything: Kernel, tmp_path: Path) -> None:
    """Not in any table, file, log or answer: neither the secret nor, but for its file, the token."""
    people(everything)
    told = [fenbu("operator", "login", "una", *FILE, stdin=SECRET)]
    token = next((tmp_path / "state" / "fenbu" / "sessions").iterdir()).read_text()
    token = next(word for word in token.split('"') if word.startswith("fenbu_"))
    wrong = SECRET + "-mistyped"
    told.append(fenbu("operator", "login", "una", *FILE, stdin=wrong))
    told.append(fenbu("operator", "login", SECRET, *FILE, stdin=SECRET))
    told.append(fenbu("do", "fenbu.operator.secret", stdin=f'{{"secrte": "{SECRET}"}}'))
    told.append(
        fenbu("do", "fenbu.operator.add", "--dry-run", stdin=f'{{"operator": "x", "secret": "{SECRET}"}}')
    )
    (tmp_path / "fresh").write_text(SECRET + "2")
    (tmp_path / "now").write_text(SECRET)
    changed = fenbu("operator", "secret", "--secret-file", "fresh", "--current-file", "now")
    assert changed.code == 0, changed.err
    for name in ("fresh", "now"):
        (tmp_path / name).unlink()
    told.append(changed)
    fenbu("operator", "logout", "--everywhere")
    told += [fenbu("audit", "list", "--json"), fenbu("show", "fenbu.operators", "--json"), fenbu("doctor")]

    everywhere = "".join(f"{ran.out}{ran.err}" for ran in told)
    with everything.database.read() as connection:
        for name in tables.metadata.tables:
            everywhere += str(connection.execute(text(f"SELECT * FROM {name}")).all())
    for file in tmp_path.rglob("*"):
        if file.is_file() and "site" not in file.parts:
            everywhere += file.read_bytes().decode(errors="replace")
    assert SECRET not in everywhere
    assert token not in everywhere
