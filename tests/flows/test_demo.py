"""The demo: a shop out of a seed, whose books are right, told within eighty columns."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fenbu.cli.demo import shop
from fenbu.cli.layout import width_of
from fenbu.cli.running import run
from fenbu.engine.kernel import Kernel

TODAY = date(2026, 11, 22)


def demo(capsys: pytest.CaptureFixture[str], *options: str, code: int = 0) -> str:
    assert run(["demo", "--orders", "15", *options]) == code
    return capsys.readouterr().out


def told(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(demo(capsys, "--json", *options))
    return found


def test_the_demo_ends_with_balanced_books_and_a_healthy_enterprise(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    found = told(capsys, "--folder", str(tmp_path / "shop"))
    assert found["healthy"], found["failed_checks"]
    assert found["orders"] == found["events"]["erp.order-placed"] == 15
    assert found["trial_balance"]["debit"] == found["trial_balance"]["credit"] != "0"


def test_the_same_seed_makes_the_same_shop_and_another_seed_another(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shops = [
        told(capsys, "--folder", str(tmp_path / name), "--seed", seed)
        for name, seed in (("one", "3"), ("again", "3"), ("other", "4"))
    ]
    compared = [(found["events"], found["trial_balance"]) for found in shops]
    assert compared[0] == compared[1] != compared[2]


def test_the_story_fits_eighty_columns_and_names_the_commands_to_go_on_with(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    told = demo(capsys, "--folder", "shop")
    assert [line for line in told.splitlines() if width_of(line) > 80] == []
    for command in ("cd shop", "fenbu tui", "fenbu show erp.orders", "fenbu explain order SO-00000001"):
        assert command in told


def test_the_enterprise_can_be_opened_afterwards(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    demo(capsys, "--folder", str(folder))
    with Kernel.open(str(folder / "fenbu.db")) as kernel:
        assert kernel.assembly.enterprise.name == shop.NAME
    assert (folder / "fenbu.toml").is_file()


def test_a_folder_that_holds_something_is_left_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("precious", encoding="utf-8")
    demo(capsys, "--folder", str(tmp_path), code=65)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_folder_goes_when_it_is_not_wanted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    demo(capsys, "--folder", str(tmp_path / "shop"), "--remove")
    assert not (tmp_path / "shop").exists()


# --- the plan ---------------------------------------------------------------------------------------------


def test_nothing_of_the_plan_happens_before_its_order_or_after_yesterday() -> None:
    made = shop.make(1, 500, TODAY)
    for story in made.stories:
        moments = [story.first, story.rest, story.cancelled, story.returned, *(p.at for p in story.payments)]
        for moment in filter(None, moments):
            assert story.placed < moment
            assert moment.date() <= made.last_day


def test_the_plan_has_all_that_happens_in_shops() -> None:
    stories = shop.make(1, 320, TODAY).stories
    assert any(story.cancelled for story in stories)
    assert any(story.returned for story in stories)
    assert any(story.rest for story in stories)
    assert any(payment.percent < 100 for story in stories for payment in story.payments)
    assert any(not payment.names_order for story in stories for payment in story.payments)
    assert {story.channel for story in stories} == {"web", "phone", "counter"}


@pytest.mark.parametrize("seed", range(5))
def test_every_price_is_whole_pence_and_every_quantity_a_piece(seed: int) -> None:
    made = shop.make(seed, 100, TODAY)
    assert all(item.price == round(item.price, 2) > 0 for item in made.items)
    assert all(quantity >= 1 for story in made.stories for _item, quantity in story.lines)
