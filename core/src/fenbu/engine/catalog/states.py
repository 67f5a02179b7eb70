"""The states of modules, as a table.

``discovered → enabled ⇄ disabled → purged``; on the way *catching up*, *draining*, *upgrade pending*;
beside it *incompatible*, *quarantined* and *missing*. Five of them are stored in the module's row, the
others are found each time by comparing row and package. Every state says what the operator can do.
"""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

from fenbu.engine.catalog.errors import StateRefused
from fenbu.i18n import N_, _


class ModuleState(StrEnum):
    """Where a module stands."""

    DISCOVERED = N_("discovered")
    ENABLED = N_("enabled")
    CATCHING_UP = N_("catching up")
    DRAINING = N_("draining")
    DISABLED = N_("disabled")
    UPGRADE_PENDING = N_("upgrade pending")
    INCOMPATIBLE = N_("incompatible")
    QUARANTINED = N_("quarantined")
    MISSING = N_("missing")
    PURGED = N_("purged")


@frozen
class StateRow:
    """One state: what it means, what runs in it, which verbs it allows, what the operator can do."""

    state: ModuleState
    means: str
    advice: str
    """With ``{module}``, ``{package}`` and ``{version}`` in braces."""
    verbs: frozenset[str] = frozenset()
    stored: bool = False
    """It stands in the module's row; the others are found by comparing row and package."""
    on: bool = False
    """The module takes part in the enterprise: what needs it must not be told that it is absent."""
    runs: bool = False
    """Its code is imported and its actions may be performed."""
    hooks: bool = False
    """Its hooks are asked."""


def _row(state: ModuleState, means: str, advice: str, *verbs: str, **flags: bool) -> StateRow:
    return StateRow(state, means, advice, frozenset(verbs), **flags)


S = ModuleState

TABLE: dict[ModuleState, StateRow] = {
    row.state: row
    for row in (
        _row(S.DISCOVERED, N_("installed, never enabled"), N_("enable it: fenbu enable {module}"), "enable"),
        _row(
            S.ENABLED,
            N_("it works"),
            N_("nothing to do"),
            "disable",
            "upgrade",
            stored=True,
            on=True,
            runs=True,
            hooks=True,
        ),
        _row(
            S.CATCHING_UP,
            N_("enabled, and reading the history it missed; its hooks start when that is done"),
            N_("let a worker run: fenbu worker"),
            "disable",
            stored=True,
            on=True,
            runs=True,
        ),
        _row(
            S.DRAINING,
            N_("being disabled: it finishes what waits for it and takes nothing new on"),
            N_("let a worker run, or settle what is left: fenbu disable {module} --how waive"),
            "disable",
            "enable",
            stored=True,
            on=True,
            runs=True,
            hooks=True,
        ),
        _row(
            S.DISABLED,
            N_("switched off; its rows are kept"),
            N_("enable it again: fenbu enable {module}"),
            "enable",
            "purge",
            stored=True,
        ),
        _row(
            S.UPGRADE_PENDING,
            N_("its code is not the one that was enabled; nothing of it runs until its data follow"),
            N_("bring its data up to date: fenbu upgrade {module}"),
            "upgrade",
            "disable",
            on=True,
        ),
        _row(
            S.INCOMPATIBLE,
            N_("this version cannot work here"),
            N_("install a version of {package} that fits"),
            "disable",
        ),
        _row(
            S.QUARANTINED,
            N_("its code or a migration raised; everything else works"),
            N_("mend or reinstall {package}, then: fenbu enable {module}"),
            "enable",
            "disable",
        ),
        _row(
            S.MISSING,
            N_("its package is gone, its data are here"),
            N_("reinstall {package} {version}, or disable it: fenbu disable {module}"),
            "disable",
        ),
        _row(
            S.PURGED,
            N_("its data are in an archive"),
            N_("bring them back: fenbu unarchive FILE; or start anew: fenbu enable {module}"),
            stored=True,
        ),
    )
}


def advice(state: ModuleState, module: str, package: str, version: str = "") -> str:
    """Say what the operator can do about a module in this state."""
    return _(TABLE[state].advice).format(module=module, package=package or module, version=version).strip()


def require(verb: str, module: str, state: ModuleState, told: str, why: str = "") -> None:
    """Refuse a verb that the state does not allow.

    Args:
        verb: ``enable``, ``disable``, ``upgrade`` or ``purge``.
        module: Its name.
        state: Where it stands.
        told: What the operator can do instead.
        why: Why it is in this state.

    Raises:
        StateRefused: With ``told`` as hint.
    """
    if verb not in TABLE[state].verbs:
        raise StateRefused(module, verb, state.value, told, why)
