"""Exports of any module: found by name, written to stdout or into a file, refused with what there is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fenbu.testing.dummies import DummyModule, DummyModules
from tests.core.cli.running import Fenbu


def test_the_exports_of_enabled_modules_are_listed_with_their_formats(fenbu: Fenbu) -> None:
    listed = fenbu("export", "list")
    assert [line.split()[:2] for line in listed.out.splitlines()[1:]] == [
        ["kiosk.sales", "text"],
        ["kiosk.scribbles", "rubbish,"],
    ]
    told = fenbu("export", "list", "--json").data
    assert told["schema"] == "fenbu.exports/1"
    assert told["exports"][1] == {
        "export": "kiosk.scribbles",
        "title": "Scribbles",
        "formats": ["rubbish", "text"],
    }


def test_an_export_goes_to_stdout_line_by_line_and_its_days_are_asked_for(fenbu: Fenbu) -> None:
    everything = "K-1 Ada\nK-2 Bob\nK-3 陈伟\n"
    assert fenbu("export", "sales").out == everything
    assert fenbu("export", "kiosk.sales", "--format", "text").out == everything
    assert fenbu("export", "sales", "--since", "2026-03-02").out == "K-2 Bob\nK-3 陈伟\n"
    assert fenbu("export", "sales", "--until", "2026-03-01").out == "K-1 Ada\n"


def test_an_export_goes_into_a_file_whole_or_not_at_all(fenbu: Fenbu, tmp_path: Path) -> None:
    file = tmp_path / "sales.txt"
    ran = fenbu("export", "sales", "-o", str(file))
    assert (ran.code, ran.out) == (0, "")
    assert f"kiosk.sales as text: 3 lines in {file}" in ran.err
    before = file.read_text("utf-8")
    assert before == "K-1 Ada\nK-2 Bob\nK-3 陈伟\n"

    broken = fenbu("export", "scribbles", "--format", "rubbish", "-o", str(file))
    assert (broken.code, "the pen broke" in broken.err) == (1, True)
    assert file.read_text("utf-8") == before
    assert not list(tmp_path.glob(".sales.txt*"))

    told = fenbu("export", "sales", "--until", "2026-03-01", "-o", str(file), "--json").data
    assert told == {
        "schema": "fenbu.export/1",
        "export": "kiosk.sales",
        "format": "text",
        "file": str(file),
        "lines": 1,
    }
    assert file.read_text("utf-8") == "K-1 Ada\n"


@pytest.mark.databases("sqlite")
def test_a_link_is_followed_and_what_is_no_file_is_not_replaced_by_one(fenbu: Fenbu, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    fenbu("export", "sales", "-o", str(tmp_path / "link"))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text("utf-8").startswith("K-1")
    assert fenbu("export", "sales", "-o", os.devnull).code == 0
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("sails",), 64, ["there is no export sails here", "did you mean sales?"]),
        (("weather",), 64, ["there is no export weather here", "there is: kiosk.sales, kiosk.scribbles"]),
        (("sales", "--format", "csv"), 64, ["no format of kiosk.sales csv", "choose with --format: text"]),
        (("scribbles",), 64, ["which format of kiosk.scribbles?", "choose with --format: rubbish, text"]),
        (("sales", "--since", "tomorrow"), 64, ["tomorrow is no day, written as 2026-01-31"]),
        (("sales", "--since", "0001-01-01"), 64, ["must be a day between 1900-01-01 and 2999-12-31"]),
        (("sales", "--since", "2026-03-02", "--until", "2026-03-01"), 64, ["--until is before --since"]),
        (("sales", "--json"), 64, ["kiosk.sales is written as text; --json goes with --output"]),
        (
            ("sales", "-o", "no/such/folder/file"),
            65,
            ["no/such/folder/file", "cannot be written", "a folder that"],
        ),
        (("--format", "text"), 64, ["no such option"]),
        ((), 64, ["which command? canonical, list"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
@pytest.mark.databases("sqlite")
def test_what_cannot_be_exported_is_refused_with_what_there_is(
    fenbu: Fenbu, words: tuple[str, ...], code: int, told: list[str]
) -> None:
    ran = fenbu("export", *words)
    assert (ran.code, ran.out) == (code, "")
    assert [words for words in told if words not in ran.err] == []


@pytest.mark.databases("sqlite")
def test_an_export_of_a_module_that_is_off_says_how_to_switch_it_on(fenbu: Fenbu) -> None:
    fenbu("disable", "kiosk", "--how", "waive", "-y")
    ran = fenbu("export", "sales")
    assert ran.code == 64
    assert "there is no export sales here: kiosk does not run" in ran.err
    assert "fenbu enable kiosk" in ran.err
    listed = fenbu("export", "list")
    assert (listed.code, listed.out) == (0, "")
    assert "no enabled module exports anything" in listed.err
    assert "no enabled module exports anything" in fenbu("export", "tea").err


@pytest.mark.databases("sqlite")
def test_two_modules_with_exports_of_one_name_are_told_apart_by_their_own(
    fenbu: Fenbu, site: DummyModules
) -> None:
    formats = {"text": "fenbu_tea.flows:all"}
    exporter = f"__import__('fenbu').Exporter(name='tea.sales', title=N_('Sales'), formats={formats})"
    flows = "def all(work, span):\n    yield 'nothing'\n"
    site.install(DummyModule(name="tea", flows=flows, manifest={"exporters": f"({exporter},)"}))
    fenbu("enable", "tea", "-y")
    ran = fenbu("export", "sales")
    assert ran.code == 64
    assert "several modules have one" in ran.err
    assert "say which: kiosk.sales, tea.sales" in ran.err
    assert fenbu("export", "tea.sales").out == "nothing\n"
