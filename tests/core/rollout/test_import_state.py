"""A rollout file from a running system: valid as it stands, and it says all that is on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fenbu.cli.running import run
from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.drift import import_state
from fenbu.engine.rollout.file import parse
from fenbu.engine.rollout.fitting import misfits
from fenbu.engine.rollout.from_state import NothingOn
from fenbu.engine.rollout.installed import installed
from fenbu.errors import NotPermitted
from fenbu.testing.dummies import DummyModule, DummyModules
from fenbu.testing.enterprises import Enterprises
from fenbu.work import Actor
from tests.core.rollout.plans import told

CARD = [{"name": "manual", "kind": "manual"}, {"name": "card", "kind": "sandbox"}]
SETTINGS: dict[str, dict[str, Any]] = {
    "erp": {"payment_days": 14},
    "payments": {"gateways": CARD, "secrets": {"card": "env:CARD_KEY"}, "gateway": "card"},
    "hrm": {"weekly_hours": "37.5", "weekend": [5, 6]},
}


def _misfits(text: str) -> list[str]:
    file = parse(text)
    return [*told(file), *(fault.problem for fault in misfits(file, installed()))]


def test_what_is_on_is_written_as_one_stage_that_checks_well(enterprise: Enterprises) -> None:
    kernel = enterprise("erp", "payments", "hrm", settings=SETTINGS)

    made = import_state(kernel)
    plan = parse(made.text).checked()

    assert _misfits(made.text) == []
    assert [stage.modules for stage in plan.stages] == [made.modules]
    assert set(made.modules) == {"erp", "payments", "hrm"}
    assert (plan.name, plan.owner, made.left_out) == ("harbour-tea", "ada", {})
    assert {name: dict(module.settings) for name, module in plan.modules.items()} == {
        "erp": {"payment_days": 14},
        "payments": SETTINGS["payments"],
        "hrm": {"weekly_hours": pytest.approx(37.5), "weekend": [5, 6]},
    }
    assert all(module.version.contains("0.1.0") for module in plan.modules.values())


def test_the_stage_to_come_is_valid_when_its_comments_are_taken_away(enterprise: Enterprises) -> None:
    text = import_state(enterprise("erp")).text

    head, _line, rest = text.partition("# --- a stage to come")
    block = [one.removeprefix("# ").removeprefix("#") for one in rest.partition("#\n")[2].splitlines()]

    assert _misfits("\n".join([head, *block, ""])) == []
    assert [stage.name for stage in parse("\n".join([head, *block])).checked().stages] == ["running", "next"]


def test_what_cannot_be_written_is_told_and_left_out(
    enterprise: Enterprises, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(
        DummyModule(
            name="water", provides=("water",), settings='hardness: int | None = 3\nkind: str = "soft"'
        ),
        DummyModule(name="tea", requires=("capability:water",), settings="cups: int = 6"),
        DummyModule(name="milk"),
    )
    kernel = enterprise("water", "tea", "milk")
    kernel.perform("fenbu.setting.set", {"module": "water", "name": "hardness", "value": None})

    made = import_state(kernel)
    assert "hardness differs from the module's own and is left out" in made.text
    assert set(made.left_out) == {"water.hardness"}

    dummy_modules.uninstall("water")
    made = import_state(kernel)

    assert made.modules == ("milk",)
    assert set(made.left_out) == {"water", "tea"}, "what needs it cannot be said either"
    assert "# tea is on and left out: tea needs capability:water" in made.text
    assert _misfits(made.text) == []


def test_an_enterprise_with_nothing_on_has_no_state_to_write(enterprise: Enterprises) -> None:
    with pytest.raises(NothingOn, match="no module is on"):
        import_state(enterprise())


def test_references_of_secrets_are_written_only_by_who_may_see_how_all_is_set(
    enterprise: Enterprises,
) -> None:
    kernel = enterprise("erp")
    kernel.perform("fenbu.operator.add", {"operator": "vera", "grants": "decision viewer"})

    with Kernel.open(kernel.database.url, actor=Actor("vera")) as hers, pytest.raises(NotPermitted):
        import_state(hers)


@pytest.mark.parametrize("name", ["茶 店", "3 Teas", "Tea & Co. (Hull)"])
def test_any_name_of_an_enterprise_gives_a_plan_a_name(name: str, enterprise: Enterprises) -> None:
    assert _misfits(import_state(enterprise("crm", name=name)).text) == []


def test_the_command_never_writes_over_a_file(
    enterprise: Enterprises,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kernel = enterprise("crm")
    monkeypatch.setattr("fenbu.engine.guard.operators.os_user", lambda: "ada")
    database, file = ("--database", kernel.database.url), tmp_path / "plan.toml"

    assert run([*database, "rollout", "import-state", "--out", str(file)]) == 0
    assert run(["rollout", "check", str(file)]) == 0
    kept = file.read_text(encoding="utf-8")
    capsys.readouterr()
    assert run([*database, "rollout", "import-state"]) == 0
    assert capsys.readouterr().out == kept
    assert run([*database, "rollout", "import-state", "--out", str(file)]) == 1
    assert "exists already" in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == kept
