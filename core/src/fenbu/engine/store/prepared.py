"""Statements are made ready once, not at every execution.

Most of what SQLAlchemy does in Python before a statement reaches the driver works out again what cannot have changed
since the last time: cache key, compiled text, names and order of the parameters, columns of a text. A connection of
a prepared engine keeps the outcome beside the statement, so a statement that is built once (a constant of its module)
costs about half from its third execution on; one that is built anew each time costs what it did.

Nothing is worked out a second way. What is kept comes from an execution by SQLAlchemy, and is kept only when it makes
the same driver parameters from the same input. What follows (transaction, listeners, driver, errors, result, rows) is
SQLAlchemy's, and so is every execution that is out of the ordinary: options, defaults made in Python, parameters of
other names, values that do not fit.

This rests on SQLAlchemy's `ExecutionContext`, which is no public interface: nothing is prepared with another version
than the one that `tests/core/store/test_prepared.py` has seen, which costs time and nothing else.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any
from weakref import WeakSet

import sqlalchemy
from attrs import define, field, frozen
from sqlalchemy import Connection, CursorResult, Engine, Executable
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.util import LRUCache

Parameters = Sequence[Mapping[str, Any]]
Shape = tuple[Any, ...]
"""What the text and the order of the parameters depend on, beside the statement: their names, the lengths of lists."""
Driven = list[Any]
"""Parameters as the driver takes them, one for every set that was given."""

SEEN = "2.1.9"
"""The version of SQLAlchemy whose inside is known; moved by whoever has run the tests with the next one."""
STATEMENTS = 1000
"""Kept for one engine, the last used; each holds its compiled text."""
SHAPES = 100
"""Kept for one statement."""

_OF_THE_STATEMENT = (
    "_expanded_parameters",
    "_is_explicit_returning",
    "_is_implicit_returning",
    "_is_supplemental_returning",
    "_num_sentinel_cols",
    "cache_hit",
    "dialect",
    "execute_style",
    "extracted_parameters",
    "invoked_statement",
    "is_crud",
    "is_text",
    "isdelete",
    "isinsert",
    "isupdate",
    "result_column_struct",
    "statement",
    "unicode_statement",
)
"""Of a context's attributes those that are the same at the next execution; "compiled" is `Prepared.compiled`."""
_WHOLE_ROWS = re.compile(r"(?<!\()\*|\bTABLE\b", re.IGNORECASE)


