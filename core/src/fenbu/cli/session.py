"""A session of the command line: its global options, and the kernel once a command needs it."""

from __future__ import annotations

import gettext
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

import click

from fenbu import i18n
from fenbu.i18n import _

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fenbu.cli.output import Output
    from fenbu.engine.kernel import Kernel


def _speak(code: str) -> None:
    """Switch the language of this process, and with it click's, which asks the environment as gettext programs do."""
    i18n.use(code)
    if code != i18n.SOURCE or gettext.textdomain() == i18n.DOMAIN:
        os.environ["LANGUAGE"] = code
        gettext.bindtextdomain(i18n.DOMAIN, i18n.OWN)
        gettext.textdomain(i18n.DOMAIN)


class Session:
    """What one command line was told, wherever in it the global options stood."""

    def __init__(self, lang: str = "") -> None:
        """Begin; in the language that the environment asks for, unless one is given."""
        self.database: str | None = None
        self.json = False
        self.no_input = False
        self.yes = False
        self.safe = False
        self.lang = lang or i18n.preferred(os.environ)
        self.address = ""
        self.without_login = False
        """The user of the operating system comes in, whoever is logged in."""
        self._kernel: Kernel | None = None

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "lang":
            _speak(i18n.known_as(str(value)) or i18n.language())

    def look_ahead(self, arguments: Sequence[str]) -> None:
        """Take the global options before the rest is parsed.

        An action's options are only known from the enterprise, and a mistake is told in the format and language asked.
        """
        words = list(arguments)
        words = words[: words.index("--")] if "--" in words else words
        for name, follows in zip(words, [*words, ""][1:], strict=True):
            option, sign, value = name.partition("=")
            if option in ("--database", "--lang"):
                setattr(self, option[2:], value if sign else follows)
            elif name in ("--json", "--safe"):
                setattr(self, name[2:], True)

    @cached_property
    def out(self) -> Output:
        """Where data, narration and errors are written."""
        from fenbu.cli.output import Output

        return Output(self)

    @property
    def kernel(self) -> Kernel:
        """The enterprise, opened at first use.

        Raises:
            DatabaseUnreachable: Nothing is there, or no way to it.
            BadFile: The fenbu.toml found cannot be read.
            NotLoggedIn, SessionOver: The operator who is to act has no session, or it has ended.
        """
        if self._kernel is None:
            from fenbu.cli import logins, names
            from fenbu.cli.location import locate
            from fenbu.engine.kernel import Kernel

            self.address = locate(self.database)
            token = "" if self.without_login else logins.token_for(self.address)
            self._kernel = Kernel.open(self.address, safe=self.safe, token=token)
            if token:
                self._require_wanted(self._kernel.actor.name)
            if not self.safe:
                names.remember(self.address, self._kernel)
        return self._kernel

    def _require_wanted(self, name: str) -> None:
        """Refuse a token of somebody else than FENBU_OPERATOR says."""
        wanted = os.environ.get("FENBU_OPERATOR", name)
        if wanted != name:
            from fenbu.cli.errors import NotLoggedIn

            raise NotLoggedIn(wanted)

    @contextmanager
    def noticing(self) -> Iterator[Kernel]:
        """Give the kernel; at the end say on stderr when a worker last beat, if deliveries wait."""
        from fenbu.cli.notices import say_what_waits

        kernel = self.kernel
        yield kernel
        with kernel.read() as work:
            say_what_waits(self.out, work.connection, work.now)

    @contextmanager
    def glancing(self) -> Iterator[Connection]:
        """Give a reading connection with no module's code loaded, for what must be quick; else as `noticing`."""
        from fenbu.cli.location import locate
        from fenbu.cli.notices import say_what_waits
        from fenbu.engine.store.database import Database
        from fenbu.values import from_microseconds

        self.address = locate(self.database)
        database = Database.open(self.address)
        try:
            with database.read() as connection:
                yield connection
                say_what_waits(self.out, connection, from_microseconds(database.clock(connection)))
        finally:
            database.dispose()

    def confirm(self, question: str) -> bool:
        """Ask before something that cannot be undone; No unless the operator says yes.

        Raises:
            click.UsageError: Nobody can be asked, and ``-y`` was not given.
        """
        return self.yes or (self._can_ask() and click.confirm(question, default=False, err=True))

    def confirm_by(self, word: str) -> bool:
        """Ask like `confirm` for a word to be typed, where yes is too easily said."""
        question = _("Type {word} to go on").format(word=word)
        return self.yes or (
            self._can_ask() and click.prompt(question, default="", show_default=False, err=True) == word
        )

    @property
    def can_ask(self) -> bool:
        """Whether somebody sits there who may be asked."""
        return not self.no_input and os.isatty(0)

    def _can_ask(self) -> bool:
        if not self.can_ask:
            raise click.UsageError(_("this has consequences and nobody can be asked; -y says yes beforehand"))
        return True

    def need(self, options: Mapping[str, str | None]) -> None:
        """Refuse the options that are not given when nobody can be asked for them, all at once.

        Raises:
            click.UsageError: The text names them.
        """
        missing = [name for name, given in options.items() if not given]
        if missing and not self.can_ask:
            raise click.UsageError(
                _("nobody can be asked for what is missing: {options}").format(options=", ".join(missing))
            )

    def ask(self, question: str, default: str | None = None) -> str:
        """Ask for a value that an option would have given; ``need`` has seen that somebody is there."""
        return str(click.prompt(question, default=default, err=True))

    def close(self) -> None:
        """Close the kernel, when one was opened."""
        if self._kernel is not None:
            self._kernel.close()
            self._kernel = None
