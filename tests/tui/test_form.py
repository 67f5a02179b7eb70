"""Forms: made from any model, judged by it while one types, filled in without a mouse."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, SecretStr, model_validator
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Checkbox, Input, Select

from fenbu.errors import FieldProblem
from fenbu.inputs import Amount, Code, Day
from fenbu.inputs import Input as Wanted
from fenbu.settings import Secret, Settings
from fenbu_tui.forms import FieldKind, fields_of, written
from fenbu_tui.widgets.form import Form
from fenbu_tui.widgets.form_boxes import Entry, FieldBox
from fenbu_tui.widgets.form_editors import TextEditor


class Wrapping(StrEnum):
    PAPER = "paper"
    SILK = "silk"


class Leaf(Wanted):
    tea: Code
    grams: Amount = Field(description="In grams")


class Blend(Wanted):
    """A blend of teas."""

    name: Code = Field(description="What it is sold as")
    leaves: Sequence[Leaf] = Field(min_length=1)
    wrapping: Wrapping = Wrapping.PAPER
    roasted: bool = False
    since: Day | None = Field(None, description="Today unless given")
    warnings: tuple[str, ...] = ()


class Shop(Settings):
    """Settings of a tea shop."""

    cups: int = Field(6, ge=1, le=60, description="Cups that stand ready")
    open: bool = True
    pay_key: Secret = Field("", description="Of the till")
    names: Mapping[str, str] = {}

    @model_validator(mode="after")
    def _cups_for_the_open(self) -> Shop:
        if not self.open and self.cups > 1:
            raise ValueError("a closed shop keeps one cup")
        return self


class Login(Wanted):
    name: Code
    secret: SecretStr


class Counter(App[None]):
    """Holds one form and keeps what it says."""

    AUTO_FOCUS = None

    form: Form

    def __init__(self, make: Callable[[], Form]) -> None:
        super().__init__()
        self._make = make
        self.done: list[Mapping[str, Any]] = []

    def compose(self) -> ComposeResult:
        self.form = self._make()
        yield self.form

    def on_form_submitted(self, message: Form.Submitted) -> None:
        self.done.append(message.values)


def fill(
    form: Callable[[], Form],
    steps: Callable[[Counter, Pilot[Any]], Awaitable[None]],
    size: tuple[int, int] = (80, 24),
) -> None:
    async def run() -> None:
        app = Counter(form)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await steps(app, pilot)

    asyncio.run(run())


async def keys(pilot: Pilot[Any], *pressed: str) -> None:
    """Press keys; a text after ``=`` is typed letter by letter."""
    for one in pressed:
        await pilot.press(*one[1:]) if one.startswith("=") else await pilot.press(one)
    await pilot.pause()


def masked(editor: TextEditor) -> bool:
    return editor.password


def problems(app: Counter) -> dict[str, str]:
    """Return what stands in red, by the name of its field."""
    told = {
        box.field.name: str(box.problem.render())
        for box in app.query(FieldBox)
        if box.problem.has_class("told")
    }
    return {name: text.removeprefix("✖ ") for name, text in told.items()}


def test_each_field_is_filled_in_as_its_type_wants() -> None:
    class Everything(BaseModel):
        text: str
        whole: int
        exact: Decimal
        rough: float
        day: date
        moment: datetime | None = None
        yes: bool = False
        which: Literal["a", "b"]
        secret: SecretStr
        kept: Secret = ""
        part: Leaf
        rows: list[Leaf] = []
        values: tuple[Wrapping, ...] = ()
        pairs: Mapping[str, Secret] = {}
        other: dict[str, list[int]] = {}

    found = {field.name: field.kind for field in fields_of(Everything)}
    K = FieldKind
    assert found == {
        "text": K.TEXT,
        "whole": K.WHOLE,
        "exact": K.NUMBER,
        "rough": K.NUMBER,
        "day": K.DAY,
        "moment": K.TIME,
        "yes": K.YES_NO,
        "which": K.CHOICE,
        "secret": K.SECRET,
        "kept": K.REFERENCE,
        "part": K.SECTION,
        "rows": K.ROWS,
        "values": K.VALUES,
        "pairs": K.PAIRS,
        "other": K.JSON,
    }
    pairs = next(field for field in fields_of(Everything) if field.name == "pairs")
    assert [part.kind for part in pairs.parts] == [K.TEXT, K.REFERENCE]


def test_a_value_stands_in_its_field_as_one_would_type_it() -> None:
    given = [
        None,
        True,
        Decimal("12.5000"),
        Decimal("1E+3"),
        date(2026, 1, 31),
        Wrapping.SILK,
        {"a": [1]},
        "茶",
    ]
    assert [written(one) for one in given] == [
        "",
        "true",
        "12.5",
        "1000",
        "2026-01-31",
        "silk",
        '{"a": [1]}',
        "茶",
    ]


def test_an_order_with_its_lines_is_filled_in_from_the_keyboard() -> None:
    async def steps(app: Counter, pilot: Pilot[Any]) -> None:
        await keys(
            pilot,
            "tab",
            "=MORNING",
            "enter",
            "=茶",
            "enter",
            "=12.5",
            "enter",
            "=MINT",
            "enter",
            "=2",
            "enter",
        )
        await keys(pilot, "enter")  # the empty line: there are no more
        assert isinstance(app.focused, Select)
        await keys(pilot, "enter", "down", "down", "enter", "tab", "space", "tab", "=2026-03-01", "ctrl+s")
        assert app.done == [
            {
                "name": "MORNING",
                "leaves": [{"tea": "茶", "grams": "12.5"}, {"tea": "MINT", "grams": "2"}],
                "wrapping": "silk",
                "roasted": "true",
                "since": "2026-03-01",
            }
        ]
        blend = Blend.model_validate(app.done[0])
        assert blend.leaves[0].grams == Decimal("12.5")
        assert blend.roasted

    fill(lambda: Form(Blend), steps)


def test_what_is_wrong_stands_under_its_field_while_one_types_and_goes_when_it_is_right() -> None:
    async def steps(app: Counter, pilot: Pilot[Any]) -> None:
        await keys(pilot, "tab", "tab", "=TEA", "tab", "=-1")
        assert problems(app) == {"name": "must be given", "grams": "must be more than zero"}
        await keys(pilot, "backspace", "backspace", "=1.23456")
        assert "decimals" in problems(app)["grams"]
        await keys(pilot, "backspace")
        assert "grams" not in problems(app)

    fill(lambda: Form(Blend), steps)


def test_nothing_is_red_before_somebody_has_been_there() -> None:
    async def steps(app: Counter, pilot: Pilot[Any]) -> None:
        await keys(pilot, "tab", "=M")
        assert problems(app) == {}

    fill(lambda: Form(Blend), steps)


def test_being_done_too_early_leads_to_the_first_field_that_is_wrong() -> None:
    async def steps(app: Counter, pilot: Pilot[Any]) -> None:
        await keys(pilot, "tab", "=MORNING", "ctrl+s")
        assert app.done == []
        assert isinstance(app.focused, Input)
        assert app.focused.parent is not None
        assert any(isinstance(one, Entry) for one in app.focused.ancestors)

    fill(lambda: Form(Blend), steps)


def test_what_is_not_filled_in_is_left_to_the_model() -> None:
    async def steps(app: Counter, pilot: Pilot[Any]) -> None:
        await keys(pilot, "tab", "ctrl+s")
        assert app.done == [{}]
        assert app.form.changed == {}

    fill(lambda: Form(Shop), steps)


def test_defaults_and_the_way_a_value_is_written_stand_in_empty_fields_and_help_below() -> None:
    async def steps(app: Counter, pilot: Pilot[Any]) -> None:
        await keys(pilot, "tab")
        [cups, *_rest] = app.query(TextEditor)
        assert cups.placeholder == "6"
        about = str(app.form.query_one(".about").render())
        assert about == "Cups that stand ready. ≥ 1, ≤ 60. Default: 6."

    fill(lambda: Form(Shop), steps)


def test_a_setting_that_stands_already_is_changed_alone_and_emptying_it_means_its_default() -> None:
    async def steps(app: Counter, pilot: Pilot[Any]) -> None:
        await keys(pilot, "tab", "end", "=0")
        assert app.form.changed == {"cups": "120"}
        assert problems(app) == {"cups": "must be 60 or less"}
        await keys(pilot, *["backspace"] * 3)
        assert app.form.changed == {"cups": None}
        assert app.form.problems == []

    fill(lambda: Form(Shop, {"cups": 12, "open": True, "names": {"a": "b"}}), steps)


def test_what_fields_say_against_each_other_stands_below_the_form() -> None:
    async def steps(app: Counter, pilot: Pilot[Any]) -> None:
        app.query_one(Checkbox).focus()
        await keys(pilot, "space")
        assert str(app.form.query_one(".whole").render()) == "✖ a closed shop keeps one cup"

    fill(lambda: Form(Shop), steps)


def test_a_secret_is_never_on_the_screen() -> None:
    async def steps(app: Counter, pilot: Pilot[Any]) -> None:
        await keys(pilot, "tab", "=ada", "tab", "=jasmine")
        drawn = "".join(strip.text for strip in app.screen._compositor.render_strips())
        assert "ada" in drawn
        assert "jasmine" not in drawn
        await keys(pilot, "enter")
        assert app.done == [{"name": "ada", "secret": "jasmine"}]

    fill(lambda: Form(Login), steps)


def test_where_a_secret_is_kept_is_kept_unseen_and_readable_only_once_it_is_no_secret() -> None:
    async def steps(app: Counter, pilot: Pilot[Any]) -> None:
        [_cups, key, *_rest] = app.query(TextEditor)
        assert key.value == ""
        assert key.placeholder == "***"
        assert app.form.values["pay_key"] == "env:TILL"
        key.focus()
        await keys(pilot, "=jas")
        assert masked(key)
        assert "by reference" in problems(app)["pay_key"]
        await keys(pilot, *["backspace"] * 3, "=env:DESK")
        assert not masked(key)
        assert app.form.changed == {"pay_key": "env:DESK"}

    fill(lambda: Form(Shop, {"pay_key": "env:TILL"}), steps)


def test_a_line_is_taken_out_and_the_others_stay() -> None:
    given = {"name": "M", "leaves": [{"tea": "A", "grams": 1}, {"tea": "B", "grams": 2}]}

    async def steps(app: Counter, pilot: Pilot[Any]) -> None:
        assert app.form.values == given
        await keys(pilot, "tab", "tab", "ctrl+r")
        await pilot.pause()
        assert app.form.values["leaves"] == [{"tea": "B", "grams": 2}]
        await keys(pilot, "ctrl+n", "=C", "tab", "=3")
        assert app.form.values["leaves"] == [{"tea": "B", "grams": 2}, {"tea": "C", "grams": "3"}]

    fill(lambda: Form(Blend, given), steps)


def test_values_and_names_with_values_are_filled_in_as_lines() -> None:
    async def steps(app: Counter, pilot: Pilot[Any]) -> None:
        app.query(TextEditor).last().focus()
        await keys(pilot, "=hot", "enter", "=wet")
        assert app.form.values["warnings"] == ["hot", "wet"]

    fill(lambda: Form(Blend), steps)

    async def named(app: Counter, pilot: Pilot[Any]) -> None:
        list(app.query(TextEditor))[-2].focus()
        await keys(pilot, "=cup", "tab", "=杯")
        assert app.form.values["names"] == {"cup": "杯"}

    fill(lambda: Form(Shop), named)


def test_a_field_that_is_fixed_is_shown_and_kept() -> None:
    async def steps(app: Counter, pilot: Pilot[Any]) -> None:
        assert len(app.query(TextEditor)) == 1
        await keys(pilot, "tab", "=x", "ctrl+s")
        assert app.done == [{"name": "SO-1", "secret": "x"}]

    fill(lambda: Form(Login, {"name": "SO-1"}, fixed=("name",)), steps)


def test_a_refusal_that_comes_later_stands_at_its_field_too() -> None:
    async def steps(app: Counter, pilot: Pilot[Any]) -> None:
        await keys(pilot, "tab", "=ada", "tab", "=x", "enter")
        app.form.refuse([FieldProblem("name", "is taken"), FieldProblem("", "come back tomorrow")])
        await pilot.pause()
        assert problems(app) == {"name": "is taken"}
        assert "come back tomorrow" in str(app.form.query_one(".whole").render())

    fill(lambda: Form(Login), steps)


def test_a_long_form_scrolls_to_the_field_one_is_in() -> None:
    long: Any = type(
        "Long", (BaseModel,), {"__annotations__": {f"field{n}": Annotated[str, Field()] for n in range(60)}}
    )

    async def steps(app: Counter, pilot: Pilot[Any]) -> None:
        await keys(pilot, "tab", "shift+tab")
        assert app.focused is list(app.query(TextEditor))[-1]
        assert app.focused.region.bottom <= 24
        assert app.form.query_one(".fields").scroll_offset.y > 0

    fill(lambda: Form(long), steps, size=(40, 24))
