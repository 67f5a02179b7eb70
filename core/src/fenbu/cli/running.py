"""Running a command line: every ending becomes an exit code, every mistake one clear sentence."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from fenbu.cli import exits
from fenbu.cli.app import root
from fenbu.cli.session import Session
from fenbu.i18n import _

if TYPE_CHECKING:
    from fenbu.cli.output import Output


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; never raises for anybody's mistake."""
    session = Session()
    session.look_ahead(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal of few letters shows the others by number
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        if garbled := next((word for word in arguments if not _readable(word)), None):
            told = _("{word} is not in the encoding of this terminal")
            session.out.error("usage", told.format(word=ascii(garbled)))
            return exits.USAGE
        return _run(list(arguments), session)
    except BrokenPipeError:
        return _reader_has_gone()
    finally:
        session.close()


def _run(arguments: list[str], session: Session) -> int:
    out = session.out
    try:
        code = root.main(arguments, prog_name="fenbu", standalone_mode=False, obj=session)
        sys.stdout.flush()
        return code if isinstance(code, int) else exits.DONE
    except click.exceptions.Exit as end:
        return end.exit_code
    except (click.Abort, KeyboardInterrupt):
        out.error("interrupted", _("interrupted"))
        return exits.INTERRUPTED
    except click.UsageError as error:
        return _usage(out, error)
    except click.ClickException as error:
        out.error("bad-file", error.format_message())
        return exits.BAD_FILE
    except BrokenPipeError:
        raise
    except Exception as error:  # the edge: what nobody foresaw is told in one line
        return _failed(out, error)


def _readable(word: str) -> bool:
    """Say whether a word of the command line is text; Python hides bytes that are none in surrogates."""
    return word.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in word)


def _usage(out: Output, error: click.UsageError) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and error.ctx is not None:
        return _group(out, error.ctx)
    path = error.ctx.command_path if error.ctx else "fenbu"
    text = (
        error.message if (near := getattr(error, "possibilities", None)) else error.format_message()
    ).rstrip(".")
    if near:
        hint = _("did you mean {nearest}?").format(nearest=" / ".join(near))
    else:
        hint = _("{command} --help shows how").format(command=path)
    out.error("usage", text[:1].lower() + text[1:], hint=hint)
    return exits.USAGE


def _group(out: Output, context: click.Context) -> int:
    """Show what a group of commands has, when none of them is named."""
    names = (
        ", ".join(context.command.list_commands(context)) if isinstance(context.command, click.Group) else ""
    )
    told = _("{path}: which command? {names}").format(path=context.command_path, names=names)
    out.error("usage", told, hint=_("{command} --help shows how").format(command=context.command_path))
    return exits.USAGE


def _failed(out: Output, error: Exception) -> int:
    if os.environ.get("FENBU_DEBUG"):
        import traceback

        traceback.print_exception(error, file=sys.stderr)
    known = sys.modules.get("fenbu.errors")  # not imported: then nobody can have raised one of ours
    if known is not None and isinstance(error, known.FenbuError):
        fields: Any = getattr(error, "problems", ())
        out.error(error.code, str(error), hint=error.hint, where=error.where, fields=fields)
        return int(error.exit_code)
    said = str(error).strip().partition("\n")[0]  # a database's error goes on with its statement
    text = f"{type(error).__name__}: {said}" if said else type(error).__name__
    hint = _("this is a defect; FENBU_DEBUG=1 shows where it happened")
    out.error("unexpected", " ".join(text.split()), hint=hint)
    return exits.FAILED


def _reader_has_gone() -> int:
    """Whoever read our output has seen enough (``| head``); say nothing more."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return exits.DONE
