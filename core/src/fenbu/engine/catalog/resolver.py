"""What needs what: one deterministic order of enabling, or the whole chain of the conflict.

A requirement reads ``"erp>=1,<2"`` (a module, PEP 440), ``"fenbu>=1"`` (the language's API version) or
``"capability:sales.orders"`` (whoever provides it). Nothing is enabled that was not asked for: the error
names what would have to go along.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from attrs import frozen
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from fenbu import API_VERSION
from fenbu.engine.catalog.errors import RequirementsUnmet
from fenbu.i18n import _

KERNEL = "fenbu"
CAPABILITY = "capability:"
_REQUIREMENT = re.compile(r"^\s*([a-z][a-z0-9_]*)\s*(.*)$")


@frozen
class Offer:
    """A module as the resolver sees it."""

    name: str
    version: str
    requires: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()


@frozen
class _Gap:
    """A requirement that is not met."""

    module: str
    requirement: str
    problem: str
    candidates: tuple[str, ...] = ()
    """Installed modules that would meet it."""

    def __str__(self) -> str:
        return _("{module} needs {requirement}, {problem}").format(
            module=self.module, requirement=self.requirement, problem=self.problem
        )


def enabling_order(
    wanted: Iterable[str],
    offers: Mapping[str, Offer],
    enabled: Collection[str],
    broken: Collection[str] = (),
) -> tuple[str, ...]:
    """Return the modules to enable in the order in which to do it: what is needed first, then by name.

    Args:
        wanted: Modules asked for; each has an offer.
        offers: Everything installed, and what is enabled, by name.
        enabled: Modules that are enabled already.
        broken: Installed modules that cannot be loaded, for the explanation.

    Raises:
        RequirementsUnmet: With one chain a conflict and, where there is one, the command that would do.
    """
    asked = sorted(set(wanted))
    there = {*enabled, *asked}
    gaps = [gap for name in asked for gap in _gaps(name, offers, there, broken)]
    if gaps:
        chains = [_chain(gap, offers, there, broken) for gap in gaps]
        raise RequirementsUnmet(chains, _way_out(asked, offers, enabled, broken))
    return _topological(asked, offers, enabled)


def unmet(name: str, offers: Mapping[str, Offer], enabled: Collection[str]) -> tuple[str, bool]:
    """Say what a module needs and does not find among the enabled ones; empty when nothing.

    Returns:
        In words what is missing, and whether installed modules could provide all of it.
    """
    gaps = list(_gaps(name, offers, {*enabled, name}, ()))
    return "; ".join(map(str, gaps)), all(gap.candidates for gap in gaps)


def way_out(name: str, offers: Mapping[str, Offer], enabled: Collection[str]) -> str:
    """Return the command that enables a module with what it needs; what to install when that is not enough."""
    return _way_out([name], offers, enabled, ())


def unmet_by_kernel(offer: Offer) -> str:
    """Say when a module needs another API version than this one's; empty when it does not."""
    gaps = (_kernel_gap(offer.name, text) for text in offer.requires if _split(text)[0] == KERNEL)
    return "; ".join(str(gap) for gap in gaps if gap)


def still_needed(
    going: Collection[str], offers: Mapping[str, Offer], enabled: Collection[str]
) -> dict[str, str]:
    """Return the enabled modules that could not stay without those that go: name to what they need, in words."""
    staying = set(enabled) - set(going)
    needed = {}
    for name in sorted(staying):
        before = {gap.requirement for gap in _gaps(name, offers, enabled, ())}
        lost = [gap for gap in _gaps(name, offers, staying, ()) if gap.requirement not in before]
        if lost:
            needed[name] = "; ".join(
                _("{module} needs {requirement} of {provider}").format(
                    module=name,
                    requirement=gap.requirement,
                    provider=", ".join(sorted(set(gap.candidates) & set(going))),
                )
                for gap in lost
            )
    return needed


def providers(capability: str, offers: Mapping[str, Offer]) -> tuple[str, ...]:
    """Return the modules that provide a capability, by name."""
    return tuple(sorted(name for name, offer in offers.items() if capability in offer.provides))


def _gaps(
    name: str, offers: Mapping[str, Offer], there: Collection[str], broken: Collection[str]
) -> Iterator[_Gap]:
    for text in offers[name].requires if name in offers else ():
        if text.startswith(CAPABILITY):
            gap = _capability_gap(name, text, offers, there)
        elif _split(text)[0] == KERNEL:
            gap = _kernel_gap(name, text)
        else:
            gap = _module_gap(name, text, offers, there, broken)
        if gap is not None:
            yield gap


