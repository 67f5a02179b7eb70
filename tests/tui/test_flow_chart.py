"""The map of the flows as text: aligned in every width and script, and nothing that needs a hand is left out."""

from __future__ import annotations

import time
from typing import Any

import pytest
from rich.cells import cell_len

from fenbu_tui.signs import Tone
from fenbu_tui.widgets.flow_chart import BOX, Chart, chart, label, order
from fenbu_tui.world.base import Standing
from fenbu_tui.world.flows import FlowLine

RUNNING, DEAD = Standing("running", Tone.GOOD), Standing("2 dead", Tone.BAD)


def flow(name: str, *sources: str, **more: Any) -> FlowLine:
    told: dict[str, Any] = {
        "name": name,
        "title": "",
        "module": name.partition(".")[0],
        "sources": sources,
        "lane": "information",
        "standing": RUNNING,
        "rate": "",
        "p95": "",
        "waiting": 0,
        "retrying": 0,
        "held": 0,
        "dead": 0,
        "timers": 0,
        "lag": "",
        "oldest": "",
        "topics": (),
        "running": True,
        "replayable": False,
    }
    return FlowLine(**told | more)


SHOP = (
    flow("scm.orders", "erp", rate="84", lane="goods"),
    flow("payments.orders", "erp", "scm", rate="80", lane="capital"),
    flow("erp.money", "payments", rate="79", lane="capital"),
    flow("crm.timeline", "erp", "scm", "payments", rate="200"),
    flow("crm.cases", "crm"),
)


def drawn(found: Chart) -> list[str]:
    return ["".join(piece.text for piece in row) for row in found.rows]


def written(found: Chart, name: str) -> str:
    return "".join(piece.text for piece in found.rows[found.row_of[name]] if piece.flow == name)


@pytest.mark.parametrize("width", [1, 13, 30, 40, 60, 78, 138, 300])
def test_every_row_has_exactly_the_width_of_the_screen(width: int) -> None:
    rows = drawn(chart(SHOP, width))
    assert rows and {cell_len(row) for row in rows} == {width}


def test_modules_with_wide_names_stand_as_straight_as_others() -> None:
    lines = (flow("茶叶分级与拼配.配货", "采购"), flow("采购.订单", "茶叶分级与拼配", rate="12"))
    rows = drawn(chart(lines, 60))
    assert {cell_len(row) for row in rows} == {60}
    stems = [place for place, character in enumerate(rows[2]) if character == "┬"]
    assert len(stems) == 2
    for row in rows[BOX:]:
        plain = "".join(character * cell_len(character) for character in row)
        assert all(plain[stem] in "│├┤◆╞╡┝┥" for stem in stems)


def test_an_arrow_goes_from_who_publishes_to_who_reacts() -> None:
    found = chart((flow("scm.orders", "erp"),), 40)
    row = written(found, "scm.orders")
    assert ("◀" in row) != ("▶" in row)
    boxes = drawn(found)[1]
    assert ("▶" in row) == (boxes.index("erp") < boxes.index("scm"))


def test_each_lane_has_its_kind_of_line_so_that_no_colour_is_needed() -> None:
    found = chart(SHOP, 138)
    strokes = {name: written(found, name) for name in ("scm.orders", "erp.money", "crm.timeline")}
    assert "━" in strokes["scm.orders"] and "═" in strokes["erp.money"] and "─" in strokes["crm.timeline"]


def test_every_source_joins_the_arrow() -> None:
    found = chart(SHOP, 138)
    joints = [character for character in written(found, "crm.timeline") if character in "├┤◆"]
    assert len(joints) == 3


def test_what_is_paused_is_dashed_and_what_is_dead_is_counted() -> None:
    lines = (
        flow("scm.orders", "erp", running=False, standing=Standing("paused", Tone.QUIET)),
        flow("erp.money", "scm", dead=2, standing=DEAD, rate="79"),
    )
    found = chart(lines, 50)
    assert "┄" in written(found, "scm.orders")
    assert "✖2" in written(found, "erp.money")
    [box] = [piece for piece in found.rows[1] if "erp" in piece.text]
    assert box.look == "bad"


def test_what_needs_a_hand_is_said_even_where_there_is_hardly_room() -> None:
    line = flow("payments.very_long_name", "erp", dead=12, standing=DEAD, rate="1,200", lag="41 s", waiting=3)
    assert label(line, 60) == "very_long_name 1,200/m 41 s ✖12"
    assert label(line, 20) == "very_long_name ✖12"
    assert label(line, 4) == "✖12"
    assert cell_len(label(line, 2)) <= 2


def test_arrows_that_do_not_meet_share_a_row() -> None:
    lines = (flow("b.x", "a"), flow("d.y", "c"), flow("b.z", "a"))
    found = chart(lines, 100)
    assert found.row_of["b.x"] != found.row_of["b.z"]
    assert len(found.rows) == BOX + 2


def test_neighbours_stand_beside_each_other() -> None:
    lines = (flow("b.x", "a"), flow("c.x", "b"), flow("d.x", "c"))
    placed = order(lines, ["d", "b", "a", "c"])
    assert placed in (list("abcd"), list("dcba"))


def test_of_three_hundred_modules_those_around_the_one_looked_at_are_drawn_at_once() -> None:
    lines = tuple(flow(f"m{number}.x", f"m{(number + 1) % 300}") for number in range(300))
    started = time.perf_counter()
    found = chart(lines, 138, "m150.x")
    assert time.perf_counter() - started < 1
    assert found.left_out == 290
    boxes = drawn(found)[1]
    assert all(name in boxes for name in ("m149", "m150", "m151"))


def test_nothing_is_drawn_of_nothing() -> None:
    assert chart((), 80).rows == ()
