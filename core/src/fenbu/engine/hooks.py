"""Hooks: pluggy registers and verifies, fenbu decides what an answer and a failure mean.

Plain pluggy stops every implementation when one raises, answers last-registered-first and accepts a
mistyped name in silence. Here the kind of a hook says how answers join (`fenbu.hooks`), the order is that
in which modules were enabled unless `before` and `after` say otherwise, and a module is checked when it is
registered. Calling goes over a plain list that is rebuilt when modules change.

An enabled module that cannot be loaded is not the same as a disabled one: hooks that need every answer
refuse while such a module is known to implement them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any, Protocol

import pluggy
from attrs import define, field, frozen

from fenbu.engine.answers import misfit
from fenbu.engine.store.infrastructure import infrastructure
from fenbu.errors import HookFailed, HookInvalid, ModuleUnavailable, Refused, Vetoed, in_words
from fenbu.hooks import PROJECT, Hook, HookKind, HookOrder, Refusal

NEEDED = frozenset({HookKind.ALL, HookKind.FIRST, HookKind.VETO})
"""Kinds that refuse the operation when a module cannot answer."""


@frozen
class Plugin:
    """A module as the dispatcher needs it."""

    module: str
    implementations: ModuleType | object | None
    """The loaded `plugin.py`; None when there is none or it cannot be loaded."""
    unavailable: tuple[str, ...] = ()
    """Hooks that the module is known to implement although it cannot be loaded."""
    draining: bool = False
    """It finishes what it holds and takes nothing new on: hooks that begin something pass it over."""


@frozen
class Listener:
    """One module's implementation of one hook."""

    module: str
    function: Callable[..., Any]
    arguments: tuple[str, ...]
    """Names of the specification's arguments that it takes, in its own order; `work` may be among them."""
    order: HookOrder


class Asking(Protocol):
    """What the dispatcher needs of the work that asks (`fenbu.engine.work.EngineWork`)."""

    def savepoint(self) -> AbstractContextManager[None]:
        """Keep what the body writes and publishes only when it does not raise."""

    def bound(self, module: str, *, read_only: bool) -> Any:
        """Return a work of the same transaction on behalf of another module."""

    def note_problem(self, module: str, kind: str, subject: str, detail: str) -> None:
        """Remember a problem, to be recorded when the transaction is over."""


@define
class Dispatcher:
    """Asks the enabled modules; immutable between two generations of the catalogue."""

    listeners: Mapping[str, tuple[Listener, ...]] = field(factory=dict)
    unavailable: Mapping[str, tuple[str, ...]] = field(factory=dict)
    """Hook name to the modules that should answer and cannot."""

    def ask(self, asker: Asking, hook: Hook[..., Any], values: Mapping[str, Any]) -> Any:
        """Ask all modules and join their answers as the hook's kind says.

        Args:
            asker: The work that asks; implementations run in its transaction.
            hook: As declared in a contract.
            values: The specification's arguments by name, without ``work``.

        Raises:
            ModuleUnavailable: A module that must answer cannot be loaded.
            HookFailed: An implementation of an ``all``, ``first`` or ``veto`` hook raised.
            Vetoed: A ``veto`` hook was refused.
        """
        kind = hook.kind
        if kind in NEEDED and (missing := self.unavailable.get(hook.name)):
            raise ModuleUnavailable(hook.name, missing)
        listeners = self.listeners.get(hook.name, ())
        if kind is HookKind.GATHER:
            return list(_gather(asker, hook, listeners, values))
        if kind is HookKind.ALL:
            return [_answer(asker, hook, listener, values) for listener in listeners]
        if kind is HookKind.FIRST:
            answers = (_answer(asker, hook, listener, values) for listener in listeners)
            return next((answer for answer in answers if answer is not None), None)
        return _veto(asker, hook, listeners, values)

    def order(self, hook: str) -> tuple[str, ...]:
        """Return the modules that answer a hook, in the order in which they are asked."""
        return tuple(listener.module for listener in self.listeners.get(hook, ()))


def specifications(contracts: Iterable[ModuleType]) -> dict[str, Hook[..., Any]]:
    """Return all hooks declared in these contract modules, by name.

    Raises:
        HookInvalid: Two contracts declare one name.
    """
    found: dict[str, Hook[..., Any]] = {}
    for contract in contracts:
        for value in vars(contract).values():
            if not isinstance(value, Hook) or value.function.__module__ != contract.__name__:
                continue
            if found.setdefault(value.name, value) is not value:
                raise HookInvalid(contract.__name__, value.name, "another contract declares this name too")
    return found


def implemented(module: str, implementations: object, specs: Mapping[str, Hook[..., Any]]) -> tuple[str, ...]:
    """Return the names of the hooks a module implements, checked one by one.

    Raises:
        HookInvalid: It implements a hook that nobody declares, or takes arguments that it is never given.
    """
    return tuple(name for name, _listener in _listeners(_manager(specs), module, implementations))