def _capability_gap(name: str, text: str, offers: Mapping[str, Offer], there: Collection[str]) -> _Gap | None:
    would = providers(text.removeprefix(CAPABILITY), offers)
    if set(would) & set(there):
        return None
    if not would:
        return _Gap(name, text, _("which no installed module provides"))
    told = _("which no enabled module provides; {modules} would").format(modules=", ".join(would))
    return _Gap(name, text, told, would)


def _kernel_gap(name: str, text: str) -> _Gap | None:
    if (problem := _fits(text, API_VERSION)) is None:
        return None
    return _Gap(name, text, problem or _("and this is API version {version}").format(version=API_VERSION))


def _module_gap(
    name: str, text: str, offers: Mapping[str, Offer], there: Collection[str], broken: Collection[str]
) -> _Gap | None:
    other = _split(text)[0]
    if other not in offers:
        told = _("which cannot be loaded") if other in broken else _("which is not installed")
        return _Gap(name, text, told)
    offer = offers[other]
    if (problem := _fits(text, offer.version)) is not None:
        return _Gap(name, text, problem or _("and it is {version}").format(version=offer.version))
    if other in there:
        return None
    return _Gap(name, text, _("which is installed but not enabled"), (other,))


def _split(text: str) -> tuple[str, str]:
    match = _REQUIREMENT.match(text)
    return (match[1], match[2]) if match else ("", text)


def _fits(text: str, version: str) -> str | None:
    """Return None when a version is within the range, an empty text when not, else what cannot be read."""
    try:
        return None if SpecifierSet(_split(text)[1]).contains(Version(version), prereleases=True) else ""
    except InvalidSpecifier:
        return _("which cannot be read; a range looks like erp>=1,<2")
    except InvalidVersion:
        return _("and {version} is no version that can be compared").format(version=version)


def _chain(gap: _Gap, offers: Mapping[str, Offer], there: Collection[str], broken: Collection[str]) -> str:
    """Tell a gap and, where one module alone could fill it, what that one lacks in turn."""
    told, known = [str(gap)], {gap.module}
    while len(gap.candidates) == 1 and gap.candidates[0] not in known:
        known.add(gap.candidates[0])
        further = list(_gaps(gap.candidates[0], offers, there, broken))
        if not further:
            break
        gap = further[0]
        told.append(str(gap))
    return "; ".join(told)


def _way_out(
    asked: Sequence[str], offers: Mapping[str, Offer], enabled: Collection[str], broken: Collection[str]
) -> str:
    """Return the command that would do, when installed modules can fill every gap."""
    going = set(asked)
    while gaps := [
        gap for name in sorted(going) for gap in _gaps(name, offers, going | set(enabled), broken)
    ]:
        if not all(gap.candidates for gap in gaps):
            lacking = next(gap for gap in gaps if not gap.candidates)
            return _(
                "install a package that meets {requirement}; fenbu modules shows what is installed"
            ).format(requirement=lacking.requirement)
        going.add(gaps[0].candidates[0])
    return "fenbu enable " + " ".join(_topological(sorted(going), offers, enabled))


def _topological(
    names: Sequence[str], offers: Mapping[str, Offer], enabled: Collection[str]
) -> tuple[str, ...]:
    """Order by need, then by name; a circle is refused."""
    waits = {name: _needed_first(name, names, offers, enabled) for name in names}
    ready = [name for name in names if not waits[name]]
    heapq.heapify(ready)
    ordered: list[str] = []
    while ready:
        ordered.append(heapq.heappop(ready))
        for name in names:
            if ordered[-1] in waits[name]:
                waits[name].discard(ordered[-1])
                if not waits[name]:
                    heapq.heappush(ready, name)
    if left := [name for name in names if name not in ordered]:
        told = _("{modules} need each other, so none of them can be the first").format(
            modules=", ".join(left)
        )
        raise RequirementsUnmet((told,), _("one of the packages must drop its requirement"))
    return tuple(ordered)


def _needed_first(
    name: str, names: Sequence[str], offers: Mapping[str, Offer], enabled: Collection[str]
) -> set[str]:
    needed: set[str] = set()
    for text in offers[name].requires:
        if text.startswith(CAPABILITY):
            would = set(providers(text.removeprefix(CAPABILITY), offers))
            if not would & set(enabled):
                needed |= would & set(names)
        else:
            needed |= {_split(text)[0]} & set(names)
    return needed - {name}
