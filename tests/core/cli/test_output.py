"""One output: data to stdout, words to stderr, the same to a pipe and to a terminal but for colour and width."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenbu.cli.layout import GAP, Cell, Heading, lay_out, visible, width_of, wrap
from fenbu.cli.output import Output


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class _Mode:
    json = False


HEADINGS = [Heading("Number"), Heading("Total", right=True), Heading("Customer", wraps=True), Heading("Note")]
ROWS = [
    [
        Cell("SO-1"),
        Cell("12.00 GBP"),
        Cell("陈伟 & Söhne, merchants of tea and coffee", "green"),
        Cell("first"),
    ],
    [Cell("SO-22", "red"), Cell("1,234.50 GBP"), Cell("Ada"), Cell("second")],
]


def _written(
    environment: Mapping[str, str], stdout: io.StringIO, monkeypatch: pytest.MonkeyPatch, columns: int = 200
) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    Output(_Mode(), stdout=stdout, stderr=io.StringIO(), environment=environment).table(HEADINGS, ROWS)
    return stdout.getvalue()


def test_a_terminal_shows_what_a_pipe_gets_but_for_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    piped = _written({}, io.StringIO(), monkeypatch)
    shown = _written({"TERM": "xterm"}, _Terminal(), monkeypatch)

    assert "\x1b[" not in piped
    assert "\x1b[31mSO-22" in shown
    stripped = shown
    for code in ("\x1b[31m", "\x1b[32m", "\x1b[1m", "\x1b[0m"):
        stripped = stripped.replace(code, "")
    assert [line.rstrip() for line in stripped.splitlines()] == piped.splitlines()


@pytest.mark.parametrize(
    ("environment", "terminal", "coloured"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "dumb"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, True),
        ({}, False, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_colour_follows_terminal_and_environment(
    environment: Mapping[str, str], terminal: bool, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = _Terminal() if terminal else io.StringIO()

    assert ("\x1b[" in _written(environment, stream, monkeypatch)) is coloured


def test_a_narrow_terminal_wraps_texts_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = _written({"TERM": "dumb"}, _Terminal(), monkeypatch, columns=52)

    assert all(width_of(line) <= 52 for line in shown.splitlines())
    for word in ("陈伟", "Söhne,", "merchants", "coffee", "second", "1,234.50"):
        assert word in shown


def test_columns_left_out_for_lack_of_width_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "22")
    out, err = _Terminal(), io.StringIO()
    Output(_Mode(), stdout=out, stderr=err, environment={"TERM": "dumb"}).table(HEADINGS, ROWS)

    assert "first" not in out.getvalue()
    assert (
        "not shown for lack of width: Customer, Note; a wider terminal, --columns or --json" in err.getvalue()
    )


texts = st.text(alphabet="ab 字é\u0301文-", max_size=40)


@given(st.lists(st.tuples(texts, texts, texts), max_size=5), st.one_of(st.none(), st.integers(20, 120)))
def test_no_line_is_wider_than_the_terminal_and_every_column_is_shown_or_named(
    rows: list[tuple[str, str, str]], width: int | None
) -> None:
    headings = [Heading("One", wraps=True), Heading("Two", right=True), Heading("Three", wraps=True)]
    laid = lay_out(headings, [[Cell(text) for text in row] for row in rows], width)

    shown = [text.strip() for text in laid.heading]
    assert sorted([*shown, *laid.dropped]) == ["One", "Three", "Two"]
    assert shown[0] == "One"
    for line in [[Cell(text) for text in laid.heading], *laid.lines]:
        total = sum(width_of(cell.text) for cell in line) + GAP * (len(line) - 1)
        assert width is None or total <= width


@given(texts, st.integers(1, 30))
def test_wrapping_keeps_every_character_but_spaces_at_the_breaks(text: str, width: int) -> None:
    lines = wrap(text, max(width, 2))

    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(width_of(line) <= max(width, 2) for line in lines)


def test_chinese_characters_are_two_columns_wide() -> None:
    assert width_of("陈伟") == 4
    assert width_of("ab") == 2
    assert width_of("e\u0301") == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\x1b[2Jb", "a\\x1b[2Jb"), ("a\rb", "a\\x0db"), ("a\u202eb", "a\\x202eb"), ("a\tb\nc", "a\tb\nc")],
)
def test_control_characters_are_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown
