"""A rollout file written from a running enterprise: one stage with what is on, as the beginning of a plan.

What a person has to decide is left to them in comments; what is written is valid as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from attrs import frozen
from packaging.version import Version

from fenbu import API_VERSION
from fenbu.engine.catalog import resolver
from fenbu.engine.catalog.resolver import Offer
from fenbu.engine.catalog.states import ModuleState
from fenbu.engine.rollout.kept import NoToml, as_toml, changed_names
from fenbu.engine.rollout.live import Live, LiveModule
from fenbu.engine.rollout.writing import key, written
from fenbu.errors import Refused
from fenbu.i18n import _

STAGE = "running"
"""Name of the one stage."""
_WIDTH = 100
_LONGEST = 110
_COMMENT = 35
"""Column at which comments behind values begin."""


@frozen
class StateFile:
    """A rollout file and what could not go into it."""

    text: str
    modules: tuple[str, ...]
    """In the file, in the order in which they were enabled."""
    left_out: Mapping[str, str]
    """Module or setting (``erp.rounding``) to why the file has it not."""


@frozen(eq=False)
class NothingOn(Refused):
    """No module is on of which a file could speak."""

    left_out: Mapping[str, str]

    def __str__(self) -> str:
        if not self.left_out:
            return _("no module is on, so there is no state to write down")
        told = "; ".join(f"{name}: {why}" for name, why in self.left_out.items())
        return _("no module that is on can be written down: {reasons}").format(reasons=told)

    @property
    def hint(self) -> str:
        return _("fenbu rollout new begins a plan from a template")


def state_file(live: Live, offers: Mapping[str, Offer]) -> StateFile:
    """Return a rollout file that says what is on.

    Args:
        live: The enterprise.
        offers: The installed modules as the resolver sees them.

    Raises:
        NothingOn: Not one module can be said.
    """
    left_out = dict(_troubled(live, offers))
    there = [module for module in live.on if module.name not in left_out]
    if not there:
        raise NothingOn(left_out)
    lines = [*_head(live), *_section(_("the modules"))]
    lines += _prose(
        _(
            "Each with the versions that may be used, from the installed one up to the next major one, and with the "
            "settings that differ from its own; `fenbu settings list` shows all. `on_disable` says what becomes of its "
            "work in flight should it be switched off: drain (finish it first), park (keep it for later), waive (give "
            "it up)."
        )
    )
    for module in there:
        lines += ["", *_module(module, left_out)]
    lines += _left_out(left_out)
    lines += [*_section(_("the stage that has been reached")), *_stage(live, there)]
    lines += _next(live)
    return StateFile("\n".join([*lines, ""]), tuple(module.name for module in there), left_out)


def _troubled(live: Live, offers: Mapping[str, Offer]) -> Iterator[tuple[str, str]]:
    """Yield the modules that are on and cannot be said, those that need them last."""
    out: set[str] = set()
    for module in live.on:
        if not module.usable:
            out.add(module.name)
            yield module.name, module.trouble or _("it is being switched off")
    while True:
        known = {name: offers[name] for name in offers if name not in out}
        there = [module.name for module in live.on if module.name in known]
        gaps = {name: told for name in there if (told := resolver.unmet(name, known, there)[0])}
        if not gaps:
            return
        out |= gaps.keys()
        yield from gaps.items()


def _head(live: Live) -> Iterator[str]:
    told = _(
        "What was on at {enterprise} on {day}, written from the running system as the beginning of a plan. Read it, "
        "name who wants it and who answers for it, add the stages that are to come, and check it:"
    )
    yield from _prose(told.format(enterprise=live.name, day=live.day.isoformat()))
    yield "#   fenbu rollout check rollout.toml"
    yield ""
    api = Version(API_VERSION)
    yield _line("name", _slug(live.name))
    yield _line("version", 1, _("raise it with each change, so that everybody speaks of the same plan"))
    yield _line("title", _("{enterprise} as it stands").format(enterprise=live.name))
    yield _line("sponsor", live.decides or live.owner or live.name, _("who wants it and pays for it"))
    yield _line("owner", live.owner or live.name, _("who answers for its being carried out"))
    yield _line(
        "kernel", f">={api.major}.{api.minor},<{api.major + 1}", _("API versions of fenbu that will do")
    )


def _module(module: LiveModule, left_out: dict[str, str]) -> Iterator[str]:
    yield f"[modules.{module.name}]"
    told = _("{title}; {version} is installed").format(title=module.title, version=module.version)
    if module.data_version != module.version:
        told = _("{title}; {version} is installed, its data are of {data}").format(
            title=module.title, version=module.version, data=module.data_version
        )
    yield _line("version", module.range, told)
    yield '# on_disable = "drain"'
    settings = list(_settings(module, left_out))
    if settings:
        yield ""
        yield f"[modules.{module.name}.settings]"
        yield from settings


def _settings(module: LiveModule, left_out: dict[str, str]) -> Iterator[str]:
    """Yield the lines of what differs from a module's own; note what has no line."""
    settings = module.settings
    if settings is None:
        return
    for name in changed_names(settings):
        help_ = _(type(settings).model_fields[name].description or "")
        try:
            yield _line(key(name), as_toml(settings, name), help_)
        except NoToml as error:
            left_out[f"{module.name}.{name}"] = error.why
            told = _("{name} differs from the module's own and is left out: {why}")
            yield from _prose(told.format(name=name, why=error.why))


