"""A run of an import: batches of documents, each document its own transaction.

A dry run performs each document in full, with its events, and rolls its transaction back: what it reports
is what the rules said, not a guess.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from fenbu.engine.catalog.reference import resolve
from fenbu.engine.importing import references
from fenbu.engine.importing.columns import Columns
from fenbu.engine.importing.documents import Gathered, gather
from fenbu.engine.importing.errors import AlreadyImported
from fenbu.engine.importing.opening import Progressing, opened
from fenbu.engine.importing.pressure import Pressure
from fenbu.engine.importing.profiles import Found
from fenbu.engine.importing.rejects import Rejects, beside
from fenbu.engine.importing.report import Progress, Report
from fenbu.engine.kernel import Kernel, Performed
from fenbu.engine.store.errors import StoreError
from fenbu.engine.store.infrastructure import infrastructure
from fenbu.engine.work import EngineWork
from fenbu.errors import FenbuError, ModuleUnavailable, NotPermitted, Unknown
from fenbu.i18n import _
from fenbu.importing import Read, Reader, SourceDocument

BATCH = 100
"""Documents whose references are looked up at once."""
BATCH_LINES = 4000
"""Rows of a batch, unless its first document alone has more."""
_STOPS = (StoreError, NotPermitted, ModuleUnavailable, Unknown)
"""Errors that would meet every document alike: the run ends, and continues when it is run again."""


class _Undone(Exception):
    """Ends the transaction of a dry run."""


@frozen(kw_only=True)
class Options:
    """How a run is to be done."""

    dry_run: bool = False
    deliver: bool = False
    """Deliver what the import sets going in this process too."""
    rejects: Path | None = None
    """Where rejected rows go; beside the file unless given."""
    on_progress: Callable[[Progress], None] = lambda _progress: None
    most_waiting: int = 10_000
    """Deliveries that may wait for a worker before the import pauses."""


def import_file(kernel: Kernel, found: Found, path: Path, options: Options) -> Report:
    """Import a file; what was imported before is left alone, so running it again continues it.

    Raises:
        BadFile: The file is no table of this profile, or cannot be read to its end.
        StoreError: The database has a problem that no document is to blame for.
        NotPermitted: The operator may not perform what the importer does.
    """
    columns = Columns(found.importer, found.profile, kernel.assembly.enterprise.zone)
    with opened(path, found.profile, columns.wanted, columns.needed) as (source, reading):
        place = options.rejects or beside(path, found.profile)
        with Rejects(place, found.profile, source.columns) as rejects:
            run = _Run(kernel, found, path, options, rejects)
            return run.go(gather(map(columns.read, source)), reading)


class _Run:
    """One run in progress."""

    def __init__(self, kernel: Kernel, found: Found, path: Path, options: Options, rejects: Rejects) -> None:
        self._kernel, self._found, self._file, self._options = kernel, found, path.name, options
        self._rejects = rejects
        self._actor = kernel.actor  # each step asks for the permission that the operator would need by hand
        self._read: Reader = resolve(found.importer.reader, module=found.module)()
        self._known: set[str] = set()
        self._refused: set[str] = set()
        self._pressure = Pressure(kernel, deliver=options.deliver, most=options.most_waiting)
        self.report = Report(found.profile.name, str(path), options.dry_run)

    def go(self, documents: Iterator[Gathered], reading: Progressing) -> Report:
        try:
            return self._go(documents, reading)
        finally:
            self._pressure.close()

    def _go(self, documents: Iterator[Gathered], reading: Progressing) -> Report:
        started = time.monotonic()
        run = None if self._options.dry_run else self._write(self._start)
        for batch in _batches(documents):
            self._settle(batch)
            self._rejects.flush()
            self._tell(reading, started)
            if not self._options.dry_run:
                self._write(lambda work: self._note(work, run))
                for _still in self._pressure.relieve():
                    self._tell(reading, started, pausing=True)
                if self._pressure.stopped:
                    break
        return self._finish(run, started)

    # --- one batch ------------------------------------------------------------------------------------

    def _settle(self, batch: Sequence[Gathered]) -> None:
        left: list[tuple[Gathered, str]] = []
        known = self._look_up(batch)
        for document in batch:
            before = known.get(document.reference)
            if document.problems or document.reference in self._refused:
                self._reject(document, document.problems)
            elif before is not None and before.digest != document.digest:
                self._reject(document, _other_content(document, before.where))
            elif before is not None and before.imported:
                self.report.count(self.report.already, before.kind, document, None)
            else:
                self._take(document, left)
                known[document.reference] = references.Known(
                    document.digest, False, "", f"{self._file}:{document.first_line}-{document.last_line}"
                )
        if left and not self._options.dry_run:
            self._write(lambda work: references.keep_left(work, self._found.profile.name, self._file, left))

    def _look_up(self, batch: Sequence[Gathered]) -> dict[str, references.Known]:
        wanted = [document.reference for document in batch if document.reference]
        with self._kernel.database.read() as connection:
            return references.find(connection, self._found.profile.name, wanted)

    def _take(self, document: Gathered, left: list[tuple[Gathered, str]]) -> None:
        """Let the reader make steps of a document, and perform them."""
        capabilities = self._kernel.assembly.capabilities
        try:
            read = self._read(SourceDocument(document.reference, document.rows, capabilities, self._known))
        except Exception as error:  # a stranger's code: it costs this document only
            text = _("its importer failed: {kind}: {error}")
            self._reject(document, text.format(kind=type(error).__name__, error=error))
            return
        if read.rejected:
            self._reject(document, {row.line: row.reason for row in read.rejected})
        elif not read.steps:
            self.report.count(self.report.left, (read.kind, read.left), document, read.amount)
            left.append((document, read.kind))
        else:
            self._perform(document, read)

    def _perform(self, document: Gathered, read: Read) -> None:
        try:
            self._kernel.perform_all(
                read.steps, actor=self._actor, note=lambda work, done: self._seal(work, done, document, read)
            )
        except _Undone:
            pass
        except AlreadyImported:
            self.report.count(self.report.already, read.kind, document, None)
            return
        except _STOPS:
            raise
        except Exception as error:
            if infrastructure(error):
                raise
            self._reject(document, _reason(error))
            return
        else:
            self._known.update(word for step in read.steps for word in step.makes_known)
        self.report.count(self.report.imported, read.kind, document, read.amount)

    def _seal(self, work: EngineWork, done: Sequence[Performed], document: Gathered, read: Read) -> None:
        """End a document's transaction: with its reference, or by undoing all of it."""
        if self._options.dry_run:
            work.transaction.flush()
            raise _Undone
        gave = {
            name: value
            for step, one in zip(read.steps, done, strict=True)
            if not step.makes_known
            for name, value in one.answer.items()
            if isinstance(value, str)
        }
        references.keep_imported(
            work, self._found.profile.name, document, self._file, read.kind, {"gave": gave}
        )

    def _reject(self, document: Gathered, reasons: str | dict[int, str]) -> None:
        """Write all rows of a document to the rejects file; the bad ones say why, the others refer to them."""
        if document.reference:
            self._refused.add(document.reference)
        by_line = {document.first_line: reasons} if isinstance(reasons, str) else dict(reasons)
        if not by_line:
            by_line = {document.first_line: _("an earlier part of this document was rejected")}
        where = ", ".join(map(str, list(by_line)[:5]))
        other = _("the whole document is rejected, see line {lines}").format(lines=where)
        for record in document.records:
            self._rejects.write(record, by_line.get(record.line, other))
        self.report.reject(document, next(iter(by_line.values())))

    # --- around it ------------------------------------------------------------------------------------

    def _write(self, body: Callable[[EngineWork], Any]) -> Any:
        return self._kernel.run(body, self._actor)

    def _start(self, work: EngineWork) -> int:
        return references.start_run(work, self._found.profile.name, self._file)

    def _note(self, work: EngineWork, run: int | None, **more: Any) -> None:
        if run is not None:
            told = {"rows": self.report.lines, "documents": self.report.documents}
            references.note_run(work, run, **told, rejected=self.report.rejected.documents, **more)

    def _tell(self, reading: Progressing, started: float, *, pausing: bool = False) -> None:
        self._options.on_progress(
            Progress(
                self.report.documents,
                self.report.lines,
                reading.position,
                reading.size,
                time.monotonic() - started,
                self._pressure.waiting,
                pausing,
            )
        )

    def _finish(self, run: int | None, started: float) -> Report:
        report = self.report
        if not self._options.dry_run:
            self._pressure.finish()
            self._write(lambda work: self._note(work, run, finished_at=work.transaction.at))
        report.rejects_file = str(self._rejects.path) if self._rejects.rows else ""
        report.seconds = time.monotonic() - started
        report.waiting, report.dead = self._pressure.waiting, self._pressure.dead
        report.stopped = self._pressure.stopped
        return report


def _batches(documents: Iterable[Gathered]) -> Iterator[list[Gathered]]:
    """Group documents, so that one look-up serves many and memory stays flat."""
    batch: list[Gathered] = []
    lines = 0
    for document in documents:
        if batch and (len(batch) >= BATCH or lines + len(document.rows) > BATCH_LINES):
            yield batch
            batch, lines = [], 0
        batch.append(document)
        lines += len(document.rows)
    if batch:
        yield batch


def _other_content(document: Gathered, where: str) -> str:
    return _("{reference} was read before from {where} with other content; it is not imported again").format(
        reference=document.reference, where=where
    )


def _reason(error: Exception) -> str:
    if isinstance(error, FenbuError):
        return f"{error} ({error.hint})" if error.hint else str(error)
    return _("unexpected: {kind}: {error}").format(kind=type(error).__name__, error=error)
