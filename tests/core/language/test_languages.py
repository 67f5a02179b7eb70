"""Languages: chosen by option, environment or system, switched live, answered by every module's catalogue."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from fenbu import i18n
from fenbu.engine.catalog.discovery import discover
from fenbu.engine.catalog.loading import load
from fenbu.i18n import N_, _, ngettext
from fenbu.testing.dummies import DummyModule, DummyModules
from fenbu.testing.messages import Untranslatable, main, po_of, read, texts
from fenbu.values import readable, readable_money


@pytest.fixture(autouse=True)
def english_again(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(i18n, "_catalogues", [i18n.OWN])
    yield
    i18n.use("en")


def load_tea() -> None:
    load(discover(fresh=True).modules["tea"])


def test_a_text_is_said_in_the_language_of_the_moment() -> None:
    i18n.use("zh_CN")
    assert (_("Deliveries still to do"), i18n.language()) == ("待处理的投递", "zh_CN")
    i18n.use("en")
    assert _("Deliveries still to do") == "Deliveries still to do"


def test_a_text_that_nobody_translated_stays_as_it_is() -> None:
    i18n.use("zh_CN")
    assert _("Kettles that whistle") == "Kettles that whistle"
    assert _("") == ""


def test_a_count_is_told_as_the_language_counts() -> None:
    i18n.use("zh_CN")
    told = {ngettext("{count} delivery waits", "{count} deliveries wait", count) for count in (0, 1, 2)}
    assert told == {"{count} 个投递在等待"}


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("zh_CN", "zh_CN"),
        ("zh-cn", "zh_CN"),
        ("zh", "zh_CN"),
        ("zh_CN.UTF-8", "zh_CN"),
        ("zh_Hans_CN", "zh_CN"),
        ("en_GB.UTF-8", "en"),
        ("C.UTF-8", "en"),
        ("POSIX", "en"),
        ("zh_TW", None),
        ("tlh", None),
        ("", None),
    ],
)
def test_a_language_is_known_however_its_code_is_written(code: str, language: str | None) -> None:
    assert i18n.known_as(code) == language


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh_CN"),
        ({"LC_ALL": "en_GB.UTF-8", "FENBU_LANG": "zh_CN"}, "zh_CN"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
    ],
)
def test_the_system_says_which_language_unless_fenbu_is_told(
    environment: dict[str, str], language: str
) -> None:
    assert i18n.preferred(environment) == language


@pytest.mark.parametrize(
    ("language", "amount", "pieces"),
    [
        ("en", "-1,234,567.50 GBP", "1,234.5"),
        ("zh_CN", "-£1,234,567.50", "1,234.5"),
        ("de", "-1.234.567,50\xa0£", "1.234,5"),
        ("tlh", "-1,234,567.50 GBP", "1,234.5"),
    ],
)
def test_numbers_and_money_are_written_as_the_language_has_them(
    language: str, amount: str, pieces: str
) -> None:
    i18n.use(language)
    assert readable_money(Decimal("-1234567.5"), "GBP") == amount
    assert readable(Decimal("1234.5000")) == pieces


@pytest.mark.parametrize(
    ("amount", "currency", "told"),
    [("1234.567", "CNY", "¥1,234.567"), ("1234", "JPY", "JP¥1,234"), ("1.5", "KWD", "KWD1.500")],
)
def test_an_amount_keeps_every_decimal_and_has_those_of_its_currency(
    amount: str, currency: str, told: str
) -> None:
    i18n.use("zh_CN")
    assert readable_money(Decimal(amount), currency) == told


# --- a stranger's module ----------------------------------------------------------------------------------

PLUGIN = """
from fenbu.i18n import N_, _, ngettext
from pydantic import BaseModel, Field
from typing import ClassVar, Literal
from fenbu.inputs import Input
from fenbu.values import Rounding
Base = object
class Pot(BaseModel):
    made_of: str
STEEP = N_("Steep {count} minutes")
def ready(count: int) -> str:
    return ngettext("{count} cup is ready", "{count} cups are ready", count).format(count=count)
LEAVES: int = Field(1, description="Leaves a cup")
class Brew(Input):
    at_once: bool
    kind: Literal["black_tea", "green"] = Field("green", title="Sort")
class BrewMany(Brew):
    limit: ClassVar[int] = 9
    cups: int
    weighed: Rounding
    pots: tuple[Pot, ...] = ()
class Note(Base):
    scribble: str
