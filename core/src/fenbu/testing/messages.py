"""The texts of a package and their translations: `python -m fenbu.testing.messages src/fenbu_loyalty`.

Gathers the texts of a package's code, brings ``locale/<language>/LC_MESSAGES/fenbu.po`` up to date and writes the
``fenbu.mo`` beside it, which is what runs: both belong into the repository and the wheel. A translation is never lost:
one whose text has changed is kept as a suggestion (``fuzzy``), one whose text has gone stays behind as a comment.

Texts are what stands in ``_()``, ``N_()`` and ``ngettext()``, and what faces translate of a declaration without a
mark: the ``description`` of a ``Field``, the states of a ``Lifecycle``, the words of a `one_of`, and of an
``Input`` or ``Settings`` the names of the fields as a form writes them (``unit_price`` is ``unit price``), the words of
a ``Literal`` or ``StrEnum``, and the fields of a model within it.
"""

from __future__ import annotations

import argparse
import ast
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from string import Formatter

from attrs import frozen
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from fenbu.i18n import DOMAIN

_MARKS = frozenset({"_", "N_"})
_FORMS = frozenset({"Input", "Settings"})
"""Bases of what is filled in in a form."""
_WIDTH = 110
_WITH_BLANK = frozenset("（，；：")
_HEADER = "# Texts of {package} in {language}; brought up to date by `python -m fenbu.testing.messages`."

Text = str | tuple[str, str]
"""A text, or its forms for one and for many."""


@frozen
class Standing:
    """How a catalogue stands to the code."""

    po: Path
    texts: int
    missing: tuple[str, ...]
    """Texts without a translation that anybody has confirmed, in the order of the code."""


class Untranslatable(ValueError):
    """A text is made at run time, so that no catalogue can hold it."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"{place}: a text with its values inside cannot be looked up; write _('… {{name}} …').format(name=…)"
        )


# --- from the code --------------------------------------------------------------------------------------


def texts(package: Path) -> list[tuple[Text, str | None, str]]:
    """List the texts of a package with context and file, as ``fenbu_erp/orders.py``, by file and line.

    Raises:
        Untranslatable: An f-string is marked.
    """
    return [
        (text, context, file.relative_to(package.parent).as_posix())
        for file in sorted(package.rglob("*.py"))
        for text, context in _texts_of(file)
    ]


def _texts_of(file: Path) -> Iterator[tuple[Text, str | None]]:
    source = file.read_text(encoding="utf-8")
    tree = ast.parse(source, file.name)
    classes = _classes(tree)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        name = _name(call.func)
        if name in _MARKS and call.args:
            if isinstance(call.args[0], ast.JoinedStr):
                raise Untranslatable(f"{file}:{call.lineno}")
            asked, *context = [*_constants(call.args[:2])] or [""]
            if asked:
                yield asked, next(iter(context), None)
        elif name == "ngettext" and len(both := list(_constants(call.args[:2]))) == 2:
            yield (both[0], both[1]), None
        else:
            yield from ((text, None) for text in _unmarked(name, call, classes))
    yield from ((text, None) for text in _labels(tree))


def _labels(tree: ast.Module) -> Iterator[str]:
    """Yield how the fields of forms are labelled, and the words that may be chosen in them."""
    forms = set(_FORMS)
    for name, one in _classes(tree).items():
        if not forms.isdisjoint(map(_name, one.bases)):
            forms.add(name)
            yield from _labels_of(one, tree)


def _labels_of(form: ast.ClassDef, tree: ast.Module) -> Iterator[str]:
    for line in form.body:
        if isinstance(line, ast.AnnAssign) and not _is_shared(line):
            yield _title(line.value) or _name(line.target).replace("_", " ")
            for node in ast.walk(line.annotation):
                yield from (word.replace("_", " ") for word in _choices(node, tree))
                if (within := _defined(node, tree, "BaseModel")) is not None:
                    yield from _labels_of(within, tree)


def _choices(node: ast.AST, tree: ast.Module) -> Iterator[str]:
    if isinstance(node, ast.Subscript) and _name(node.value) == "Literal":
        yield from _constants(node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice])
    yield from _members(_defined(node, tree, "StrEnum"))


def _classes(tree: ast.Module) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _defined(node: ast.AST, tree: ast.Module, base: str) -> ast.ClassDef | None:
    """Return the class of that base which a name means, in this file or in the one from which it is imported."""
    if not isinstance(node, ast.Name):
        return None
    found = _classes(tree).get(node.id)
    for line in tree.body:
        if isinstance(line, ast.ImportFrom) and node.id in {one.name for one in line.names}:
            spec = find_spec(line.module or "")
            if spec is not None and spec.origin is not None and spec.origin.endswith(".py"):
                found = _classes(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))).get(node.id)
    return found if found is not None and base in map(_name, found.bases) else None


def _is_shared(line: ast.AnnAssign) -> bool:
    return isinstance(line.annotation, ast.Subscript) and _name(line.annotation.value) == "ClassVar"


def _title(value: ast.expr | None) -> str:
    words = value.keywords if isinstance(value, ast.Call) and _name(value.func) == "Field" else []
    return next(_constants([word.value for word in words if word.arg == "title"]), "")


def _unmarked(name: str, call: ast.Call, classes: Mapping[str, ast.ClassDef]) -> Iterator[str]:
    """Yield what faces translate of a declaration that has no marks."""
    if name == "Field":
        yield from _constants([word.value for word in call.keywords if word.arg == "description"])
    elif name == "one_of":
        yield from _constants(call.args[1:])
    elif name == "Lifecycle":
        for states in (word.value for word in call.keywords if word.arg == "states"):
            yield from _members(classes.get(_name(states)))


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _constants(nodes: Sequence[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
            yield node.value


def _members(enum: ast.ClassDef | None) -> Iterator[str]:
    for line in enum.body if enum else ():
        if isinstance(line, ast.Assign):
            yield from _constants([line.value])


# --- into the catalogue ---------------------------------------------------------------------------------


def po_of(package: Path, language: str) -> Path:
    """Return where a package keeps its translations into a language."""
    return package / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(po: Path) -> Catalog:
    """Return a catalogue as it stands in its file."""
    with po.open("rb") as file:
        return read_po(file, domain=DOMAIN)


def compared(package: Path, language: str) -> Catalog:
    """Return a package's catalogue as the code wants it, with the translations that there are."""
    po = po_of(package, language)
    if po.is_file():
        catalog = read(po)
    else:
        catalog = Catalog(
            language,
            DOMAIN,
            _HEADER.format(package=package.name, language=language),
            project=package.name,
            version="1",
            msgid_bugs_address=package.name,
            last_translator=package.name,
            language_team=language,
            creation_date=(today := datetime.now(UTC).replace(hour=0, minute=0)),
            revision_date=today,
            fuzzy=False,
        )
    wanted = Catalog(language, DOMAIN, creation_date=catalog.creation_date)
    for text, context, file in texts(package):
        wanted.add(text, locations=[(file, 0)], context=context)
    catalog.update(wanted)
    return catalog


