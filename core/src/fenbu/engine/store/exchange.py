"""One exchange with the PostgreSQL server is one call of libpq.

psycopg does each step of a statement (begin, convert, prepare, send, wait, fetch, describe) in generators, so that the
same code serves asynchronous callers: some hundred Python calls a statement, more than the statement itself costs. We
are synchronous. A statement that the connection has prepared is sent by libpq's own blocking call; what is said to the
server stays the same, and so do values, errors and locks.

Nothing else is taken over. psycopg converts a statement and counts it until it is prepared, turns values into
parameters and answers into values, and makes errors of what the server refuses; a statement that is out of the
ordinary (no parameters, many answers, a pipeline) is psycopg's from beginning to end. A wait cannot be interrupted by
a signal before the server's own time-outs end it (`lock_timeout`, `statement_timeout`, keepalives); `cancel` from
another thread does end it.

This rests on names that psycopg does not promise: with another version than the one that
`tests/core/store/test_exchange.py` has seen, its own cursor is used, which costs time and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

import psycopg
from attrs import frozen
from psycopg import Connection, Cursor, errors, pq
from psycopg._queries import _query2pg_nocache
from psycopg.adapt import Transformer

SEEN = "3.3.9"
"""The version of psycopg whose inside is known; moved by whoever has run the tests with the next one."""
ONE_BY_ONE = 20
"""Up to so many sets of parameters are sent one after the other; more go through psycopg's pipeline."""
STATEMENTS = 500
"""Prepared on one connection."""
_TEXTS = 2000
"""Remembered in this process."""

_IDLE = pq.TransactionStatus.IDLE
_TUPLES, _COMMAND = pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK
_FAILED = pq.ExecStatus.FATAL_ERROR


@frozen(eq=False)
class _Text:
    """A statement as the server takes it."""

    query: bytes
    order: tuple[str, ...]
    formats: list[Any]


_texts: dict[str, _Text | None] = {}


