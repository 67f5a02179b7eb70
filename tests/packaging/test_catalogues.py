"""Translations: complete, showable, compiled, and said with one word for one thing."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from fenbu.testing.messages import compared, compiled, faults, missing, po_of, read, texts
from tools.constraints import ROOT
from tools.messages import LANGUAGE, packages

ADVICE = "run `make messages`"
each_package = pytest.mark.parametrize("package", packages(), ids=lambda path: path.name)


def catalogue(package: Path) -> Catalog:
    return read(po_of(package, LANGUAGE))


@each_package
def test_what_runs_is_what_was_translated(package: Path) -> None:
    mo = po_of(package, LANGUAGE).with_suffix(".mo")
    assert mo.read_bytes() == compiled(catalogue(package)), ADVICE


@each_package
def test_a_compiled_catalogue_answers(package: Path) -> None:
    with po_of(package, LANGUAGE).with_suffix(".mo").open("rb") as file:
        known = gettext.GNUTranslations(file)
    said = {
        (one.context, one.id): one.string for one in catalogue(package) if isinstance(one.id, str) and one.id
    }
    assert said
    assert {
        (context, text): known.pgettext(context, text) if context else known.gettext(text)
        for context, text in said
    } == said


@each_package
def test_translations_keep_the_placeholders_of_their_texts(package: Path) -> None:
    assert faults(catalogue(package)) == []


@each_package
def test_nothing_is_left_half_translated(package: Path) -> None:
    assert missing(catalogue(package)) == ()


@each_package
def test_every_text_of_the_code_stands_in_the_catalogue_and_is_translated(package: Path) -> None:
    lacking = missing(compared(package, LANGUAGE))
    assert lacking == (), f"{ADVICE}, then translate what {po_of(package, LANGUAGE)} lacks"


def test_no_text_is_said_alone_and_as_the_one_of_many() -> None:
    """gettext finds one entry for both, and what counts would be asked to count where there is no count."""
    found = [(text, context) for package in packages() for text, context, _file in texts(package)]
    of_many = {text[0] for text, _context in found if isinstance(text, tuple)}
    assert of_many & {text for text, context in found if context is None and isinstance(text, str)} == set()


def test_one_text_is_translated_one_way_whoever_has_it() -> None:
    """All catalogues answer together, so that which module asks cannot matter."""
    said: dict[object, dict[object, str]] = {}
    for package in packages():
        for one in catalogue(package):
            if one.id:
                said.setdefault((one.context, one.id), {}).setdefault(one.string, package.name)
    assert {text: ways for text, ways in said.items() if len(ways) > 1} == {}


def words() -> dict[str, str]:
    """Return the table of words in the documentation, English to Chinese."""
    page = (ROOT / "docs" / "languages.md").read_text(encoding="utf-8")
    pairs: dict[str, str] = {}
    for line in re.findall(r"^\| (.+) \|$", page.partition("## The words in Chinese")[2], re.MULTILINE):
        cells = [cell.strip() for cell in line.split("|")]
        pairs |= {cells[at]: cells[at + 1] for at in (0, 3) if cells[at] and not cells[at].startswith("-")}
    return pairs


def test_the_words_of_the_documentation_are_those_of_the_catalogues() -> None:
    said: dict[str, set[str]] = {}
    for package in packages():
        for one in catalogue(package):
            if isinstance(one.id, str):
                said.setdefault(one.id.casefold(), set()).add(str(one.string))
    told = {word: chinese for word, chinese in words().items() if word in said}
    assert len(told) > 25
    assert {word: chinese for word, chinese in told.items() if chinese not in said[word]} == {}
