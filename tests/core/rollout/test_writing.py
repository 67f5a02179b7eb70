"""Writing one value back: it is read again, and every other byte is as it was."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import tomli
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from fenbu.engine.rollout.file import parse
from fenbu.engine.rollout.positions import paths_of, positions_of
from fenbu.engine.rollout.templates import TEMPLATES, text_of
from fenbu.engine.rollout.writing import CannotWrite, set_setting, set_value
from tests.core.rollout.plans import PLAN

_words = st.text("ab0 \n\t\\'\"#=[]{},.é步", max_size=8)
_keys = st.text("abc-_ .é'\"#=]", min_size=1, max_size=6)
_plain = st.booleans() | st.integers(-(10**12), 10**12) | _words | st.dates()
_exact = _plain | st.decimals(-(10**6), 10**6, places=4)


def _nested(scalars: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3),
        max_leaves=6,
    )


_values = _nested(_exact)
_tables = st.dictionaries(_keys, _nested(_plain | st.floats(-1e9, 1e9)), max_size=3)
_documents = st.dictionaries(_keys, _tables | st.lists(_tables, max_size=3) | _plain, max_size=4)


def _read(text: str) -> dict[str, Any]:
    return tomli.loads(text, parse_float=Decimal)


def _text(document: dict[str, Any]) -> str:
    """Write a document as tomlkit does: headers, arrays of tables, inline tables, quoted keys."""
    return tomlkit.dumps(document)


@settings(max_examples=20, deadline=None)
@given(_documents)
def test_the_positions_are_those_of_everything_that_toml_reads(document: dict[str, Any]) -> None:
    text = _text(document)
    read = tomli.loads(text)
    spans = positions_of(text).spans

    assert set(spans) == set(paths_of(read))
    for path, span in spans.items():
        value = _at(read, path)
        if not isinstance(value, dict | list):
            assert tomli.loads(f"x = {text[span.start : span.end]}")["x"] == value


def _at(document: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        document = document[part]
    return document


@pytest.mark.parametrize(
    ("text", "path", "line", "column"),
    [
        ("a.b = 1\na.c = 2", ("a", "c"), 2, 1),
        ("[a]\n[a.b]\nc = [\n  1, # one\n  2]", ("a", "b", "c", 1), 5, 3),
        ("[[a]]\nb = 1\n[a.c]\n[[a]]\nb = 2", ("a", 1, "b"), 5, 1),
        ('x = \'\'\'\n[a]\n\'\'\'\n"a b" = """\\""""', ("a b",), 4, 1),
        ("a = { b = { c = 'it', \"d.e\" = 1979-05-27 07:32:00 } } # }", ("a", "b", "d.e"), 1, 23),
        ("a = 1", ("a", "b", "c"), 1, 1),
        ("# only\n", ("a",), 1, 1),
    ],
)
def test_a_key_is_found_at_its_line_and_column(
    text: str, path: tuple[str | int, ...], line: int, column: int
) -> None:
    tomli.loads(text)

    assert positions_of(text).line_and_column(path) == (line, column)


@settings(max_examples=25, deadline=None)
@given(
    name=st.sampled_from(["payment_days", "fresh", "a b"]), value=_values, stage=st.sampled_from([None, 0, 1])
)
def test_what_is_written_is_read_again_and_nothing_else_has_changed(
    name: str, value: Any, stage: int | None
) -> None:
    made = set_setting(PLAN, "erp", name, value, stage=stage)

    lines = iter(made.splitlines())
    kept = [line for line in PLAN.splitlines() if not line.startswith("payment_days")]
    assert all(line in lines for line in kept), "every line is there, in its order"
    before, after = _read(PLAN), _read(made)
    holder = after["modules"]["erp"] if stage is None else after["stages"][stage]
    written = holder["settings"][name] if stage is None else holder["settings"]["erp"][name]
    assert written == value
    assert set_setting(made, "erp", name, value, stage=stage) == made, "twice is once"
    assert before["stages"][1]["before"] == after["stages"][1]["before"]


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_comments_and_ends_of_lines_stay(template: str, newline: str) -> None:
    text = text_of(template).replace("\n", newline)

    made = set_setting(set_setting(text, "erp", "payment_days", 45), "payments", "poll_minutes", 30)

    assert made.count("#") == text.count("#")
    assert made.count("\n") == made.count(newline)
    changed = set(made.split(newline)) - set(text.split(newline))
    assert any(line.startswith("payment_days = 45") for line in changed)
    assert "poll_minutes = 30" in changed
    assert changed <= {line for line in changed if line.startswith(("payment_days", "poll", "[modules."))}
    assert parse(made).faults == []


def test_a_comment_behind_the_value_stays_behind_it() -> None:
    text = text_of("sme-three-stages")

    made = set_setting(text, "erp", "payment_days", 45)

    assert made == text.replace(
        "payment_days = 30                  #", "payment_days = 45                  #"
    )


def test_a_table_on_one_line_takes_one_more() -> None:
    made = set_setting(PLAN, "payments", "gateway", "manual")

    assert made == PLAN.replace('{ orders = "on_account" }', '{ orders = "on_account", gateway = "manual" }')


def test_settings_of_a_module_that_had_none_get_a_table_beside_it() -> None:
    text = PLAN.replace("[modules.erp.settings]\npayment_days = 30\n\n", "")

    made = set_setting(text, "erp", "payment_days", 45)

    assert made == text.replace(
        'on_disable = "drain"\n', 'on_disable = "drain"\n\n[modules.erp.settings]\npayment_days = 45\n'
    )


def test_an_exact_number_keeps_its_digits() -> None:
    assert "fee = 0.10\n" in set_setting(PLAN, "erp", "fee", Decimal("0.10"))


def test_what_cannot_be_added_without_another_change_is_refused() -> None:
    with pytest.raises(CannotWrite, match=r"stages\[0\]\.settings\.erp\.payment_days"):
        set_value('stages = [{ name = "one" }]\n', ("stages", 0, "settings", "erp", "payment_days"), 3)
