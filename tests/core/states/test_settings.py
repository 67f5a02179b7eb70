"""Settings of modules are typed, have defaults, and name what is wrong with a value."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from pydantic import Field, model_validator
from sqlalchemy import Connection

from fenbu.engine.settings import SettingInvalid, reset_setting, set_setting, settings_of, shown, stored
from fenbu.engine.store import catalogue
from fenbu.engine.store.database import Database
from fenbu.engine.store.tables import enterprise
from fenbu.settings import Secret, Settings


class TeaSettings(Settings):
    cups: int = Field(default=6, ge=1, le=12)
    warm: bool = True
    price: Decimal = Decimal("2.50")
    leaves: tuple[str, ...] = ("oolong",)
    gateway: Secret = ""


class PairedTeaSettings(TeaSettings):
    @model_validator(mode="after")
    def _enough_cups(self) -> PairedTeaSettings:
        if self.cups < len(self.leaves):
            raise ValueError("there are more leaves than cups")
        return self


class NewerTeaSettings(Settings):
    cups: str = Field(default="six", pattern="^[a-z]+$")


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    database = Database.create(database_url)
    with database.write() as opened:
        row = {"id": 1, "name": "Harbour Tea", "currency": "EUR", "timezone": "UTC", "created_at": 0}
        opened.execute(enterprise.insert(), row)
        yield opened
    database.dispose()


def test_what_nobody_has_set_is_the_default(connection: Connection) -> None:
    assert settings_of(connection, "tea", TeaSettings) == TeaSettings()
    assert stored(connection, "tea") == {}


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("cups", 4, 4),
        ("cups", "4", 4),
        ("warm", "false", False),
        ("price", "3.10", Decimal("3.10")),
        ("leaves", ["pu-erh", "sencha"], ("pu-erh", "sencha")),
        ("leaves", '["pu-erh"]', ("pu-erh",)),
        ("gateway", "env:GATEWAY_KEY", "env:GATEWAY_KEY"),
    ],
)
def test_a_setting_is_read_as_its_field_wants_and_kept_exactly(
    connection: Connection, name: str, given: object, kept: object
) -> None:
    assert getattr(set_setting(connection, "tea", TeaSettings, name, given), name) == kept
    assert getattr(settings_of(connection, "tea", TeaSettings), name) == kept


def test_setting_one_moves_the_generation_so_that_every_process_reads_it(connection: Connection) -> None:
    before = catalogue.generation(connection)
    set_setting(connection, "tea", TeaSettings, "cups", 4)
    assert catalogue.generation(connection) == before + 1


def test_going_back_to_the_default_keeps_the_others(connection: Connection) -> None:
    set_setting(connection, "tea", TeaSettings, "cups", 4)
    set_setting(connection, "tea", TeaSettings, "warm", False)
    reset_setting(connection, "tea", "cups")
    assert stored(connection, "tea") == {"warm": False}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("cups", 40, "the setting tea.cups is wrong: must be 12 or less (got 40)"),
        ("cups", "many", "the setting tea.cups is wrong: must be a whole number (got 'many')"),
        ("cosies", 1, "there is no such setting; there are: cups, gateway, leaves, price, warm"),
        ("gateway", "hunter2", "a secret is given by reference: env:NAME, file:PATH"),
    ],
)
def test_a_wrong_value_names_the_setting_what_was_got_and_what_is_wanted(
    connection: Connection, name: str, value: object, told: str
) -> None:
    with pytest.raises(SettingInvalid) as caught:
        set_setting(connection, "tea", TeaSettings, name, value)
    assert told in str(caught.value)
    assert "hunter2" not in str(caught.value)  # a secret typed in clear is not repeated
    assert stored(connection, "tea") == {}


def test_a_stored_value_that_newer_code_cannot_take_is_named(connection: Connection) -> None:
    set_setting(connection, "tea", TeaSettings, "cups", 4)
    with pytest.raises(SettingInvalid, match=r"tea\.cups is wrong: must be a text"):
        settings_of(connection, "tea", NewerTeaSettings)


def test_settings_that_do_not_fit_each_other_are_told_without_what_they_hold(connection: Connection) -> None:
    set_setting(connection, "tea", PairedTeaSettings, "gateway", "env:GATEWAY_KEY")
    set_setting(connection, "tea", PairedTeaSettings, "leaves", ["oolong", "sencha"])
    with pytest.raises(SettingInvalid) as caught:
        set_setting(connection, "tea", PairedTeaSettings, "cups", 1)
    assert str(caught.value) == "the settings of tea do not fit each other: there are more leaves than cups"
    assert caught.value.where == "tea"


def test_secrets_are_never_shown_not_even_where_they_lie(connection: Connection) -> None:
    settings = set_setting(connection, "tea", TeaSettings, "gateway", "env:GATEWAY_KEY")
    assert shown(settings)["gateway"] == "***"
    assert shown(TeaSettings())["gateway"] == ""