class DirectConnection(Connection[Any]):
    """A connection whose prepared statements take one call each."""

    fenbu_owner: tuple[str, bool] | None = None
    """Whose code is running, for `guard`."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.cursor_factory = DirectCursor
        self.prepared_max = STATEMENTS
        self._dumps: Any = None
        self._described: dict[bytes, list[psycopg.Column] | None] = {}

    def cursor(self, *given: Any, **named: Any) -> Any:
        """Return a cursor as psycopg does."""
        if given or named:
            return super().cursor(*given, **named)
        self._check_connection_ok()
        return DirectCursor(self)

    def commit(self) -> None:
        """Commit as psycopg does."""
        if self._pipeline is not None or self._num_transactions or self._tpc:
            super().commit()
            return
        with self.lock:
            if self.pgconn.transaction_status != _IDLE:
                self._command(b"COMMIT")

    def _command(self, command: bytes) -> None:
        self._check_connection_ok()
        result = self.pgconn.exec_(command)
        if result.status != _COMMAND:
            self._raise(result)

    def _raise(self, result: Any) -> NoReturn:
        """Raise what the server has said, or that it says nothing any more."""
        error = errors.error_from_result(result, encoding=self.pgconn._encoding)
        if error.sqlstate is None and self.pgconn.status != pq.ConnStatus.OK:
            raise errors.OperationalError(str(error)) from None
        raise error


class DirectCursor(Cursor[Any]):
    """psycopg's cursor, with a short way for what is prepared."""

    __slots__ = ("_name",)

    _conn: DirectConnection

    def __init__(self, connection: Connection[Any], **named: Any) -> None:
        if named:
            super().__init__(connection, **named)
        else:
            self._conn = connection  # type: ignore[assignment]
            self.format = pq.Format.TEXT
            self._pgconn = connection.pgconn
            self._adapters = connection.adapters  # shared: nobody changes them for one cursor
            self.arraysize = 1
            self._closed = False
            self._last_query = None
            self._row_factory = connection.row_factory
            self._reset()
        self._name: bytes | None = None

    def execute(self, query: Any, params: Any = None, **named: Any) -> Any:
        """Execute a statement as psycopg does."""
        self._name = None
        text = None if named or type(params) is not dict else _text(query)
        if text is None or not self._executed(text, params):
            return super().execute(query, params, **named)
        return self

    def executemany(self, query: Any, params_seq: Iterable[Any], **named: Any) -> None:
        """Execute a statement once for each set of parameters as psycopg does."""
        self._name = None
        text = (
            None
            if named or not isinstance(params_seq, list) or len(params_seq) > ONE_BY_ONE
            else _text(query)
        )
        sets: Sequence[Any] = params_seq if isinstance(params_seq, list) else ()
        if text is None or not sets or not self._executed(text, sets[0]):
            super().executemany(query, params_seq, **named)
            return
        rows = max(0, self._rowcount)
        for place, params in enumerate(sets[1:], 1):
            if not self._executed(text, params):
                super().executemany(query, sets[place:], **named)
                self._rowcount += rows
                return
            rows += max(0, self._rowcount)
        self._reset()
        self._rowcount = rows

    def _executed(self, text: _Text, params: Mapping[str, Any]) -> bool:
        """Execute what is prepared; False, and nothing has happened, when it is not."""
        connection, pgconn = self._conn, self._pgconn
        with connection.lock:
            if self._closed or connection._pipeline is not None:
                return False
            try:
                values = [params[name] for name in text.order]
            except KeyError:
                return False  # psycopg says which
            if connection._dumps is None:
                connection._dumps = Transformer(connection)
            dumps = connection._dumps
            dumped = dumps.dump_sequence(values, text.formats)
            name = connection._prepared._names.get((text.query, dumps.types or ()))
            if name is None:
                return False
            if pgconn.transaction_status == _IDLE and not connection._autocommit:
                connection._command(connection._get_tx_start_command())
            try:
                result = pgconn.exec_prepared(name, dumped, dumps.formats)
            except MemoryError:  # libpq has no answer: it could not even send
                self._raise_unsent()
            self._keep(name, result)
        return True

    def _raise_unsent(self) -> NoReturn:
        told = self._pgconn.get_error_message() if self._pgconn.status else "the connection is lost"
        self._conn.close()
        raise errors.OperationalError(told) from None

    def _keep(self, name: bytes, result: Any) -> None:
        """Hold an answer ready to be fetched."""
        status = result.status
        self._results = [result]
        self.pgresult = result
        self._pos = self._iresult = 0
        self._execmany_returning = None
        if status == _TUPLES:
            self._name = name
            self._rowcount = result.ntuples
            self._tx = Transformer(self)
            self._tx.set_pgresult(result)
            self._make_row = self._make_row_maker()
        elif status == _COMMAND:
            rows = result.command_tuples
            self._rowcount = -1 if rows is None else rows
        else:
            self._conn._raise(result)

    @property
    def description(self) -> list[psycopg.Column] | None:
        """Columns of the answer; those of a prepared statement stay the same."""
        if self._name is None:
            return super().description
        described = self._conn._described
        if self._name not in described:
            described[self._name] = super().description
        return described[self._name]


def _text(query: Any) -> _Text | None:
    """Return a statement with named parameters as the server takes it; None when psycopg must look at it itself."""
    if type(query) is not str:
        return None
    try:
        return _texts[query]
    except KeyError:
        if len(_texts) >= _TEXTS:
            _texts.clear()
        made, formats, order, _parts = _query2pg_nocache(query.encode(), "utf-8")
        text = _texts[query] = None if not order else _Text(made, tuple(order), formats)
        return text


def connection_class() -> type[Connection[Any]]:
    """Return the class of connections: ours with the psycopg that it knows, else psycopg's."""
    known = psycopg.__version__ == SEEN and pq.__impl__ in ("binary", "c")
    return DirectConnection if known else Connection