def _left_out(left_out: Mapping[str, str]) -> Iterator[str]:
    for name, why in left_out.items():
        if "." not in name:
            yield ""
            yield from _prose(_("{module} is on and left out: {why}").format(module=name, why=why))


def _stage(live: Live, there: list[LiveModule]) -> Iterator[str]:
    yield "[[stages]]"
    yield _line("name", STAGE)
    yield _line("title", _("What is on"))
    told = _("{enterprise} works with what was on when this file was written.")
    yield _line("goal", told.format(enterprise=live.name))
    yield _line("modules", [module.name for module in there])
    yield _line(
        "rollback", {"in_flight": "refuse"}, _("not taken back while work is in flight; drain, park, waive")
    )
    yield ""
    yield from _prose(_("What must hold before the next stage is applied, for example:"))
    yield "# [[stages.after]]"
    yield '# check = "fenbu.audit"'


def _next(live: Live) -> Iterator[str]:
    """Yield a stage to come, commented out, with what is installed and not on."""
    waiting = [
        module
        for module in live.modules.values()
        if not module.on and module.state in (ModuleState.DISCOVERED, ModuleState.DISABLED)
    ]
    if not waiting:
        return
    yield from _section(_("a stage to come"))
    listed = ", ".join(
        _("{module} (switched off, its rows are kept)").format(module=module.name)
        if module.data_version
        else module.name
        for module in waiting
    )
    yield from _prose(
        _("Installed and not on: {modules}. A stage that switches them on would read:").format(modules=listed)
    )
    yield "#"
    for module in waiting:
        yield f"# [modules.{module.name}]"
        yield f"# {_line('version', module.range)}"
    yield "#"
    yield "# [[stages]]"
    yield f"# {_line('name', 'next')}"
    yield f"# {_line('title', _('What comes next'))}"
    yield f"# {_line('goal', _('Say in words what is true when it is reached.'))}"
    yield f"# {_line('modules', [module.name for module in waiting])}"
    yield f"# {_line('approvals', {'decision': 1, 'core': 1})}"


def _line(name: str, value: object, comment: str = "") -> str:
    """Write a key, with a comment behind it, or above it where both are too long for a line."""
    line = f"{name} = {written(value)}"
    told = " ".join(comment.split())
    if not told:
        return line
    behind = f"{line:<{_COMMENT - 1}} # {told}"
    return behind if len(behind) <= _LONGEST else f"# {told}\n{line}"


def _section(title: str) -> Iterator[str]:
    yield ""
    yield f"# --- {title} ".ljust(_WIDTH, "-")


def _prose(text: str) -> Iterator[str]:
    """Yield a text as comments, broken at words."""
    line = "#"
    for word in text.split():
        if len(line) + len(word) >= _WIDTH:
            yield line
            line = "#"
        line += f" {word}"
    yield line


def _slug(name: str) -> str:
    """Return a name for the plan in the letters that it may have."""
    found = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63].rstrip("-")
    return found if found[:1].isalpha() and found.isascii() else "rollout"