@frozen(eq=False)
class Prepared:
    """A statement with one shape of parameters: all that SQLAlchemy found out about it."""

    kind: type[DefaultExecutionContext]
    compiled: SQLCompiler
    kept: Mapping[str, Any]
    """The context's attributes that stay."""
    sources: tuple[tuple[str, Any], ...]
    """Of each parameter that the caller gives: its name, and under which name it is given."""
    listed: tuple[tuple[str, str, int], ...]
    """Of each member of a list: its name, under which name the list is given, its place in it."""
    constants: Mapping[str, Any]
    """Parameters whose value is the statement's own."""
    order: tuple[tuple[str, Any], ...]
    """The driver's parameters in its order, and what makes each fit for it."""
    take: Callable[[Mapping[str, Any]], Any] = field(init=False)
    """Makes of one set of parameters what the driver gets."""

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "take", _taking(self))

    def bind(self, parameters: Parameters) -> Driven:
        """Return what the driver gets; what raises here raises in SQLAlchemy too, which tells it better."""
        if len(parameters) == 1:
            return [self.take(parameters[0])]
        return list(map(self.take, parameters or ({},)))

    def named(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return a set of parameters as SQLAlchemy names them."""
        values = {name: given[key] for name, key in self.sources}
        if self.listed:
            values.update([(name, given[key][place]) for name, key, place in self.listed])
        values.update(self.constants)
        return values

    def context(
        self,
        _dialect: Any,
        connection: Connection,
        driver: Any,
        options: Any,
        driven: Driven,
        parameters: Parameters,
    ) -> DefaultExecutionContext:
        """Return the context of one execution, as `DefaultExecutionContext._init_compiled` makes it."""
        context: Any = self.kind.__new__(self.kind)
        context.__dict__.update(self.kept)
        context.compiled = self.compiled
        context.root_connection = connection
        context._dbapi_connection = driver
        context.execution_options = options
        context.compiled_parameters = Named(self, parameters or ({},))
        context.parameters = driven
        context.cursor = context.create_cursor()
        return context  # type: ignore[no-any-return]


def _taking(prepared: Prepared) -> Callable[[Mapping[str, Any]], Any]:
    """Return how a set of parameters becomes what the driver gets; the shortest way that there is for them."""
    order, positional = prepared.order, prepared.compiled.positional
    given = dict(prepared.sources)
    plain = [(one, given[one], fit) for one, fit in order if one in given]
    if len(plain) < len(order):
        named = prepared.named
        if positional:
            return lambda values: _in_order(order, named(values))
        return lambda values: _by_name(order, named(values))
    if not positional:
        return lambda values: {
            one: values[key] if fit is None else fit(values[key]) for one, key, fit in plain
        }
    keys = [key for _one, key, _fit in plain]
    if len(keys) > 1 and not any(fit for _one, _key, fit in plain):
        return itemgetter(*keys)
    return lambda values: tuple(
        [values[key] if fit is None else fit(values[key]) for _one, key, fit in plain]
    )


def _in_order(order: Sequence[tuple[str, Any]], values: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple([values[one] if fit is None else fit(values[one]) for one, fit in order])


def _by_name(order: Sequence[tuple[str, Any]], values: Mapping[str, Any]) -> dict[str, Any]:
    return {one: values[one] if fit is None else fit(values[one]) for one, fit in order}


class Named(Sequence[dict[str, Any]]):
    """The parameters of an execution as SQLAlchemy names them; few ask for them, so they are named when asked for."""

    __slots__ = ("_prepared", "_sets")

    def __init__(self, prepared: Prepared, sets: Parameters) -> None:
        self._prepared, self._sets = prepared, sets

    def __len__(self) -> int:
        return len(self._sets)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return list(map(self._prepared.named, self._sets[place]))
        return self._prepared.named(self._sets[place])


@define(eq=False)
class Known:
    """A statement that was executed before."""

    lists: tuple[str, ...] | None = None
    """Names of the parameters that are lists (``IN``); None until it was executed again."""
    shapes: dict[Shape, Prepared | None] = field(factory=dict)
    """None: this is not to be prepared."""

    def shape(self, parameters: Parameters) -> Shape | None:
        """Return the shape of these parameters, or None when their names or lists are not alike."""
        if not parameters:
            return ()
        first = parameters[0]
        if len(parameters) > 1:
            names = first.keys()
            alike = all(one.keys() == names for one in parameters)
            return (True, *first) if alike else None
        if not self.lists:
            return (False, *first)
        lists = [first[name] for name in self.lists if name in first]
        if not all(type(one) is list or type(one) is tuple for one in lists):
            return None
        return (False, *map(len, lists), *first)


@define(eq=False)
class Statements:
    """What an engine's connections know; shared by their threads, and dies with the engine."""

    met: WeakSet[Executable] = field(factory=WeakSet)
    """Executed once; most of those that are built for one use are not seen again."""
    known: LRUCache[Executable, Known] = field(factory=lambda: LRUCache(STATEMENTS))

    def find(self, statement: Executable) -> Known | None:
        """Return what is known of a statement; None when this is the first time that it is executed."""
        known = self.known.get(statement)
        if known is None:
            if statement not in self.met:
                self.met.add(statement)
                return None
            known = self.known[statement] = Known()
        return known


class PreparedConnection(Connection):
    """A connection that learns the statements that come again."""

    def __init__(self, statements: Statements, engine: Engine, *args: Any, **options: Any) -> None:
        super().__init__(engine, *args, **options)
        self._statements = statements

    def _execute_clauseelement(
        self, elem: Executable, distilled_parameters: Any, execution_options: Any
    ) -> CursorResult[Any]:
        known = None
        if not execution_options and self._ordinary(elem):
            known = self._statements.find(elem)
        shape = None if known is None else known.shape(distilled_parameters)
        if known is None or shape is None:
            return super()._execute_clauseelement(elem, distilled_parameters, execution_options)
        prepared = known.shapes.get(shape)
        if prepared is None:
            result = super()._execute_clauseelement(elem, distilled_parameters, execution_options)
            if shape not in known.shapes and len(known.shapes) < SHAPES:  # else it is not to be prepared
                _learn(known, result, distilled_parameters)
            return result
        try:
            driven = prepared.bind(distilled_parameters)
        except Exception:
            return super()._execute_clauseelement(elem, distilled_parameters, execution_options)
        return self._execute_context(
            self.dialect,
            prepared.context,
            prepared.compiled,
            distilled_parameters,
            self._execution_options,
            driven,
            distilled_parameters,
        )

    def _ordinary(self, statement: Executable) -> bool:
        """Say whether nobody asks for anything special, on the connection or on the statement."""
        return (
            not statement._execution_options
            and self._execution_options is self.engine._execution_options
            and not (self._heard and (self.dispatch.before_execute or self.dispatch.after_execute))
        )

    @property
    def _heard(self) -> bool:
        """Say whether anybody listens to anything; to ask for whom costs more."""
        return self._has_events or self.engine._has_events


def prepare_statements(engine: Engine) -> None:
    """Let an engine's connections keep what they know of the statements that come again."""
    if sqlalchemy.__version__ != SEEN:
        return
    engine._connection_cls = partial(PreparedConnection, Statements())  # type: ignore[assignment]


def _learn(known: Known, result: CursorResult[Any], parameters: Parameters) -> None:
    """Keep what an execution found out, or that this is not to be prepared."""
    context: Any = result.context
    binds = context.compiled.bind_names
    lists = tuple(one.key for one in binds if one in context.compiled.post_compile_params)
    if known.lists is None:
        known.lists = lists
    shape = known.shape(parameters)
    if shape is not None and lists == known.lists:
        known.shapes[shape] = _prepared(context, _columns_kept(context, result), parameters)


def _prepared(context: Any, compiled: SQLCompiler, parameters: Parameters) -> Prepared | None:
    """Return what stays of an execution; None when the next may not be like it."""
    if not _repeats(compiled):
        return None
    given = parameters[0] if parameters else {}
    expanded: Mapping[str, Sequence[str]] = context._expanded_parameters
    sources, listed = [], []
    for one, name in compiled.bind_names.items():
        key = one.key if one.key in given else name  # as `construct_params` looks for them
        if key in given and name in expanded:
            listed += [(member, key, place) for place, member in enumerate(expanded[name])]
        elif key in given:
            sources.append((name, key))
    values: Mapping[str, Any] = context.compiled_parameters[0]
    taken = {name for name, *_ in (*sources, *listed)}
    made = Prepared(
        type(context),
        compiled,
        {name: context.__dict__[name] for name in _OF_THE_STATEMENT if name in context.__dict__},
        tuple(sources),
        tuple(listed),
        {name: value for name, value in values.items() if name not in taken},
        tuple(_order(compiled, values, expanded)),
    )
    named = list(Named(made, parameters or ({},)))
    alike = made.bind(parameters) == context.parameters and named == context.compiled_parameters
    return made if alike else None


def _repeats(compiled: SQLCompiler) -> bool:
    """Say whether text and parameters follow from names and lengths alone."""
    return not (
        compiled.insert_prefetch
        or compiled.update_prefetch
        or compiled.literal_execute_params
        or compiled.escaped_bind_names
        or compiled.schema_translate_map
        or compiled.has_out_parameters
        or any(one.callable for one in compiled.bind_names)
        or any(one.type._is_tuple_type or one.type._isnull for one in compiled.post_compile_params)
    )


def _order(
    compiled: SQLCompiler, values: Mapping[str, Any], expanded: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, Any]]:
    """Yield the driver's parameters in its order, members of lists in the place of their list."""
    processors = compiled._bind_processors
    if compiled.positional:
        for name in compiled.positiontup or ():
            for member in expanded.get(name, (name,)):
                yield member, processors.get(name)
        return
    lists = {member: name for name, members in expanded.items() for member in members}
    for name in values:
        yield name, processors.get(lists.get(name, name))


def _columns_kept(context: Any, result: Any) -> SQLCompiler:
    """Return the compiled statement; of a text that names its columns one that knows them.

    SQLAlchemy looks at the columns of a text each time, for the sake of ``SELECT *``.
    """
    compiled: SQLCompiler = context.compiled
    if not compiled.isplaintext or not result.returns_rows or _WHOLE_ROWS.search(context.statement):
        return compiled
    own = copy.copy(compiled)  # SQLAlchemy keeps the other in its cache
    own._cached_metadata = result._metadata
    return own
