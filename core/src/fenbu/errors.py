"""Every error that fenbu raises on purpose.

::

    FenbuError
    ├── Refused                  the request is understood, and a rule says no; nothing was changed
    │   ├── InputInvalid         fields are missing or wrong; each is named with what was wanted
    │   ├── NotFound             no such document, account, item …
    │   ├── AlreadyExists        the number or code is taken
    │   ├── NotPermitted         the actor lacks a permission
    │   ├── SamePerson           who asked for it or made it cannot approve it
    │   ├── TransitionRefused    the document's state does not allow the verb
    │   ├── Vetoed               another module refuses; its reasons are listed
    │   ├── KeyReused            an idempotency key came back with another request
    │   └── Changed              the record was changed since it was read
    ├── HookFailed               an answer that was needed could not be had: a module's hook raised
    ├── ModuleUnavailable        an enabled module that must be asked cannot be loaded
    ├── Unknown                  no such action, view, metric, module … is enabled here
    ├── Permanent                a handler says that trying again will never help
    ├── DeclarationInvalid       an author's mistake in a declaration
    │   ├── ManifestInvalid · LifecycleInvalid · EventInvalid · HookInvalid
    ├── PayloadInvalid           an event's payload does not fit the reader's class
    ├── BadFile                  a file cannot be read as what it should be: file, line, column
    ├── ReadOnlyWork             a hook, view, metric or check tried to change something
    └── NetworkInTransaction     code opened a socket while a transaction was open

A text names what was wrong, what was got and what was wanted; ``hint`` says what to do.
Errors are frozen attrs classes: they can be raised, copied, compared by identity and pickled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from attrs import field, frozen

from fenbu.i18n import _

_FEW = 3
"""Names in a sentence."""


class FenbuError(Exception):
    """Root of all errors that carry a sentence for people and a code for scripts."""

    exit_code: ClassVar[int] = 1
    """Exit code of the command line (see the table in ``docs/command-line.md``)."""

    @property
    def code(self) -> str:
        """Name of the class in kebab case, stable for scripts (``not-found``)."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", type(self).__name__).lower()

    @property
    def hint(self) -> str:
        """What to do about it; may be empty."""
        return ""

    @property
    def where(self) -> str:
        """File with line, document or module that the error is about; may be empty."""
        return ""


def in_words(error: BaseException) -> str:
    """Return class and text of an error as every database can keep them, whoever has raised it."""
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception as worse:
        text = f"{type(error).__name__}: it has no text ({type(worse).__name__})"
    return storable(text)


def makers(name: str) -> str:
    """Return what to do about a defect in a module's own code.

    Args:
        name: Of what raised; its module is the first part.
    """
    return _("everything else works; tell whoever makes the module {module}").format(
        module=name.partition(".")[0]
    )


