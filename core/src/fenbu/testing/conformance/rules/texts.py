"""Texts: what operators read is marked for translation, and what translations there are can be shown."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from fenbu.testing.conformance.faults import Fault
from fenbu.testing.conformance.subject import Subject
from fenbu.testing.messages import compiled, faults, read

_NAMED = {
    "Manifest": ("title", "summary"),
    "Action": ("title", "help"),
    "Subscription": ("title",),
    "View": ("title", "help"),
    "Column": ("title",),
    "Related": ("title",),
    "Metric": ("title", "definition"),
    "Check": ("title", "repair"),
    "Completeness": ("title", "definition", "repair"),
    "Importer": ("title",),
    "Profile": ("title",),
    "Exporter": ("title", "help"),
    "event": ("says",),
}
_PLACED = {
    "Column": 1,
    "Related": 3,
    "Consequence": 0,
    "Refusal": 0,
    "Permanent": 0,
    "Refused": 0,
}
"""Position of the text where it may be given without its name."""


def texts_are_marked(subject: Subject) -> Iterator[Fault]:
    """Yield texts in declarations that stand there bare."""
    for file in subject.sources():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield from _call(node, subject.folder.parent, file)


def catalogues_are_sound(subject: Subject) -> Iterator[Fault]:
    """Yield catalogues that are not compiled as they stand, and translations that would break what is shown."""
    for po in sorted(subject.folder.glob("locale/*/LC_MESSAGES/*.po")):
        where = str(po.relative_to(subject.folder.parent))
        catalog = read(po)
        mo = po.with_suffix(".mo")
        if not mo.is_file() or mo.read_bytes() != compiled(catalog):
            again = f"python -m fenbu.testing.messages {subject.folder.name}"
            yield Fault(where, f"{mo.name} beside it is missing, or older than it", again)
        for broken in faults(catalog):
            yield Fault(where, broken, "keep every {name} and the blanks at the ends as the text has them")


def _call(node: ast.Call, root: Path, file: Path) -> Iterator[Fault]:
    name = _name(node.func)
    found = [keyword.value for keyword in node.keywords if keyword.arg in _NAMED.get(name, ())]
    place = _PLACED.get(name)
    if place is not None and len(node.args) > place:
        found.append(node.args[place])
    for value in found:
        if _bare(value):
            yield Fault(
                f"{file.relative_to(root)}:{value.lineno}",
                f"{name}(… {ast.unparse(value)[:60]} …) is not marked for translation",
                'write N_("…") in a declaration, _("…") where it is said at once (from fenbu.i18n import N_, _)',
            )


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _bare(value: ast.expr) -> bool:
    """A text of letters that stands by itself, an f-string with letters, or a choice of such texts."""
    if isinstance(value, ast.Constant):
        return isinstance(value.value, str) and any(letter.isalpha() for letter in value.value)
    if isinstance(value, ast.JoinedStr):
        return any(_bare(part) for part in value.values if isinstance(part, ast.Constant))
    if isinstance(value, ast.IfExp):
        return _bare(value.body) or _bare(value.orelse)
    if isinstance(value, ast.BinOp):
        return _bare(value.left) or _bare(value.right)
    return False
