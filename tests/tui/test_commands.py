"""The command line inside is the real one: completed by click, run as a process on the same enterprise."""

from __future__ import annotations

import pytest

from fenbu import i18n
from fenbu.testing.databases import DatabaseCopy
from fenbu_tui.gateway.engine import EngineWorld
from tests.tui.test_gateway import init


def test_a_command_runs_on_the_enterprise_that_is_shown(database_copy: DatabaseCopy) -> None:
    running = EngineWorld(database_copy("initialised", init)).start("modules erp --json", 80)
    told = "\n".join(running.lines())
    assert running.code() == 0
    assert '"module": "erp"' in told


def words(line: str) -> list[str]:
    return [one.word for one in EngineWorld("sqlite:///nothing.db").proposals(line)]


def test_commands_verbs_and_options_are_proposed() -> None:
    assert "enable" in words("")
    assert words("flo") == ["flows"]
    assert "dead" in words("flows ")
    assert "--how" in words("disable --h")
    assert words("show 'erp") == []


def test_proposals_are_told_in_the_language_of_the_screen_and_leave_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FENBU_LANG", "en")
    i18n.use("zh_CN")
    try:
        [enable] = EngineWorld("sqlite:///nothing.db").proposals("enab")
        assert (enable.told, i18n.language()) == ("启用模块，连同它们所需的", "zh_CN")
    finally:
        i18n.use("en")


@pytest.mark.parametrize(
    ("line", "looks"),
    [
        ("modules", True),
        ("flows", True),
        ("flows dead", True),
        ("flows retry 7", False),
        ("enable crm", False),
        ("enable crm --dry-run", True),
        ("settings set erp.rounding half_even", False),
        ("worker", False),
        ("", False),
        ("rollout status", True),
        ("rollout history --steps", True),
        ("rollout readiness", True),
        ("rollout diff", True),
        ("rollout unlock", False),
        ("metrics erp.revenue", True),
        ("metrics history erp.revenue", True),
        ("metrics record", False),
    ],
)
def test_what_only_looks_is_known_from_what_changes(line: str, looks: bool) -> None:
    assert EngineWorld("sqlite:///nothing.db").looks_only(line) is looks
