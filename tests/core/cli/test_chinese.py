"""The command line in Chinese: the same commands, said in Chinese, aligned; data for programs stay as they are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fenbu import i18n
from fenbu.cli.app import COMMANDS
from fenbu.cli.layout import width_of, wrap
from tests.core.cli.running import Fenbu

IN_CHINESE = ("--lang", "zh_CN")


@pytest.fixture(autouse=True)
def english_again(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.setattr(i18n, "_catalogues", [i18n.OWN])
    yield
    i18n.use("en")


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS if name != "tui")], ids=" ".join)
def test_help_fits_the_terminal_and_is_wholly_chinese(
    elsewhere: Fenbu, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ran = elsewhere(*IN_CHINESE, *command, "--help")

    assert ran.code == 0
    assert "用法: " in ran.out
    assert "显示此说明并退出。" in ran.out
    examples = ("fenbu ", "bash  ", "zsh   ", "fish  ")  # lines to be copied keep their length
    wide = [
        line for line in ran.out.splitlines() if width_of(line) > 80 and not line.strip().startswith(examples)
    ]
    assert wide == []


def test_columns_stand_under_each_other(fenbu: Fenbu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    heading, *rows = fenbu("show", "fenbu.modules", *IN_CHINESE).out.splitlines()

    assert "状态" in heading and "已启用" in rows[0]
    start = width_of(heading.partition("状态")[0])
    assert [width_of(row.partition("已启用")[0]) for row in rows] == [start]


def test_money_is_written_with_its_sign(fenbu: Fenbu) -> None:
    assert "£2.50" in fenbu("show", "kiosk.sales", *IN_CHINESE).out
    assert "2.50 GBP" in fenbu("show", "kiosk.sales").out


@pytest.mark.parametrize("as_what", ["--json", "--csv"])
def test_what_programs_read_is_the_same_in_every_language(fenbu: Fenbu, as_what: str) -> None:
    said, chinese = (fenbu("show", "kiosk.sales", as_what, *lang) for lang in ((), IN_CHINESE))
    assert chinese.out == said.out


@pytest.mark.parametrize("word", ["enabled", "已启用"])
def test_a_filter_takes_a_state_as_it_is_shown(fenbu: Fenbu, word: str) -> None:
    assert "kiosk" in fenbu("show", "fenbu.modules", "--where", f"state={word}", *IN_CHINESE).out
    assert "kiosk" not in fenbu("show", "fenbu.modules", "--where", f"state!={word}", *IN_CHINESE).out


def test_mistakes_are_told_in_chinese_whoever_finds_them(fenbu: Fenbu) -> None:
    assert "没有命令 'shw'" in fenbu(*IN_CHINESE, "shw").err
    assert "没有选项 '--blah'" in fenbu(*IN_CHINESE, "show", "--blah").err
    assert "这里没有视图 kiosk.tales" in fenbu(*IN_CHINESE, "show", "kiosk.tales").err


def test_one_command_in_chinese_does_not_change_the_next(fenbu: Fenbu) -> None:
    fenbu(*IN_CHINESE, "shw")
    assert "no such command 'shw'" in fenbu("shw").err


def test_a_language_that_nobody_speaks_here_is_refused_with_those_that_are(fenbu: Fenbu) -> None:
    ran = fenbu("--lang", "tlh", "modules")
    assert ran.code == 64
    assert "there are no texts in tlh; there are: en, zh_CN" in ran.err


def test_the_system_chooses_where_nobody_says(fenbu: Fenbu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LC_ALL")
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "没有命令 'shw'" in fenbu("shw").err
    assert "no such command 'shw'" in fenbu("shw", "--lang", "en").err


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("让工作进程完成，然后重试", 14, ["让工作进程完", "成，然后重试"]),
        ("让工作进程完成，然后", 14, ["让工作进程完", "成，然后"]),
        ("先（再次）重试", 5, ["先", "（再", "次）", "重试"]),
        ("用 fenbu worker 启动。", 12, ["用 fenbu", "worker 启", "动。"]),
        ("fenbu.db（旁边）", 10, ["fenbu.db", "（旁边）"]),
    ],
)
def test_chinese_is_broken_between_characters_and_no_punctuation_is_left_alone(
    text: str, width: int, lines: list[str]
) -> None:
    assert wrap(text, width) == lines
    assert all(width_of(line) <= width for line in lines)


def test_further_lines_may_be_narrower_than_the_first() -> None:
    assert wrap("一二三四五六七八九", 10, 6) == ["一二三四五", "六七八", "九"]
    assert wrap("one two three four", 7, 5) == ["one two", "three", "four"]
