"""What can go wrong with the database itself.

::

    FenbuError
    └── StoreError
        ├── DatabaseUnreachable     no file, no server, no login
        │   ├── DatabaseMissing     the place is known and nothing is there yet
        │   └── OutcomeUnknown      the connection was lost while the database was asked to commit
        ├── DatabaseReplaced        the file was deleted or replaced while it was open
        ├── NotFenbu                a database of something else
        ├── SchemaDiffers           made by an older or a newer fenbu
        ├── DatabaseBusy            another process kept it for too long
        ├── DatabaseFull            no room on the disk
        ├── DatabaseReadOnly        the file, its folder or the server takes no writes
        ├── DatabaseDamaged         the file's structure is broken
        ├── CopyRefused             a copy cannot be made in this way or place
        ├── ArchiveDamaged          an archive is cut off or was changed
        ├── NotArchivable           a table has a value that no archive can hold
        ├── MigrationFailed         a module's migration raised; nothing of it was kept
        └── ForeignTable            a module's code wrote to a table that is not its own

None of them says anything about the event or input that was being worked on (`infrastructure`), except
the last two.
"""

from __future__ import annotations

from typing import ClassVar

from attrs import frozen

from fenbu.errors import FenbuError
from fenbu.i18n import _


class StoreError(FenbuError):
    """The database could not do what was asked."""


@frozen(eq=False)
class DatabaseUnreachable(StoreError):
    """The database cannot be opened; it may be reachable again later."""

    exit_code: ClassVar[int] = 69
    url: str
    """Without its password."""
    reason: str

    def __str__(self) -> str:
        return _("the database {url} cannot be reached: {reason}").format(url=self.url, reason=self.reason)

    @property
    def hint(self) -> str:
        return _("check that it runs and that --database, FENBU_DATABASE or fenbu.toml names the right one")


@frozen(eq=False)
class DatabaseMissing(DatabaseUnreachable):
    """There is no database at this place yet."""

    @property
    def hint(self) -> str:
        return _("fenbu init creates one; --database, FENBU_DATABASE or fenbu.toml name another")


@frozen(eq=False)
class OutcomeUnknown(DatabaseUnreachable):
    """The answer to a commit got lost: it was done or not, and to do it again might do it twice."""

    def __str__(self) -> str:
        return _(
            "the connection to {url} was lost while it was asked to commit ({reason}): the change was made or not"
        ).format(url=self.url, reason=self.reason)

    @property
    def hint(self) -> str:
        return _(
            "look whether it was made before you make it again; a request with a key may simply be repeated"
        )


@frozen(eq=False)
class DatabaseReplaced(StoreError):
    """The file that a process has open is no longer the one at its place: what it wrote would be lost."""

    exit_code: ClassVar[int] = 69
    url: str
    reason: str

    def __str__(self) -> str:
        return _("{url} is not the file that this process opened: {reason}").format(
            url=self.url, reason=self.reason
        )

    @property
    def hint(self) -> str:
        return _("start it again; before a file is deleted, moved or restored, stop what works with it")


@frozen(eq=False)
class NotFenbu(StoreError):
    """A file or database that fenbu did not make."""

    exit_code: ClassVar[int] = 65
    url: str
    reason: str

    def __str__(self) -> str:
        return _("{url} is not a fenbu database: {reason}").format(url=self.url, reason=self.reason)

    @property
    def hint(self) -> str:
        return _("name another place, or run fenbu init on an empty one")


@frozen(eq=False)
class SchemaDiffers(StoreError):
    """The kernel's tables are those of another version of fenbu."""

    exit_code: ClassVar[int] = 65
    url: str
    found: str
    wanted: str

    def __str__(self) -> str:
        return _("{url} has the kernel's tables of step {found}, this fenbu works with step {wanted}").format(
            url=self.url, found=self.found, wanted=self.wanted
        )

    @property
    def hint(self) -> str:
        if self.found > self.wanted:
            return _("install the newer fenbu that this database was used with")
        return _("stop the workers, make a backup, then fenbu init brings the tables up to date")


