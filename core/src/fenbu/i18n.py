"""Texts that operators read, in their language.

``_("…")`` translates at once; ``N_("…")`` only marks a text in a declaration, and the face that shows
it translates it. All catalogues (the kernel's and each module's ``locale/`` folder) answer together,
so that an author imports these two names and nothing else.

Where two catalogues have the same text, the one that was added first answers: the kernel's own, then the modules'
in the order in which they load, so that a module's words never change those of what stood there before.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from copy import copy
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

    from babel import Locale

DOMAIN = "fenbu"
"""Name of the catalogues: ``locale/zh_CN/LC_MESSAGES/fenbu.mo``."""
SOURCE = "en"
"""The language in which texts stand in the code; it needs no catalogue."""
OWN = Path(__file__).parent / "locale"
"""The kernel's own catalogues."""
_SPOKEN_AS = {
    "zh": "zh_cn",
    "zh_hans": "zh_cn",
    "zh_hans_cn": "zh_cn",
    "zh_sg": "zh_cn",
    "zh_hans_sg": "zh_cn",
}
_VARIABLES = ("FENBU_LANG", "LC_ALL", "LC_MESSAGES", "LANG")

_catalogues: list[Path] = [OWN]
_language = SOURCE
_current: NullTranslations = NullTranslations()


class _InContext(str):
    """A marked text that one language says in another way here than elsewhere."""

    context: str

    def __new__(cls, text: str, context: str) -> _InContext:
        made = super().__new__(cls, text)
        made.context = context
        return made

    def __reduce__(self) -> tuple[type[_InContext], tuple[str, str]]:
        return _InContext, (str(self), self.context)


def _(text: str, context: str = "") -> str:
    """Translate a text into the current language; unknown texts come back as they are.

    Args:
        text: As it stands in the code.
        context: What it is about, where the same English needs other words elsewhere (``"of pay"``).
    """
    if context or isinstance(text, _InContext):
        plain = str(text)
        said = _current.pgettext(context or getattr(text, "context", ""), plain)
        if said != plain:
            return said
        text = plain
    return _current.gettext(text) if text else text


def ngettext(one: str, many: str, count: int) -> str:
    """Translate a text that depends on a count."""
    return _current.ngettext(one, many, count)


def N_(text: str, context: str = "") -> str:  # noqa: N802  (the field's name for it)
    """Mark a text for extraction; it is translated where it is shown, in the context given here."""
    return _InContext(text, context) if context else text


def language() -> str:
    """Return the code of the current language (``en``, ``zh_CN``)."""
    return _language


def languages() -> tuple[str, ...]:
    """Return the languages of the kernel's own texts, English first."""
    return (SOURCE, *sorted(found.parts[-3] for found in OWN.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")))


def known_as(code: str) -> str | None:
    """Return the language that a code means, however it is written (``zh-CN``, ``zh_CN.UTF-8``); None for others."""
    plain = code.partition(".")[0].partition("@")[0].replace("-", "_").casefold()
    if plain in ("c", "posix") or plain.partition("_")[0] == SOURCE:
        return SOURCE
    wanted = _SPOKEN_AS.get(plain, plain)
    return next((known for known in languages() if known.casefold() == wanted), None)


def preferred(environment: Mapping[str, str]) -> str:
    """Return the language that the environment asks for, English where it asks for one that nobody translated.

    FENBU_LANG is asked first, then what the system is set to: LC_ALL, LC_MESSAGES, LANG.
    """
    said = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    return (known_as(said) if said else None) or SOURCE


def add_catalogue(folder: Path) -> None:
    """Let the ``locale/`` folder of a module answer too; adding it twice changes nothing."""
    if folder not in _catalogues:
        _catalogues.append(folder)
        if _language != SOURCE:
            use(_language)


def use(code: str) -> None:
    """Switch the language of this process; texts without a translation stay English."""
    global _language, _current
    joined = NullTranslations()
    for folder in reversed(_catalogues) if code != SOURCE else ():
        found = _read(folder, code)
        found.add_fallback(joined)
        joined = found
    _language, _current = code, joined


# --- numbers ----------------------------------------------------------------------------------------------


def written(number: Decimal, currency: str = "") -> str:
    """Return a number, or an amount of money, with all its decimals, as the current language writes it.

    ``1,234.50 GBP`` in English, where codes say what signs leave open; else as CLDR has it: ``£1,234.50``.
    """
    locale = _locale(_language)
    if locale is None:
        return f"{number:,f} {currency}".rstrip()
    exponent = number.as_tuple().exponent
    decimals = max(-exponent, 0) if isinstance(exponent, int) else 0
    pattern = copy(locale.currency_formats["standard"] if currency else locale.decimal_formats[None])
    pattern.frac_prec = (decimals, decimals)
    return str(pattern.apply(number, locale, currency=currency or None, currency_digits=False))


@cache
def _locale(code: str) -> Locale | None:
    """Return what is known of a language; nothing of English, which is written here, and of unknown ones."""
    if code == SOURCE:
        return None
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(code)
    except (ValueError, UnknownLocaleError):
        return None


# --- catalogues -------------------------------------------------------------------------------------------


def originals(said: str) -> tuple[str, ...]:
    """Return the texts whose translation reads like this; so a person may type what a face has shown."""
    return _originals(_language, tuple(_catalogues)).get(said, ())


@cache
def _originals(code: str, folders: tuple[Path, ...]) -> Mapping[str, tuple[str, ...]]:
    from babel.messages.mofile import read_mo

    found: dict[str, tuple[str, ...]] = {}
    for mo in (folder / code / "LC_MESSAGES" / f"{DOMAIN}.mo" for folder in folders):
        if code == SOURCE or not mo.is_file():
            continue
        with mo.open("rb") as file:
            for message in read_mo(file):
                if isinstance(message.id, str) and isinstance(message.string, str) and message.id:
                    found[message.string] = (*found.get(message.string, ()), message.id)
    return found


def _read(folder: Path, code: str) -> NullTranslations:
    """Return a catalogue; an empty one where a folder has none, or one that cannot be read."""
    try:
        return translation(DOMAIN, localedir=folder, languages=[code], fallback=True)
    except (OSError, ValueError, struct.error):
        return NullTranslations()
