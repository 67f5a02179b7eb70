"""Modules are enabled in one order, or the whole conflict is told."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenbu.engine.catalog.errors import RequirementsUnmet
from fenbu.engine.catalog.resolver import Offer, enabling_order, still_needed, unmet, unmet_by_kernel

OFFERS = {
    offer.name: offer
    for offer in (
        Offer("erp", "1.4", ("fenbu>=1,<2",), ("sales.orders", "ledger")),
        Offer("scm", "1.0", ("capability:sales.orders",), ("stock.reservation",)),
        Offer("payments", "2.0", ("erp>=1.2", "capability:sales.orders")),
        Offer("shop", "0.3", ("scm",)),
        Offer("antique", "1.0", ("erp<1",)),
        Offer("future", "1.0", ("fenbu>=9",)),
        Offer("lonely", "1.0", ("capability:moon.phase",)),
        Offer("dreamer", "1.0", ("lonely",)),
        Offer("chicken", "1.0", ("egg",)),
        Offer("egg", "1.0", ("chicken",)),
        Offer("scrawl", "1.0", ("erp>>>1",)),
        Offer("picky", "1.0", ("raises>=1",)),
    )
}


@pytest.mark.parametrize(
    ("wanted", "enabled", "order"),
    [
        (["erp"], [], ("erp",)),
        (["scm", "erp"], [], ("erp", "scm")),
        (["shop", "payments", "scm", "erp"], [], ("erp", "payments", "scm", "shop")),
        (["scm", "payments"], ["erp"], ("payments", "scm")),
    ],
)
def test_what_is_needed_comes_first_and_the_rest_by_name(
    wanted: Sequence[str], enabled: Sequence[str], order: tuple[str, ...]
) -> None:
    assert enabling_order(wanted, OFFERS, enabled) == order


@pytest.mark.parametrize(
    ("wanted", "told", "way_out"),
    [
        (
            "scm",
            "scm needs capability:sales.orders, which no enabled module provides; erp would",
            "fenbu enable erp scm",
        ),
        (
            "shop",
            "shop needs scm, which is installed but not enabled; "
            "scm needs capability:sales.orders, which no enabled module provides; erp would",
            "fenbu enable erp scm shop",
        ),
        (
            "lonely",
            "lonely needs capability:moon.phase, which no installed module provides",
            "install a package that meets capability:moon.phase",
        ),
        (
            "dreamer",
            "dreamer needs lonely, which is installed but not enabled; "
            "lonely needs capability:moon.phase, which no installed module provides",
            "install a package that meets capability:moon.phase",
        ),
        ("antique", "antique needs erp<1, and it is 1.4", "install a package that meets erp<1"),
        ("future", "future needs fenbu>=9, and this is API version 1.0", "install a package"),
        ("scrawl", "scrawl needs erp>>>1, which cannot be read; a range looks like erp>=1,<2", "install"),
        ("picky", "picky needs raises>=1, which cannot be loaded", "install"),
    ],
)
def test_a_conflict_is_told_with_its_whole_chain_and_the_way_out(
    wanted: str, told: str, way_out: str
) -> None:
    with pytest.raises(RequirementsUnmet) as caught:
        enabling_order([wanted], OFFERS, [], broken=["raises"])
    assert str(caught.value) == told
    assert caught.value.hint.startswith(way_out)


def test_modules_that_need_each_other_are_refused_by_name() -> None:
    with pytest.raises(RequirementsUnmet, match="chicken, egg need each other"):
        enabling_order(["egg", "chicken"], OFFERS, [])


def test_a_module_cannot_go_while_another_needs_it_unless_both_go() -> None:
    needed = still_needed(["erp"], OFFERS, ["erp", "payments", "scm"])
    assert needed == {
        "payments": "payments needs erp>=1.2 of erp; payments needs capability:sales.orders of erp",
        "scm": "scm needs capability:sales.orders of erp",
    }
    assert still_needed(["erp", "payments", "scm"], OFFERS, ["erp", "payments", "scm"]) == {}
    assert still_needed(["scm"], OFFERS, ["erp", "scm"]) == {}


def test_a_capability_that_another_module_also_provides_is_not_missed() -> None:
    offers = OFFERS | {"stall": Offer("stall", "1.0", (), ("sales.orders",))}
    assert still_needed(["erp"], offers, ["erp", "scm", "stall"]) == {}


def test_what_an_enabled_module_lacks_can_be_told() -> None:
    assert unmet("scm", OFFERS, ["erp"]) == ("", True)
    assert unmet("scm", OFFERS, [])[0].startswith("scm needs capability:sales.orders")
    assert unmet("lonely", OFFERS, ["erp"])[1] is False
    assert "API version 1.0" in unmet_by_kernel(OFFERS["future"])


@given(st.permutations(["erp", "scm", "payments", "shop"]), st.booleans())
def test_the_order_does_not_depend_on_how_one_asks(wanted: list[str], twice: bool) -> None:
    assert enabling_order(wanted * (1 + twice), OFFERS, []) == ("erp", "payments", "scm", "shop")
