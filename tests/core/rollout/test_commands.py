"""``fenbu rollout``: begin a file, check it, let an editor know its keys."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fenbu.cli.running import run
from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.apply import apply
from fenbu.engine.rollout.templates import TEMPLATES, text_of
from tests.core.rollout.plans import PLAN
from tests.core.rollout.tea import FILE, plan_file


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_is_written_and_is_well(
    template: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    assert run(["rollout", "new", "--template", template]) == 0
    assert (tmp_path / "rollout.toml").read_text(encoding="utf-8") == text_of(template)
    assert run(["rollout", "check"]) == 0
    told = capsys.readouterr()
    assert "rollout.toml is well" in told.err
    assert all(len(line) <= 80 for line in told.out.splitlines())


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (file := tmp_path / "plan.toml").write_text("mine", encoding="utf-8")

    assert run(["rollout", "new", "--template", "crm-first", str(file)]) == 1
    assert file.read_text(encoding="utf-8") == "mine"
    assert f"the file {file} exists already" in capsys.readouterr().err


def test_a_template_that_there_is_not_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rollout", "new", "--template", "crm"]) == 64
    assert "did you mean crm-first?" in capsys.readouterr().err


def test_every_fault_is_told_with_file_and_line_and_ends_with_65(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (file := tmp_path / "plan.toml").write_text(
        PLAN.replace("sponsor =", "sponser =").replace("payment_days = 30", "payment_day = 30"),
        encoding="utf-8",
    )

    assert run(["rollout", "check", str(file)]) == 65
    told = capsys.readouterr().err
    assert f"{file}:3: there is no key sponser in the file" in told
    assert "did you mean sponsor?" in told
    assert "one fault in" in told, "settings are compared when the file itself is read"


def test_a_file_is_checked_alone_where_its_modules_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (file := tmp_path / "plan.toml").write_text(PLAN.replace("payments", "elsewhere"), encoding="utf-8")

    assert run(["rollout", "check", str(file), "--file-only"]) == 0
    assert run(["rollout", "check", str(file)]) == 65
    assert f"{file}:14: no module elsewhere is installed" in capsys.readouterr().err


def test_faults_are_told_to_scripts_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (file := tmp_path / "plan.toml").write_text(PLAN.replace("owner =", "onwer ="), encoding="utf-8")

    assert run(["--json", "rollout", "check", str(file)]) == 65
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "fenbu.rollout-check/1"
    assert told["faults"] == [
        {
            "line": 4,
            "column": 1,
            "path": "onwer",
            "problem": "there is no key onwer in the file",
            "way_out": "did you mean owner?",
        }
    ]


def test_the_schema_is_printed_as_editors_read_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rollout", "schema"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["$schema"].startswith("https://json-schema.org/")
    assert told.err == ""


def test_a_file_is_checked_alone_without_the_store(tmp_path: Path) -> None:
    (tmp_path / "rollout.toml").write_text(PLAN, encoding="utf-8")
    probe = (
        "import sys; from fenbu.cli.running import run; run(['rollout', 'check', '--file-only']); "
        "print(*sorted({'sqlalchemy', 'alembic', 'pluggy', 'fenbu_erp'} & set(sys.modules)), file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", probe], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120
    )

    assert ended.stderr.splitlines() == ["rollout.toml is well", ""]


def test_the_file_that_was_applied_is_written_again_and_never_over_one(
    ann: Kernel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("fenbu.engine.guard.operators.os_user", lambda: "ann")
    monkeypatch.chdir(tmp_path)
    here = ["--database", ann.database.url]
    assert run([*here, "rollout", "new", "--applied"]) == 1
    assert "fenbu plan FILE, then fenbu apply FILE" in capsys.readouterr().err
    apply(ann, plan_file())
    assert run([*here, "rollout", "new", "--applied"]) == 0
    assert Path("rollout.toml").read_text(encoding="utf-8") == FILE
    assert run([*here, "rollout", "new", "--applied"]) == 1
    assert run([*here, "rollout", "new", "other.toml"]) == 64
    assert not Path("other.toml").exists()
