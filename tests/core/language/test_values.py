"""Values: exact numbers, one place where money is rounded."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenbu.values import Money, Rounding, allocate, exact_decimal, line_amount, minor_units, round_amount

amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=4)


@pytest.mark.parametrize(
    ("amount", "currency", "rule", "wanted"),
    [
        ("2.345", "GBP", Rounding.HALF_UP, "2.35"),
        ("-2.345", "GBP", Rounding.HALF_UP, "-2.35"),
        ("2.345", "GBP", Rounding.HALF_EVEN, "2.34"),
        ("2.349", "GBP", Rounding.DOWN, "2.34"),
        ("2.341", "GBP", Rounding.UP, "2.35"),
        ("2.5", "JPY", Rounding.HALF_UP, "3"),
        ("1.23456", "KWD", Rounding.HALF_UP, "1.235"),
        ("1.23456", "CLF", Rounding.HALF_UP, "1.2346"),
    ],
)
def test_money_is_rounded_to_the_minor_unit_by_a_named_rule(
    amount: str, currency: str, rule: Rounding, wanted: str
) -> None:
    assert str(round_amount(Decimal(amount), currency, rule)) == wanted


def test_a_three_decimal_price_is_rounded_once_per_line() -> None:
    assert line_amount(Decimal(3), Decimal("0.125"), "GBP") == Decimal("0.38")


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (0.1, "a number is wanted, written as text or integer, got 0.1"),
        (True, "a number is wanted, written as text or integer, got True"),
        ("ten", "a number is wanted, got 'ten'"),
        ("1_0", "a number is wanted, got '1_0'"),
        ("１０", "a number is wanted, got '１０'"),
        ("NaN", "a finite number is wanted, got NaN"),
        ("Infinity", "a finite number is wanted, got Infinity"),
        ("1E+1000000", "1E+1000000 is larger than can be kept"),
        ("922337203685477.5808", "922337203685477.5808 is larger than can be kept"),
        ("0.00001", "0.00001 has more than 4 decimals"),
    ],
)
def test_what_is_no_exact_number_is_refused_with_a_reason(value: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        exact_decimal(value, 4)
    assert str(refused.value) == complaint


def test_trailing_zeros_are_not_decimals() -> None:
    assert exact_decimal("1.500000", 4) == Decimal("1.5")


def test_amounts_of_two_currencies_are_not_added() -> None:
    with pytest.raises(ValueError, match=r"1\.00 GBP and 1\.00 EUR cannot be added or compared"):
        Money("1", "GBP") + Money("1", "EUR")


def test_a_currency_is_three_capital_letters() -> None:
    with pytest.raises(ValueError, match="three capital letters"):
        Money("1", "pound")


@given(amounts, st.lists(st.integers(0, 1000), min_size=1, max_size=30))
def test_the_parts_of_a_split_amount_add_up_to_it(amount: Decimal, weights: list[int]) -> None:
    if sum(weights) == 0:
        return
    whole = round_amount(amount, "GBP")
    parts = allocate(whole, [Decimal(weight) for weight in weights], "GBP")
    assert sum(parts) == whole
    assert all(part == round_amount(part, "GBP") for part in parts)


@given(amounts, st.sampled_from(["GBP", "JPY", "KWD", "CLF"]), st.sampled_from(list(Rounding)))
def test_rounding_twice_changes_nothing_and_moves_less_than_one_unit(
    amount: Decimal, currency: str, rule: Rounding
) -> None:
    once = round_amount(amount, currency, rule)
    assert round_amount(once, currency, rule) == once
    assert abs(once - amount) < Decimal(1).scaleb(-minor_units(currency))