@frozen(eq=False)
class DatabaseBusy(StoreError):
    """Another process kept the right to write for too long."""

    exit_code: ClassVar[int] = 69
    url: str
    reason: str

    def __str__(self) -> str:
        return _("{url} is kept busy by somebody else: {reason}").format(url=self.url, reason=self.reason)

    @property
    def hint(self) -> str:
        return _("try again; if it stays so, look for a process that hangs while it writes")


@frozen(eq=False)
class DatabaseFull(StoreError):
    """The disk has no room left; nothing of the transaction was kept."""

    exit_code: ClassVar[int] = 69
    url: str

    def __str__(self) -> str:
        return _("there is no room left on the disk of {url}; nothing was changed").format(url=self.url)

    @property
    def hint(self) -> str:
        return _("make room on that disk; waiting work goes on by itself afterwards")


@frozen(eq=False)
class DatabaseReadOnly(StoreError):
    """The file, its folder or the server does not take writes."""

    exit_code: ClassVar[int] = 69
    url: str
    reason: str

    def __str__(self) -> str:
        return _("{url} cannot be written: {reason}").format(url=self.url, reason=self.reason)

    @property
    def hint(self) -> str:
        return _("check the owner and permissions of the file and of its folder, or the server's role")


@frozen(eq=False)
class DatabaseDamaged(StoreError):
    """The structure of the file is broken."""

    url: str
    reason: str

    def __str__(self) -> str:
        return _("{url} is damaged: {reason}").format(url=self.url, reason=self.reason)

    @property
    def hint(self) -> str:
        return _("stop writing to it and restore the last backup; keep the damaged file")


@frozen(eq=False)
class CopyRefused(StoreError):
    """A copy of the database cannot be made in this way or place."""

    url: str
    reason: str
    way_out: str

    def __str__(self) -> str:
        return _("{url} cannot be copied: {reason}").format(url=self.url, reason=self.reason)

    @property
    def hint(self) -> str:
        return self.way_out


@frozen(eq=False)
class ArchiveDamaged(StoreError):
    """An archive is not what was written."""

    exit_code: ClassVar[int] = 65
    path: str
    reason: str

    def __str__(self) -> str:
        return _("the archive {path} is damaged: {reason}").format(path=self.path, reason=self.reason)

    @property
    def hint(self) -> str:
        return _("nothing was changed; take another copy of this file")

    @property
    def where(self) -> str:
        return self.path


@frozen(eq=False)
class NotArchivable(StoreError):
    """A table of a module has a value that no archive can hold."""

    column: str
    kind: str

    def __str__(self) -> str:
        return _("{column} has a value that cannot be archived ({kind})").format(
            column=self.column, kind=self.kind
        )

    @property
    def hint(self) -> str:
        return _("nothing was changed; ask the module's author for columns as fenbu.columns makes them")


@frozen(eq=False)
class MigrationFailed(StoreError):
    """A migration raised or broke a rule; its transaction keeps nothing."""

    module: str
    revision: str
    reason: str

    def __str__(self) -> str:
        return _("the migration {revision} of {module} failed: {reason}").format(
            revision=self.revision, module=self.module, reason=self.reason
        )

    @property
    def hint(self) -> str:
        return _("nothing was changed; install a mended version of {module} and enable it again").format(
            module=self.module
        )

    @property
    def where(self) -> str:
        return self.module


@frozen(eq=False)
class ForeignTable(StoreError):
    """A module's code tried to write to a table that is not its own."""

    module: str
    tables: str

    def __str__(self) -> str:
        return _("{module} may write its own tables only, not {tables}").format(
            module=self.module, tables=self.tables
        )

    @property
    def hint(self) -> str:
        return _("ask the owner by a hook, or publish an event that it reacts to")

    @property
    def where(self) -> str:
        return self.module