def storable(text: str) -> str:
    """Return a text without what PostgreSQL or UTF-8 cannot hold: NUL and halves of characters, written out."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


class Refused(FenbuError):
    """The request is understood and a business rule says no; nothing was changed."""


@frozen(eq=False)
class FieldProblem:
    """One field of an input that cannot be accepted."""

    field: str
    problem: str
    got: str = ""

    def __str__(self) -> str:
        got = _(" (got {got})").format(got=self.got) if self.got else ""
        return f"{self.field}: {self.problem}{got}" if self.field else f"{self.problem}{got}"


def _problems(given: Iterable[FieldProblem]) -> tuple[FieldProblem, ...]:
    return tuple(given)


def _names(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(given)


@frozen(eq=False)
class InputInvalid(Refused):
    """An input does not fit its model."""

    exit_code = 64
    action: str
    problems: Sequence[FieldProblem] = field(converter=_problems)

    def __str__(self) -> str:
        listed = "; ".join(str(problem) for problem in self.problems)
        return _("{action} cannot be done with this input: {problems}").format(
            action=self.action, problems=listed
        )

    @property
    def hint(self) -> str:
        command = f"do {self.action}" if "." in self.action else self.action  # `init` is a command of its own
        return _("fenbu {command} --help lists the fields").format(command=command)


@frozen(eq=False)
class NotFound(Refused):
    """There is no record of this kind with this key."""

    kind: str
    key: str
    way_out: str = ""

    def __str__(self) -> str:
        return _("there is no {kind} {key}").format(kind=self.kind, key=self.key)

    @property
    def hint(self) -> str:
        return self.way_out


@frozen(eq=False)
class AlreadyExists(Refused):
    """The number or code is taken by another record."""

    kind: str
    key: str

    def __str__(self) -> str:
        return _("the {kind} {key} exists already").format(kind=self.kind, key=self.key)

    @property
    def hint(self) -> str:
        return _("go on with the one that exists, or choose another name")


@frozen(eq=False)
class NotPermitted(Refused):
    """The actor lacks a permission."""

    exit_code = 77
    actor: str
    permission: str
    may_grant: tuple[str, ...] = ()
    """Who may grant it, by name."""

    def __str__(self) -> str:
        return _("{actor} may not do this: the permission {permission} is missing").format(
            actor=self.actor, permission=self.permission
        )

    @property
    def hint(self) -> str:
        return self.asked(
            _("fenbu operator grant {actor} {permission}").format(
                actor=self.actor, permission=self.permission
            )
        )

    def asked(self, command: str) -> str:
        """Say whom to ask, and for which command, when there is one."""
        several = len(self.may_grant) > _FEW
        names = ", ".join(self.may_grant[:_FEW]) + (" …" if several else "")
        if not names:
            names = _("an owner of this enterprise")
        if command:
            return _("ask {names} for: {command}").format(names=names, command=command)
        return _("ask {names}").format(names=names)


@frozen(eq=False)
class SamePerson(Refused):
    """Two people are wanted, and it is one."""

    document: str
    actor: str
    did: str
    """What the actor has done with it before, or is to it."""

    def __str__(self) -> str:
        return _("{document} cannot be approved by {actor}, who {did}").format(
            document=self.document, actor=self.actor, did=self.did
        )

    @property
    def hint(self) -> str:
        return _("let another person approve it")


@frozen(eq=False)
class TransitionRefused(Refused):
    """The state of a document does not allow a verb."""

    document: str
    verb: str
    state: str
    allowed: tuple[str, ...] = ()

    def __str__(self) -> str:
        return _("cannot {verb} {document}: it is {state}").format(
            document=self.document, state=_(self.state), verb=self.verb
        )

    @property
    def hint(self) -> str:
        if not self.allowed:
            return _("{state} is final").format(state=_(self.state))
        return _("possible now: {verbs}").format(verbs=", ".join(self.allowed))


@frozen(eq=False)
class Vetoed(Refused):
    """Modules that were asked refuse the operation."""

    operation: str
    reasons: Mapping[str, str]
    """Module name to its reason."""

    def __str__(self) -> str:
        told = "; ".join(f"{module}: {reason}" for module, reason in self.reasons.items())
        return _("{operation} is refused by {told}").format(operation=self.operation, told=told)


@frozen(eq=False)
class KeyReused(Refused):
    """An idempotency key that was used before came back with another request."""

    key: str
    action: str

    def __str__(self) -> str:
        return _("the idempotency key {key} was used before for another request of {action}").format(
            key=self.key, action=self.action
        )

    @property
    def hint(self) -> str:
        return _("use a new key for a new request; the same key repeats only the very same one")


@frozen(eq=False)
class Changed(Refused):
    """A record was changed by somebody else since it was read."""

    document: str
    by: str = ""

    def __str__(self) -> str:
        who = self.by or _("somebody else")
        return _("{document} was changed by {who} since you opened it").format(
            document=self.document, who=who
        )

    @property
    def hint(self) -> str:
        return _("look at it again, then repeat the change")


@frozen(eq=False)
class HookFailed(FenbuError):
    """A module that had to answer a hook raised; the operation was refused."""

    hook: str
    module: str
    reason: str

    def __str__(self) -> str:
        return _("{module} could not answer {hook}: {reason}").format(
            module=self.module, hook=self.hook, reason=self.reason
        )

    @property
    def hint(self) -> str:
        return _("fenbu modules {module} shows the problem; mend the module or disable it").format(
            module=self.module
        )

    @property
    def where(self) -> str:
        return self.module


@frozen(eq=False)
class ModuleUnavailable(FenbuError):
    """An enabled module whose answer is needed cannot be loaded; the operation was refused."""

    hook: str
    modules: Sequence[str] = field(converter=_names)

    def __str__(self) -> str:
        return _("{modules} is enabled but cannot be loaded, and {hook} needs its answer").format(
            modules=", ".join(self.modules), hook=self.hook
        )

    @property
    def hint(self) -> str:
        return _("reinstall or mend it (fenbu modules {module}), or disable it").format(
            module=self.modules[0]
        )

    @property
    def where(self) -> str:
        return ", ".join(self.modules)


@frozen(eq=False)
class Unknown(FenbuError):
    """No enabled module declares a thing of this kind and name."""

    exit_code = 64
    kind: str
    name: str
    nearest: str = ""
    because: str = ""
    """How its module stands, when it has one that does not run."""
    todo: str = ""
    """What to do about that module."""

    def __str__(self) -> str:
        told = _("there is no {kind} {name} here").format(kind=self.kind, name=self.name)
        return f"{told}: {self.because}" if self.because else told

    @property
    def hint(self) -> str:
        if self.todo:
            return self.todo
        if self.nearest:
            return _("did you mean {nearest}?").format(nearest=self.nearest)
        return _("fenbu modules lists what there is, and what is on")


@frozen(eq=False)
class Permanent(FenbuError):
    """A handler's word that trying again will never help; the delivery is dead at once."""

    reason: str

    def __str__(self) -> str:
        return self.reason


