"""Texts that operators read, in their language.

``_("…")`` translates at once; ``N_("…")`` only marks a text in a declaration, and the face that shows
it translates it. All catalogues (the kernel's and each module's ``locale/`` folder) answer together,
so that an author imports these two names and nothing else.
"""

from __future__ import annotations

from gettext import GNUTranslations, NullTranslations, translation
from pathlib import Path

_catalogues: list[Path] = []
_language = "en"
_current: NullTranslations = NullTranslations()


def _(text: str) -> str:
    """Translate a text into the current language; unknown texts come back as they are."""
    return _current.gettext(text) if text else text


def ngettext(one: str, many: str, count: int) -> str:
    """Translate a text that depends on a count."""
    return _current.ngettext(one, many, count)


def N_(text: str) -> str:  # noqa: N802  (the field's name for it)
    """Mark a text for extraction; it is translated where it is shown."""
    return text


def language() -> str:
    """Return the code of the current language (``en``, ``zh_CN``)."""
    return _language


def add_catalogue(folder: Path) -> None:
    """Let the ``locale/`` folder of a module answer too; adding it twice changes nothing."""
    if folder not in _catalogues:
        _catalogues.append(folder)
        use(_language)


def use(code: str) -> None:
    """Switch the language of this process; texts without a translation stay English."""
    global _language, _current  # noqa: PLW0603  (one language a process, switched by the face)
    _language = code
    joined = NullTranslations()
    for folder in _catalogues:
        found = translation("fenbu", localedir=folder, languages=[code], fallback=True)
        if isinstance(found, GNUTranslations):
            found.add_fallback(joined)
            joined = found
    _current = joined
