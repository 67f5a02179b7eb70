"""`fenbu metrics record` and `history`: readings are taken, and shown as curve, list, JSON and CSV."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from fenbu.cli.sparkline import sparkline
from tests.core.cli.running import Fenbu

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_reading_is_kept_and_shown(fenbu: Fenbu) -> None:
    kept = fenbu("metrics", "record")
    assert (kept.code, kept.out) == (0, "")
    assert "2 readings kept" in kept.err

    shown = fenbu("metrics", "history", "kiosk.takings")
    assert shown.out.splitlines()[:5] == [
        "kiosk.takings · Takings",
        "▁",
        "lowest   10.00 GBP",
        "highest  10.00 GBP",
        "latest   10.00 GBP",
    ]
    told = fenbu("metrics", "history", "kiosk.takings", "--json").data
    assert (told["schema"], told["unit"]) == ("fenbu.metrics-history/1", "GBP")
    [reading] = told["readings"]
    assert Decimal(reading["value"]) == Decimal("10.00")
    as_csv = fenbu("metrics", "history", "kiosk.takings", "--csv").out.splitlines()
    assert as_csv == ["at,value", f"{reading['at']},{reading['value']}"]


def test_what_is_not_listed_is_counted(fenbu: Fenbu) -> None:
    for _time in range(3):
        fenbu("metrics", "record", "kiosk.sales")

    shown = fenbu("metrics", "history", "kiosk.sales", "--limit", "1")

    assert "2 older readings: --limit, --csv or --json show them" in shown.err


def test_a_dry_run_keeps_nothing(fenbu: Fenbu) -> None:
    assert "1 reading would be kept" in fenbu("metrics", "record", "kiosk.sales", "--dry-run").err

    assert "no reading is kept" in fenbu("metrics", "history", "kiosk.sales").err


def test_days_are_the_enterprises_and_include_their_ends(fenbu: Fenbu) -> None:
    fenbu("metrics", "record", "kiosk.sales")
    [one] = fenbu("metrics", "history", "kiosk.sales", "--json").data["readings"]
    day = one["at"][:10]
    later = str(datetime.fromisoformat(day).date() + timedelta(days=2))

    def readings(*arguments: str) -> int:
        return len(fenbu("metrics", "history", "kiosk.sales", "--json", *arguments).data["readings"])

    assert readings("--since", "2026-01-01") == 1
    assert readings("--since", later) == 0
    assert readings("--until", "2026-01-01") == 0


def test_a_name_that_is_none_is_a_slip(fenbu: Fenbu) -> None:
    ran = fenbu("metrics", "history", "kiosk.taking")

    assert ran.code == 64
    assert "did you mean kiosk.takings?" in ran.err


CURVES: dict[str, tuple[list[tuple[int, str]], int, str]] = {
    "nothing": ([], 10, ""),
    "one": ([(0, "5")], 10, "▁"),
    "all the same": ([(0, "5"), (1, "5"), (2, "5")], 10, "▁▁▁"),
    "up": ([(hour, str(hour)) for hour in range(8)], 8, "▁▂▃▄▅▆▇█"),
    "down below nothing": ([(0, "0"), (1, "-7")], 8, "█▁"),
    "narrower than the readings, the last of a span counts": (
        [(0, "0"), (1, "9"), (2, "1"), (10, "0"), (11, "9")],
        2,
        "▁█",
    ),
    "a gap is blank": ([(0, "0"), (1, "7"), (3, "0"), (4, "7")], 5, "▁█▁█"),
    "a long gap": ([(0, "0"), (1, "1"), (2, "2"), (3, "3"), (12, "7")], 5, "▁▃  █"),
}


@pytest.mark.parametrize(("points", "width", "curve"), CURVES.values(), ids=CURVES.keys())
def test_a_curve(points: list[tuple[int, str]], width: int, curve: str) -> None:
    found = [(NOON + timedelta(hours=hour), Decimal(value)) for hour, value in points]

    assert sparkline(found, width) == curve


def test_the_readiness_of_what_is_on_is_told_in_three_ways(fenbu: Fenbu) -> None:
    fenbu("metrics", "record")

    text = fenbu("rollout", "readiness")
    assert text.out.splitlines()[0] == "What is on"
    assert "kiosk.takings  10.00 GBP  ▁▁       10.00 GBP  10.00 GBP" in text.out
    page = fenbu("rollout", "readiness", "--format", "markdown").out
    assert "| `kiosk.takings` Takings | 10.00 GBP | 10.00 GBP | 10.00 GBP | 2 |" in page
    asked = fenbu("rollout", "readiness", "--format", "json")
    assert asked.data["schema"] == "fenbu.rollout-readiness/1"
    assert fenbu("rollout", "readiness", "--file", "nowhere.toml").code == 65
