"""Events: declared once, read by whoever needs less, never carrying what is personal."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import pytest
from attrs import define, frozen

from fenbu.errors import EventInvalid, PayloadInvalid
from fenbu.events import Lane, decode, encode, event, event_type
from fenbu.values import Personal


@event("tea.pot-brewed/1", lane=Lane.GOODS, key="pot", about={"pot": "pot"}, day="day")
@frozen(kw_only=True)
class PotBrewed:
    pot: str
    litres: Decimal
    day: date
    leaves: tuple[str, ...] = ()


@frozen
class OnlyTheSize:
    litres: Decimal


BREWED = PotBrewed(pot="P-1", litres=Decimal("0.7500"), day=date(2026, 3, 1), leaves=("green",))


def test_a_payload_comes_back_exactly_as_it_was_published() -> None:
    assert decode(PotBrewed, encode(BREWED), "tea.pot-brewed") == BREWED


def test_a_reader_may_declare_only_the_fields_it_needs() -> None:
    assert decode(OnlyTheSize, encode(BREWED), "tea.pot-brewed") == OnlyTheSize(Decimal("0.7500"))


def test_a_missing_field_is_named() -> None:
    with pytest.raises(PayloadInvalid, match=r"payload\.litres"):
        decode(OnlyTheSize, '{"pot": "P-1"}', "tea.pot-brewed")


def test_an_amount_written_as_a_float_is_refused() -> None:
    with pytest.raises(PayloadInvalid, match=r"payload\.litres"):
        decode(OnlyTheSize, '{"litres": 0.75}', "tea.pot-brewed")


def test_a_declaration_says_topic_version_lane_and_key() -> None:
    declared = event_type(PotBrewed)
    assert (declared.name, declared.lane, declared.key) == ("tea.pot-brewed/1", "goods", "pot")


def test_a_personal_field_cannot_be_published() -> None:
    @frozen
    class GuestServed:
        guest: Annotated[str, Personal()]

    with pytest.raises(EventInvalid, match="the field guest is personal"):
        event("tea.guest-served/1", lane=Lane.INFORMATION, key="guest")(GuestServed)


def test_an_event_that_could_change_cannot_be_declared() -> None:
    @define
    class PotDropped:
        pot: str

    with pytest.raises(EventInvalid, match="must be frozen"):
        event("tea.pot-dropped/1", lane=Lane.GOODS, key="pot")(PotDropped)


@pytest.mark.parametrize("name", ["tea.pot", "Tea.pot/1", "pot-brewed/1", "tea.pot-brewed/0", "tea.pot/x"])
def test_a_topic_of_another_form_is_refused(name: str) -> None:
    with pytest.raises(EventInvalid, match="a topic reads like"):
        event(name, lane=Lane.GOODS, key="pot")(PotBrewed)


def test_a_key_that_is_no_field_is_refused() -> None:
    with pytest.raises(EventInvalid, match="has no field kettle"):
        event("tea.pot-brewed/2", lane=Lane.GOODS, key="kettle")(PotBrewed)


def test_a_class_that_was_never_declared_is_not_published() -> None:
    with pytest.raises(EventInvalid, match="not declared"):
        event_type(OnlyTheSize)