STATE = N_("enabled")
PLACE = N_("Position", "in a queue")
"""


def translate(po: Path, **said: str) -> None:
    """Write translations as a person does in an editor."""
    text = po.read_text(encoding="utf-8")
    for asked, told in said.items():
        text = text.replace(f'msgid "{asked}"\nmsgstr ""', f'msgid "{asked}"\nmsgstr "{told}"')
    po.write_text(text, encoding="utf-8")


@pytest.fixture
def tea(dummy_modules: DummyModules) -> Path:
    """The package of an installed module that has been brought to the catalogues once, untranslated."""
    dummy_modules.install(DummyModule(name="tea", plugin=PLUGIN))
    package = dummy_modules.folder / "fenbu_tea"
    assert main([str(package)]) == 1  # nobody has translated anything
    return package


def test_the_catalogue_of_a_strangers_module_answers_once_it_is_loaded(tea: Path) -> None:
    translate(po_of(tea, "zh_CN"), **{"Tea": "茶", "Steep {count} minutes": "浸泡 {count} 分钟"})
    main([str(tea)])
    i18n.use("zh_CN")
    load_tea()

    assert _("Tea") == "茶"
    assert _(N_("Steep {count} minutes")).format(count=3) == "浸泡 3 分钟"
    i18n.use("en")
    assert _("Tea") == "Tea"


def test_a_text_is_translated_by_what_it_is_about(tea: Path) -> None:
    po = po_of(tea, "zh_CN")
    asked = 'msgctxt "in a queue"\nmsgid "Position"\nmsgstr '
    po.write_text(po.read_text(encoding="utf-8").replace(f'{asked}""', f'{asked}"排位"'), encoding="utf-8")
    main([str(tea)])
    load_tea()
    marked = N_("Position", "in a queue")

    assert marked == "Position" and _(marked) == "Position"
    i18n.use("zh_CN")
    assert _(marked) == _("Position", "in a queue") == _(copy.deepcopy(marked)) == "排位"
    assert _("Position") == "Position"
    assert _("Cancel", "of nothing that was translated") == _("Cancel")


def test_a_module_cannot_change_what_the_kernel_says(tea: Path) -> None:
    translate(po_of(tea, "zh_CN"), enabled="沏好了")
    main([str(tea)])
    i18n.use("zh_CN")
    load_tea()

    assert _("enabled") == "已启用"


def test_a_catalogue_that_cannot_be_read_leaves_the_texts_as_they_are(tea: Path) -> None:
    po_of(tea, "zh_CN").with_suffix(".mo").write_bytes(b"\xde\x12\x04\x95 torn")
    load_tea()
    i18n.use("zh_CN")

    assert _("Tea") == "Tea"
    assert _("enabled") == "已启用"


def test_texts_are_found_in_marks_counts_descriptions_and_the_fields_of_forms(tea: Path) -> None:
    assert {(text, context) for text, context, _file in texts(tea)} == {
        ("Tea", None),
        ("Steep {count} minutes", None),
        (("{count} cup is ready", "{count} cups are ready"), None),
        ("Leaves a cup", None),
        ("enabled", None),
        ("Position", "in a queue"),
        *(
            (text, None)
            for text in ("at once", "Sort", "black tea", "green", "cups", "weighed", "pots", "made of")
        ),
        *((text, None) for text in ("half up", "half even", "down", "up")),
    }


def test_a_translation_outlives_the_text_it_was_made_for(tea: Path) -> None:
    """What has changed a little is suggested, and what has gone is kept aside; neither is shown as it stands."""
    po = po_of(tea, "zh_CN")
    translate(po, **{"Steep {count} minutes": "浸泡 {count} 分钟", "Leaves a cup": "每杯茶叶"})
    plugin = PLUGIN.replace("Steep {count} minutes", "Steep {count} full minutes").replace(
        "Leaves a cup", "Grams"
    )
    (tea / "plugin.py").write_text(plugin, encoding="utf-8")
    assert main([str(tea)]) == 1

    suggested = read(po).get("Steep {count} full minutes")
    assert suggested is not None and suggested.fuzzy and suggested.string == "浸泡 {count} 分钟"
    assert "Leaves a cup" in read(po).obsolete
    load_tea()
    i18n.use("zh_CN")
    assert _("Steep {count} full minutes") == "Steep {count} full minutes"


def test_a_broken_translation_is_told_before_it_is_shown(
    tea: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    translate(po_of(tea, "zh_CN"), **{"Steep {count} minutes": "浸泡 {minutes} 分钟"})
    main([str(tea)])
    assert "has other placeholders" in capsys.readouterr().out


def test_a_text_with_its_values_inside_is_refused(dummy_modules: DummyModules) -> None:
    dummy_modules.install(DummyModule(name="tea", plugin='from fenbu.i18n import _\nCUPS = _(f"{1} cups")\n'))
    with pytest.raises(Untranslatable, match=r"plugin\.py:\d+: a text with its values inside"):
        texts(dummy_modules.folder / "fenbu_tea")
