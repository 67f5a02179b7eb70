"""``fenbu purge`` and ``fenbu unarchive``: said beforehand, asked for by name, told in JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fenbu.testing.dummies import DummyModules
from tests.core.cli.running import Fenbu, Ran


def errors(ran: Ran) -> list[dict[str, Any]]:
    return [note["error"] for note in ran.notes if "error" in note]


def test_a_module_is_purged_and_brought_back_by_scripts(
    fenbu: Fenbu, site: DummyModules, tmp_path: Path
) -> None:
    file = tmp_path / "kiosk.gz"
    refused = fenbu("purge", "kiosk", "--archive", str(file), "-y", "--json")
    [error] = errors(refused)
    assert (refused.code, error["code"]) == (1, "state-refused")
    assert error["hint"] == "disable it first: fenbu disable kiosk"
    assert fenbu("disable", "kiosk", "-y", "--json").data["answer"]["draining"] == ["kiosk"]
    [error] = errors(fenbu("purge", "kiosk", "--archive", str(file), "-y", "--json"))
    assert error["hint"] == "let a worker run, or settle what is left: fenbu disable kiosk --how waive"
    assert fenbu("disable", "kiosk", "--how", "waive", "-y").code == 0
    planned = fenbu("purge", "kiosk", "--archive", str(file), "--dry-run", "--json").data
    assert {"text": "rows of kiosk_sale go", "number": "3"} in planned["consequences"]
    assert (planned["dry_run"], file.exists()) == (True, False)
    asked = fenbu("purge", "kiosk", "--archive", str(file))
    assert (asked.code, file.exists()) == (64, False)
    assert "rows of kiosk_sale go" in asked.err
    site.uninstall("kiosk")
    done = fenbu("purge", "kiosk", "--archive", str(file), "-y", "--json").data
    assert (done["action"], done["answer"]["archive"]) == ("fenbu.module.purge", str(file))
    [row] = [one for one in fenbu("modules", "--json").data["modules"] if one["module"] == "kiosk"]
    assert (row["state"], row["problem"]) == ("purged", f"its data are in {file}")
    missing = fenbu("unarchive", str(file), "--json")
    assert (missing.code, errors(missing)[0]["code"]) == (1, "archive-unfit")


def test_an_archive_comes_back_and_a_damaged_one_is_a_bad_file(fenbu: Fenbu, tmp_path: Path) -> None:
    file = tmp_path / "kiosk.gz"
    fenbu("disable", "kiosk", "--how", "waive", "-y")
    assert "fenbu unarchive" in fenbu("purge", "kiosk", "--archive", str(file), "-y").err
    [row] = [one for one in fenbu("modules", "--json").data["modules"] if one["module"] == "kiosk"]
    assert (row["state"], row["problem"]) == ("discovered", f"its data are in {file}")
    assert row["advice"] == "fenbu unarchive brings its data back; fenbu enable kiosk begins anew"
    assert f"its data are in {file}"[:40] in "".join(fenbu("modules", "kiosk").out.split("\n"))
    half = tmp_path / "half.gz"
    half.write_bytes(file.read_bytes()[:200])
    assert fenbu("unarchive", str(half)).code == fenbu("unarchive", str(tmp_path / "none")).code == 65
    planned = fenbu("unarchive", str(file), "--dry-run")
    assert "rows of kiosk_sale come back 3" in planned.err
    told = fenbu("unarchive", str(file))
    assert told.code == 0
    assert "fenbu enable kiosk goes on with it" in told.err
    fenbu("enable", "kiosk")
    assert len(fenbu("show", "kiosk.sales", "--json").data["rows"]) == 3


def test_a_file_is_named_by_module_and_time_unless_one_is_given(fenbu: Fenbu, tmp_path: Path) -> None:
    fenbu("disable", "kiosk", "--how", "waive", "-y")
    assert fenbu("purge", "kiosk", "-y").code == 0
    [file] = tmp_path.glob("kiosk-*.archive.jsonl.gz")
    assert fenbu("unarchive", file.name).code == 0