class DeclarationInvalid(FenbuError):
    """A declaration in a module contradicts itself or the rules of the language."""

    @property
    def hint(self) -> str:
        """Say that it takes an author, not an operator."""
        return _("its author has to mend it; until then everything else works without this module")


@frozen(eq=False)
class ManifestInvalid(DeclarationInvalid):
    """A manifest cannot be accepted."""

    module: str
    problem: str

    def __str__(self) -> str:
        return _("the manifest of {module} is wrong: {problem}").format(
            module=self.module, problem=self.problem
        )


@frozen(eq=False)
class LifecycleInvalid(DeclarationInvalid):
    """A table of transitions is ambiguous, has a dead end or a state nobody reaches."""

    name: str
    problem: str

    def __str__(self) -> str:
        return _("the lifecycle {name} is wrong: {problem}").format(name=self.name, problem=self.problem)


@frozen(eq=False)
class EventInvalid(DeclarationInvalid):
    """An event's class cannot be declared or published as it is."""

    event: str
    problem: str

    def __str__(self) -> str:
        return _("the event {event} is wrong: {problem}").format(event=self.event, problem=self.problem)


@frozen(eq=False)
class HookInvalid(DeclarationInvalid):
    """A hook specification or implementation cannot be accepted."""

    module: str
    hook: str
    problem: str

    def __str__(self) -> str:
        return _("{module}: the hook {hook} is wrong: {problem}").format(
            module=self.module, hook=self.hook, problem=self.problem
        )


@frozen(eq=False)
class PayloadInvalid(FenbuError):
    """An event's payload does not fit the class its reader declared."""

    topic: str
    problem: str

    def __str__(self) -> str:
        return _("an event of {topic} cannot be read: {problem}").format(
            topic=self.topic, problem=self.problem
        )


@frozen(eq=False)
class BadFile(FenbuError):
    """A file cannot be read as what it should be."""

    exit_code = 65
    path: str
    problem: str
    line: int | None = None
    column: int | None = None
    way_out: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"

    @property
    def hint(self) -> str:
        return self.way_out

    @property
    def where(self) -> str:
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part is not None)


@frozen(eq=False)
class ReadOnlyWork(FenbuError):
    """Code that may only look tried to change something: a hook, a view, a metric, a check."""

    module: str
    verb: str

    def __str__(self) -> str:
        return _("{module} may only look here, so it cannot {verb}").format(
            module=self.module, verb=self.verb
        )

    @property
    def hint(self) -> str:
        return _("do it in an action or in the handler of an event")


@frozen(eq=False)
class NetworkInTransaction(FenbuError):
    """Code opened a socket while a transaction was open; calls to the outside are recorded instead."""

    module: str
    address: str

    def __str__(self) -> str:
        return _("{module} tried to reach {address} while a transaction was open").format(
            module=self.module, address=self.address
        )

    @property
    def hint(self) -> str:
        return _("record a call (work.call) and let the caller send it after the commit")