def dispatcher(specs: Mapping[str, Hook[..., Any]], plugins: Sequence[Plugin]) -> Dispatcher:
    """Build the dispatcher for a set of modules, given in the order in which they were enabled.

    Raises:
        HookInvalid: An implementation does not fit, or ``before`` and ``after`` form a circle.
    """
    manager = _manager(specs)
    listeners: dict[str, list[Listener]] = {}
    unavailable: dict[str, list[str]] = {}
    beginning = {name for name, hook in specs.items() if hook.begins}
    for plugin in plugins:
        passed_over = beginning if plugin.draining else frozenset[str]()
        for name in plugin.unavailable:
            if name not in passed_over:
                unavailable.setdefault(name, []).append(plugin.module)
        if plugin.implementations is not None:
            for name, listener in _listeners(manager, plugin.module, plugin.implementations):
                if name not in passed_over:
                    listeners.setdefault(name, []).append(listener)
    return Dispatcher(
        {name: _ordered(name, group) for name, group in listeners.items()},
        {name: tuple(modules) for name, modules in unavailable.items()},
    )


def _manager(specs: Mapping[str, Hook[..., Any]]) -> pluggy.PluginManager:
    manager = pluggy.PluginManager(PROJECT)
    namespace = ModuleType("fenbu_specifications")
    for name, hook in specs.items():
        setattr(namespace, name, hook.function)
    if specs:
        manager.add_hookspecs(namespace)
    return manager


def _listeners(
    manager: pluggy.PluginManager, module: str, implementations: object
) -> Iterator[tuple[str, Listener]]:
    try:
        manager.register(implementations, name=module)
    except pluggy.PluginValidationError as error:
        raise HookInvalid(module, "", " ".join(str(error).split())) from None
    for caller in manager.get_hookcallers(implementations) or ():
        if not caller.has_spec():
            raise HookInvalid(module, caller.name, _unknown(caller.name, manager))
        for implementation in caller.get_hookimpls():
            if implementation.plugin_name == module:
                function = implementation.function
                order = getattr(function, "__fenbu_order__", HookOrder())
                names = (*implementation.argnames, *implementation.kwargnames)
                yield caller.name, Listener(module, function, names, order)


def _unknown(name: str, manager: pluggy.PluginManager) -> str:
    from difflib import get_close_matches

    known = [known for known, caller in vars(manager.hook).items() if getattr(caller, "spec", None)]
    near = get_close_matches(name, known, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"no contract declares it{hint}"


def _ordered(hook: str, listeners: Sequence[Listener]) -> tuple[Listener, ...]:
    """Order listeners by `before` and `after`, otherwise as given (Kahn's algorithm, first come first)."""
    waits: dict[str, set[str]] = {listener.module: set() for listener in listeners}
    for listener in listeners:
        waits[listener.module].update(name for name in listener.order.after if name in waits)
        for name in listener.order.before:
            if name in waits:
                waits[name].add(listener.module)
    ordered: list[Listener] = []
    left = list(listeners)
    while left:
        ready = next((one for one in left if not waits[one.module]), None)
        if ready is None:
            circle = ", ".join(one.module for one in left)
            raise HookInvalid(left[0].module, hook, f"before and after form a circle between {circle}")
        left.remove(ready)
        ordered.append(ready)
        for names in waits.values():
            names.discard(ready.module)
    return tuple(ordered)


def _call(asker: Asking, hook: Hook[..., Any], listener: Listener, values: Mapping[str, Any]) -> Any:
    work = asker.bound(listener.module, read_only=not hook.writes)
    arguments = [work if name == "work" else values[name] for name in listener.arguments]
    with work.owned():
        answer = listener.function(*arguments)
        # A generator would run, and raise, outside of this call.
        answer = tuple(answer) if isinstance(answer, Iterator) else answer
    looked_at = hook.kind is HookKind.ALL or (answer is not None and hook.kind is not HookKind.VETO)
    if looked_at and (wrong := misfit(hook.function, answer)):
        raise TypeError(wrong)
    return answer


def _answer(asker: Asking, hook: Hook[..., Any], listener: Listener, values: Mapping[str, Any]) -> Any:
    try:
        return _call(asker, hook, listener, values)
    except (Refused, ModuleUnavailable, HookFailed):
        raise  # a rule's word, or a deeper failure that names its module already
    except (Exception, SystemExit) as error:
        if infrastructure(error):
            raise
        reason = in_words(error)
        asker.note_problem(listener.module, "hook", hook.name, reason)
        raise HookFailed(hook.name, listener.module, reason) from error


def _gather(
    asker: Asking, hook: Hook[..., Any], listeners: Sequence[Listener], values: Mapping[str, Any]
) -> Iterator[Any]:
    for listener in listeners:
        try:
            with asker.savepoint():
                answer = _call(asker, hook, listener, values)
        except (Exception, SystemExit) as error:
            if infrastructure(error):
                raise
            asker.note_problem(listener.module, "hook", hook.name, in_words(error))
        else:
            if answer is not None:
                yield answer


def _veto(
    asker: Asking, hook: Hook[..., Any], listeners: Sequence[Listener], values: Mapping[str, Any]
) -> None:
    reasons = {}
    for listener in listeners:
        answer = _answer(asker, hook, listener, values)
        if isinstance(answer, Refusal):
            reasons[listener.module] = answer.reason
        elif answer is not None:
            raise HookFailed(hook.name, listener.module, f"it answered {answer!r}, not a Refusal or None")
    if reasons:
        raise Vetoed(hook.name, reasons)
