"""Rollout files as the screen has them: the one here, or the one that was applied last; with what is wrong in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path

from attrs import frozen

from fenbu.cli.planning import FILE
from fenbu.engine.rollout.errors import StageGone
from fenbu.engine.rollout.faults import Fault, RolloutInvalid
from fenbu.engine.rollout.file import RolloutFile, read
from fenbu.engine.rollout.fitting import misfits
from fenbu.engine.rollout.installed import installed
from fenbu.engine.rollout.positions import Path as Place
from fenbu.engine.rollout.positions import paths_of
from fenbu.engine.rollout.secrets import named_secret
from fenbu.engine.rollout.status import newest_file
from fenbu.engine.work import EngineWork
from fenbu.errors import BadFile, FenbuError, NotFound, Refused
from fenbu.i18n import _
from fenbu.settings import is_reference, sounds_secret
from fenbu.values import MASK
from fenbu_tui.signs import Tone
from fenbu_tui.world.base import Line
from fenbu_tui.world.rollouts import APPLIED

_PAIR = re.compile(r"""^(\s*["']?([\w-]+)["']?\s*=\s*)(["'].*)$""")


@frozen(eq=False)
class KeptOnly(Refused):
    """The file is kept in the database alone, and a command needs one in the folder."""

    def __str__(self) -> str:
        return _("this is the file as it was applied, and there is none here to work with")

    @property
    def hint(self) -> str:
        return _("open the terminal UI where {file} lies, or write it: fenbu rollout new --applied").format(
            file=FILE
        )


@frozen
class Source:
    """A rollout file, whole or not."""

    name: str
    """A path, or `APPLIED`; empty when there is none."""
    file: RolloutFile | None = None
    text: str = ""
    """As it was read; empty when it cannot be."""
    faults: Sequence[Fault] = ()
    trouble: FenbuError | None = None
    """Why there is no plan of it."""

    @property
    def here(self) -> bool:
        """It lies in a folder, and commands can name it."""
        return bool(self.name) and self.name != APPLIED


def usual(name: str) -> str:
    """Return the source that is meant: unless one is named the file here, else the one that was applied."""
    return name or (FILE if Path(FILE).exists() else APPLIED)


def stamp(name: str) -> str:
    """Return what changes when a file does."""
    path = usual(name)
    try:
        found = Path(path).stat()
    except OSError:
        return path
    return f"{path} {found.st_mtime_ns} {found.st_size}"


def source(work: EngineWork, name: str) -> Source:
    """Read a file with all that is wrong in it; nothing when there is neither a file nor one that was applied."""
    if (meant := usual(name)) != APPLIED:
        return _on_disk(meant)
    try:
        return Source(APPLIED, found := newest_file(work), found.text)
    except NotFound:
        return Source("")


def _on_disk(path: str) -> Source:
    try:
        file = read(path)
    except RolloutInvalid as error:
        return Source(path, None, _raw(path), error.faults, error)
    except BadFile as error:
        told = [Fault(error.line, error.column or 1, "", error.problem)] if error.line else []
        return Source(path, None, _raw(path), told, error)
    faults = sorted({*file.faults, *misfits(file, installed())})
    return Source(path, file, file.text, faults)


def file_here(name: str) -> RolloutFile:
    """Return the file that lies in the folder, checked.

    Raises:
        KeptOnly: None does.
        BadFile, RolloutInvalid: It cannot be read, or has faults.
    """
    if (meant := usual(name)) == APPLIED:
        raise KeptOnly
    file = read(meant)
    file.checked()
    return file


def lines(found: Source) -> tuple[Line, ...]:
    """Return the text of a file, secrets in clear masked; what is only remarked is quiet."""
    faulty = {fault.line - 1 for fault in found.faults}
    text = _masked(found.file) if found.file else _roughly_masked(found.text)
    return tuple(_line(one, faulty=number in faulty) for number, one in enumerate(text.splitlines()))


def changed(found: Source, applied: str) -> frozenset[int]:
    """Return the lines, from zero, that are not as they were applied; those before which some are gone too."""
    if not applied or applied == found.text:
        return frozenset()
    matcher = SequenceMatcher(None, applied.splitlines(), found.text.splitlines(), autojunk=False)
    differ: set[int] = set()
    for tag, _i, _j, begin, end in matcher.get_opcodes():
        if tag != "equal":
            differ.update(range(begin, max(end, begin + 1)))
    return frozenset(differ)


def stage_lines(file: RolloutFile) -> list[tuple[int, int]]:
    """Return the lines of each stage, from zero, the last one not included."""
    begins = [
        file.positions.line_and_column(("stages", number))[0] - 1
        for number in range(len(file.checked().stages))
    ]
    text = file.text.splitlines()
    ends = [*begins[1:], len(text)]
    return [(begin, _end(text, begin, end)) for begin, end in zip(begins, ends, strict=True)]


def fault_lines(found: Source) -> Iterator[Line]:
    """Yield what is wrong with a file, as ``fenbu plan`` and ``fenbu rollout check`` say it."""
    for fault in found.faults:
        yield Line(f"✖ {found.name}:{fault.line}: {fault.problem}", "", Tone.BAD)
        if fault.way_out:
            yield Line(f"→ {fault.way_out}", "  ")
    if not found.faults and found.trouble is not None:
        yield Line(f"✖ {found.trouble}", "", Tone.BAD)
        if found.trouble.hint:
            yield Line(f"→ {found.trouble.hint}", "  ")


def gone(found: Source, error: StageGone) -> Source:
    """Return a file that no longer has a stage that stands."""
    return Source(found.name, found.file, found.text, (), error)


def _raw(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _line(text: str, *, faulty: bool) -> Line:
    bare = text.lstrip()
    if faulty:
        return Line(text, "", Tone.BAD)
    if bare.startswith("#"):
        return Line(text, "", Tone.QUIET)
    return Line(text, strong=bare.startswith("["))


def _end(text: Sequence[str], begin: int, end: int) -> int:
    """Leave what stands in front of the next stage to that one."""
    while end > begin + 1 and text[end - 1].lstrip()[:1] in ("", "#"):
        end -= 1
    return end


def _masked(file: RolloutFile) -> str:
    """Return the text with the secrets masked that stand in it in clear, by the names of their keys."""
    text = file.text
    spans = [
        span
        for path in paths_of(file.document)
        if named_secret(path) and _in_clear(_value(file, path)) and (span := file.positions.spans.get(path))
    ]
    for span in sorted(spans, key=lambda one: -one.start):
        text = f'{text[: span.start]}"{MASK}"{text[span.end :]}'
    return text


def _in_clear(value: object) -> bool:
    return isinstance(value, str) and bool(value) and not is_reference(value)


def _value(file: RolloutFile, path: Place) -> object:
    found: object = file.document
    for part in path:
        if isinstance(found, list) and isinstance(part, int):
            found = found[part]
        elif isinstance(found, dict):
            found = found.get(part)
    return found


def _roughly_masked(text: str) -> str:
    """Mask line by line what is named as a secret, in a text that cannot be parsed."""

    def line(one: str) -> str:
        pair = _PAIR.match(one)
        if pair and sounds_secret(pair[2]) and not is_reference(pair[3].strip("\"' ")):
            return f'{pair[1]}"{MASK}"'
        return one

    return "\n".join(map(line, text.splitlines()))
