"""The commands that carry a rollout out: what they say at 80 columns, how they end, and who may give them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import frozen

from fenbu.cli.running import run
from fenbu.engine.guard import operators
from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.apply import apply
from tests.core.rollout.tea import FILE, Opens, guarded, plan_file

pytestmark = pytest.mark.databases("sqlite")


@frozen
class Ran:
    """How a command line ended."""

    code: int
    out: str
    err: str


Types = Callable[..., Ran]


@pytest.fixture
def types(
    tea_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Types:
    """Type a command as an operator, in a folder with the tea house's file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FENBU_DATABASE", tea_url)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("FENBU_OPERATOR", raising=False)
    (tmp_path / "rollout.toml").write_text(FILE, encoding="utf-8")

    def typed(operator: str, *words: str) -> Ran:
        monkeypatch.setattr(operators, "os_user", lambda: operator)
        capsys.readouterr()
        code = run(words)
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return typed


def test_a_rollout_from_plan_to_rollback_is_told_at_eighty_columns(types: Types, tmp_path: Path) -> None:
    told = [
        types("ann", "plan", "--out", "plan.json"),
        types("ann", "apply", "plan.json", "-y"),
        types("ann", "rollout", "status"),
        types("ann", "rollout", "history", "--steps"),
        types("ann", "apply", "--through", "weighed", "-y", "--wait"),
        types("ann", "plan"),
        types("ann", "settings", "set", "till", "rounding", "1"),
        types("ann", "rollout", "diff"),
        types("ann", "rollback", "weighed", "--dry-run"),
        types("ann", "rollback", "weighed", "-y"),
    ]

    assert [one.code for one in told] == [2, 0, 0, 0, 0, 0, 0, 2, 2, 0]
    assert "+ enable till" in told[0].out
    assert "sale: 1 of 1, enable till ✔" in told[1].err
    assert "next     fenbu apply" in told[2].out or "fenbu apply, which begins back" in told[2].out
    assert "✔ enable till" in told[3].out
    assert "nothing to do" in told[5].err
    assert "till.rounding is 1, and the plan says 10" in told[7].out
    assert "- disable scales (keep what waits)" in told[8].out
    wide = [line for one in told for line in one.out.splitlines() if len(line) > 80]
    assert wide == []


def test_a_saved_plan_is_refused_once_it_is_stale(types: Types, tmp_path: Path) -> None:
    types("ann", "plan", "--out", "plan.json")
    assert types("ann", "apply", "-y").code == 0
    again = types("ann", "apply", "plan.json", "-y")
    assert (again.code, "made at serial 0, and the rollout is at 1" in again.err) == (5, True)
    assert again.out == "", "nothing is shown that will not be done"

    types("ann", "plan", "--out", "plan.json")
    (tmp_path / "rollout.toml").write_text(FILE + "# a comment\n", encoding="utf-8")
    changed = types("ann", "apply", "plan.json", "-y")
    assert (changed.code, "rollout.toml has changed since" in changed.err) == (5, True)


def test_a_plan_expires(types: Types, tmp_path: Path) -> None:
    types("ann", "plan", "--out", "plan.json")
    told = json.loads((tmp_path / "plan.json").read_text("utf-8"))
    (tmp_path / "plan.json").write_text(
        json.dumps(told | {"expires_at": "2026-01-01T00:00:00+00:00"}), "utf-8"
    )
    ran = types("ann", "apply", "plan.json", "-y")
    assert (ran.code, "it expired at 2026-01-01" in ran.err) == (5, True)


def test_a_gate_ends_plan_and_apply_with_three(types: Types, tmp_path: Path) -> None:
    guards = guarded("sale", "approvals = { decision = 1 }\nbefore = [{ date = 2999-01-01 }]")
    (tmp_path / "rollout.toml").write_text(plan_file(guards).text, encoding="utf-8")

    assert types("ann", "plan").code == 3
    assert types("ann", "apply", "-y").code == 3
    assert types("dee", "approve", "sale").code == 0
    assert types("dee", "override", "sale", "before.1", "--reason", "we begin earlier").code == 0
    assert types("ann", "apply", "-y").code == 0


def test_json_tells_each_step_as_an_event_on_a_line(types: Types) -> None:
    ran = types("ann", "apply", "--json", "-y")
    events = [json.loads(line) for line in ran.out.splitlines()]
    assert [one["event"] for one in events] == ["begun", "step-begun", "step-done", "done", "end"]
    assert {one["schema"] for one in events} == {"fenbu.rollout-event/1"}
    assert events[-1]["stages"] == ["sale"]

    plan = json.loads(types("ann", "plan", "--json").out)
    assert (plan["schema"], plan["serial"], plan["stages"][0]["standing"]) == ("fenbu.plan/1", 1, "applied")
    status = json.loads(types("ann", "rollout", "status", "--json").out)
    assert status["next"] == "fenbu apply, which begins back"
    history = json.loads(types("ann", "rollout", "history", "--json").out)
    assert [(one["stage"], one["outcome"], one["by"]) for one in history["runs"]] == [("sale", "done", "ann")]
    back = json.loads(types("ann", "rollback", "sale", "--dry-run", "--json").out)
    assert back["steps"] == [{"does": "disable", "modules": ["till"], "how": "refuse"}]


def test_nobody_is_asked_where_nobody_sits(types: Types) -> None:
    assert types("ann", "apply", "--no-input").code == 64
    assert types("ann", "apply", "--stage", "sale", "--through", "sale").code == 64
    assert types("ann", "plan", "--stage", "weighed").code == 64
    assert types("ann", "approve", "sail").code == 64
    assert types("ann", "plan", "nowhere.toml").code == 65


# --- each command as each role ----------------------------------------------------------------------------

LOOKING = {"ada": 0, "ann": 0, "dee": 0, "fay": 0, "vic": 0, "nobody": 77}
DOING = {"ada": 0, "ann": 0, "dee": 77, "fay": 77, "vic": 77, "nobody": 77}
WHO_MAY = {
    "plan": (("plan",), {**LOOKING, **dict.fromkeys(("ada", "ann", "dee", "fay", "vic"), 2)}),
    "status": (("rollout", "status"), LOOKING),
    "history": (("rollout", "history"), LOOKING),
    "diff": (("rollout", "diff"), LOOKING),
    "apply": (("apply", "-y"), DOING),
    "rollback": (("rollback", "sale", "-y"), DOING),
    "approve": (("approve", "back"), {**DOING, "ada": 77, "dee": 0, "fay": 0}),
    "override": (("override", "sale", "after.1", "--reason", "so be it"), {**DOING, "dee": 0}),
    "unlock": (("rollout", "unlock", "--force"), {**DOING, "ada": 1, "ann": 1}),  # 1: there is no lock
}


@pytest.mark.parametrize("command", WHO_MAY)
def test_each_command_is_for_those_whose_role_allows_it(
    types: Types, opens: Opens, tmp_path: Path, command: str
) -> None:
    file = plan_file(guarded("sale", 'after = [{ check = "fenbu.audit" }]'))
    (tmp_path / "rollout.toml").write_text(file.text, encoding="utf-8")
    kernel: Kernel = opens("art")
    words, wanted = WHO_MAY[command]
    ended = {}
    for operator in wanted:
        if not kernel.modules().by_name["till"].on:
            apply(kernel, file)
        ended[operator] = types(operator, *words).code
    assert ended == wanted