def missing(catalog: Catalog) -> tuple[str, ...]:
    """List the texts of a catalogue that nobody has translated, or nobody confirmed."""
    return tuple(_first(one) for one in catalog if one.id and (one.fuzzy or not all(_said(one))))


def update(package: Path, language: str, *, others: Sequence[Catalog] = ()) -> Standing:
    """Bring a package's catalogue up to date and compile it.

    Args:
        package: Folder of the package.
        language: As ``zh_CN``.
        others: Catalogues whose translation of the same text is taken over where there is none.
    """
    catalog = compared(package, language)
    for one in catalog:
        if one.id and (one.fuzzy or not all(_said(one))):
            _take_over(one, others)
    po = po_of(package, language)
    po.parent.mkdir(parents=True, exist_ok=True)
    with po.open("wb") as file:
        write_po(file, catalog, width=_WIDTH, include_lineno=False)
    po.with_suffix(".mo").write_bytes(compiled(catalog))
    return Standing(po, sum(1 for one in catalog if one.id), missing(catalog))


def _take_over(message: Message, others: Sequence[Catalog]) -> None:
    for other in others:
        known = other.get(message.id, message.context)
        if known is not None and not known.fuzzy and all(_said(known)):
            message.string = known.string
            message.flags.discard("fuzzy")
            return


def compiled(catalog: Catalog) -> bytes:
    """Return a catalogue as gettext reads it; the same bytes for the same translations."""
    written = io.BytesIO()
    write_mo(written, catalog)
    return written.getvalue()


# --- what is wrong with it --------------------------------------------------------------------------------


def faults(catalog: Catalog) -> list[str]:
    """List translations that would break what is shown: other placeholders, other blanks at the ends."""
    found = []
    for one in catalog:
        asked = one.id if isinstance(one.id, str) else one.id[-1]
        for said in _said(one) if one.id and not one.fuzzy else ():
            if said and _placeholders(said) != _placeholders(asked):
                found.append(f"{asked!r}: {said!r} has other placeholders")
            if said and _ends(said) != _ends(asked) and not _brings_its_blank(said, asked):
                found.append(f"{asked!r}: {said!r} begins or ends with other blanks")
    return found


def _placeholders(text: str) -> frozenset[str]:
    try:
        return frozenset(
            name for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None
        )
    except ValueError:  # braces that are meant as such
        return frozenset({text[text.find("{") : text.rfind("}") + 1]})


def _brings_its_blank(said: str, asked: str) -> bool:
    """Say whether a translation begins with punctuation that is as wide as the blank and the sign it stands for."""
    return said[:1] in _WITH_BLANK and _ends(said)[1] == _ends(asked)[1]


def _ends(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


def _first(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _said(message: Message) -> tuple[str, ...]:
    said = message.string or ""
    return (said,) if isinstance(said, str) else tuple(said)


# --- by hand ------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str]) -> int:
    """Bring catalogues up to date; exit code 1 while translations are missing or wrong."""
    parser = argparse.ArgumentParser("python -m fenbu.testing.messages", description=__doc__)
    parser.add_argument("package", type=Path, nargs="+", help="folder of a package, as src/fenbu_loyalty")
    parser.add_argument("--language", default="zh_CN", help="zh_CN unless given")
    given = parser.parse_args(arguments)
    return bring_up_to_date(given.package, given.language)


def bring_up_to_date(packages: Sequence[Path], language: str) -> int:
    """Update the catalogues of several packages, tell what is missing or wrong; 0 when nothing is."""
    files = {package: po_of(package, language) for package in packages}
    known = {package: read(po) for package, po in files.items() if po.is_file()}
    wrong = 0
    for package in packages:
        others = [catalog for one, catalog in known.items() if one != package]
        standing = update(package, language, others=others)
        broken = faults(read(standing.po))
        wrong += len(standing.missing) + len(broken)
        print(f"{standing.po}: {standing.texts} texts, {len(standing.missing)} without translation")
        for line in [*(f"missing: {text!r}" for text in standing.missing[:20]), *broken]:
            print(f"  {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
