"""Importers and profiles: how a file from outside becomes actions.

An *importer* is declared by a module: which fields it wants, which of them is the source's own
reference, and a reader that turns one document (all rows with one reference) into steps, each an
action with its input. A *profile* says how the columns of one source fill those fields. All steps of
a document are performed in one transaction together with the note that it was imported, so a document
is imported once, however often the file is read or the process killed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any

from attrs import field, frozen


@frozen
class Field:
    """A field an importer wants."""

    name: str
    title: str
    kind: str = "text"
    """``text``, ``decimal``, ``integer``, ``day`` or ``time``."""
    required: bool = True


@frozen(kw_only=True)
class Importer:
    """Turns documents of rows into steps."""

    name: str
    title: str
    fields: tuple[Field, ...]
    reference: str
    """Field with the source's own reference; rows that follow each other with one reference are a document."""
    reader: str
    """``"package.module:Reader"``: called without arguments once a run, gives ``Callable[[SourceDocument], Read]``."""
    requires: tuple[str, ...] = ()
    """Capabilities (``stock.valuation``) without which none of its steps could be taken; the import is refused."""


@frozen(kw_only=True)
class Profile:
    """How one source's columns fill an importer's fields; also written as a TOML file."""

    name: str
    title: str
    importer: str
    columns: Mapping[str, str]
    """The importer's field to the source's column."""
    defaults: Mapping[str, str] = field(factory=dict)
    """Field to the value used where the column is missing or empty."""
    format: str = "csv"
    delimiter: str = ","
    encoding: str = "utf-8"
    time_zone: str = ""
    """Zone of times written without one; the enterprise's unless said otherwise."""


@frozen
class SourceRow:
    """One row of the source: its line in the file and its values by field."""

    line: int
    values: Mapping[str, Any]


@frozen
class SourceDocument:
    """All rows with one reference."""

    reference: str
    rows: Sequence[SourceRow]
    capabilities: frozenset[str]
    """Capabilities of the enabled modules, for importers whose steps depend on them."""
    known: AbstractSet[str] = frozenset()
    """What committed steps of this run have made known; a reader remembers nothing by itself, because a
    refused document is rolled back."""


@frozen
class Answer:
    """Stands in a step's input for what an earlier step of the same document answered."""

    step: int
    """Position of the earlier step, from 0."""
    name: str
    """Name in its answer (``order``)."""


@frozen
class Step:
    """One action to perform for a document; its input may hold `Answer`s."""

    action: str
    input: Mapping[str, Any]
    makes_known: tuple[str, ...] = ()
    """Words of the reader's own choice (``item 85123A``) that later documents of the run find in
    ``SourceDocument.known`` once this step is committed, so that nothing is registered twice."""


@frozen
class Rejected:
    """A row that cannot be imported: where and why; it goes to the rejects file."""

    line: int
    reason: str


@frozen(kw_only=True)
class Read:
    """What a reader makes of a document; without steps the document is left out, and ``left`` says why."""

    kind: str
    """Name under which the run's report counts the document (``sale``, ``return``)."""
    steps: Sequence[Step] = ()
    left: str = ""
    amount: Decimal | None = None
    """What the document comes to in the enterprise's currency, for the report."""
    rejected: Sequence[Rejected] = ()


Reader = Callable[[SourceDocument], Read]
