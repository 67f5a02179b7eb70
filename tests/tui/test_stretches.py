"""Stretches of rows: joined at either end, cut at the other, and never losing the place where one reads on."""

from __future__ import annotations

from fenbu_tui.widgets.state_diagram import drawn
from fenbu_tui.world.records import Diagram, Record, Step, Stretch, Value


def rows(first: int, last: int) -> tuple[Record, ...]:
    return tuple(
        Record(key=f"k{at}", place=f"p{at}", number=str(at), values=(Value(str(at)),))
        for at in range(first, last + 1)
    )


def numbers(stretch: Stretch) -> list[int]:
    return [int(row.number) for row in stretch.rows]


def test_more_below_lets_the_first_rows_go_and_remembers_where_they_were() -> None:
    held = Stretch(rows=rows(1, 10), below=True)

    joined = held.with_below(Stretch(rows=rows(11, 20), below=True, above=True), 15)

    assert numbers(joined) == list(range(6, 21))
    assert joined.above
    assert joined.below
    assert joined.again == "p5"


def test_more_below_keeps_the_beginning_while_there_is_room() -> None:
    joined = Stretch(rows=rows(1, 5), below=True).with_below(Stretch(rows=rows(6, 8), above=True), 15)

    assert numbers(joined) == list(range(1, 9))
    assert not joined.above
    assert not joined.below
    assert joined.again == ""


def test_more_above_lets_the_last_rows_go() -> None:
    held = Stretch(rows=rows(11, 20), above=True, again="p10")

    joined = held.with_above(Stretch(rows=rows(1, 10), below=True), 15)

    assert numbers(joined) == list(range(1, 16))
    assert not joined.above
    assert joined.below
    assert joined.again == ""


def test_a_lifecycle_is_drawn_with_every_state_once_opened_and_ways_back_marked() -> None:
    steps = (
        Step("place", "draft", "placed"),
        Step("cancel", "draft", "cancelled"),
        Step("reopen", "placed", "draft"),
        Step("close", "placed", "closed"),
    )
    picture = drawn(Diagram("order", "draft", ("cancelled", "closed"), steps, "placed"))

    assert str(picture).splitlines() == [
        "○ draft",
        "├─ place → ● placed  ← here",
        "│     ├─ reopen → ○ draft ↺",
        "│     └─ close → ○ closed ■",
        "└─ cancel → ○ cancelled ■",
    ]
