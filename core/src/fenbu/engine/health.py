"""Health: the kernel's own checks, and how much waits for a worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import exists, func, select

from fenbu.engine.catalog import resolver
from fenbu.engine.flows import admin, books
from fenbu.engine.flows.standing import standing, waits
from fenbu.engine.guard import audit
from fenbu.engine.problems import open_problems
from fenbu.engine.store.tables import call, delivery, event, event_about, subscription
from fenbu.i18n import N_, _, ngettext
from fenbu.metrics import Check, Finding, Health
from fenbu.values import from_microseconds
from fenbu.work import Work

_NAMED = 5
_COUNTED = 10_000


def _verdict(wrong: Sequence[str], counted: int, well: str) -> Finding:
    if not wrong:
        return Finding(Health.OK, well, counted)
    more = _(" and {count} more").format(count=len(wrong) - _NAMED) if len(wrong) > _NAMED else ""
    return Finding(Health.FAILED, "; ".join(wrong[:_NAMED]) + more, counted)


def _books(work: Any) -> Finding:
    """Published and replayed = done + waiting + scheduled + held + dead + skipped + unread, by subscription."""
    kept = books.balance(work.connection)
    wrong = [
        _("{name}: {difference:+d} deliveries without a reason").format(
            name=one.subscription, difference=one.difference
        )
        for one in kept
        if one.difference
    ]
    published = sum(one.published for one in kept)
    told = _("all {count} deliveries are accounted for")
    return _verdict(wrong, published, told.format(count=f"{published:,}"))


def _references(work: Work) -> Finding:
    """Rows of the flows that point at nothing: no foreign key watches them on the way of every order."""
    wrong = []
    questions = (
        (_("deliveries of no event"), delivery, event.c.seq == delivery.c.seq),
        (_("deliveries of no subscription"), delivery, subscription.c.id == delivery.c.subscription),
        (_("documents told of by no event"), event_about, event.c.seq == event_about.c.seq),
    )
    for title, table, told_of in questions:
        stray = select(func.count()).select_from(table).where(~exists().where(told_of))
        if count := work.execute(stray).scalar_one():
            wrong.append(f"{count} {title}")
    counted = work.execute(select(func.count()).select_from(event)).scalar_one()
    return _verdict(
        wrong, counted, _("{count} events, nothing points at nothing").format(count=f"{counted:,}")
    )


def _audit(work: Work) -> Finding:
    """The chain of hashes over the audit trail, recomputed."""
    verdict = audit.verify(work.connection)
    if verdict.broken_at is not None:
        told = _("the chain breaks at seal {seal}; rows up to {row} are as they were written")
        return Finding(Health.FAILED, told.format(seal=verdict.broken_at, row=verdict.sealed_to))
    told = _("sealed up to row {row}").format(row=verdict.sealed_to)
    if verdict.unsealed_since is not None:
        minutes = int((work.now - from_microseconds(verdict.unsealed_since)).total_seconds() // 60)
        since = _("{count} rows since then are not sealed yet, the oldest {minutes} min old")
        told = f"{told}, {since.format(count=verdict.unsealed, minutes=max(0, minutes))}"
    return Finding(Health.OK, told, verdict.sealed_to + verdict.unsealed)


def _dead(work: Work) -> Finding:
    """Deliveries and calls that wait for a person."""
    found = admin.dead(work.connection, limit=_COUNTED)
    wrong = [f"{one.subscription}/{one.seq} ({one.key}): {one.reason}" for one in found]
    stuck = select(call.c.id, call.c.operation, call.c.error).where(call.c.state == "dead").limit(_COUNTED)
    wrong += [f"{row.operation} {row.id}: {row.error or ''}" for row in work.execute(stuck)]
    return _verdict(wrong, len(wrong), _("no delivery and no call is dead"))


def _subscriptions(work: Work) -> Finding:
    """Subscriptions that stopped by themselves."""
    states = select(subscription.c.name, subscription.c.state, subscription.c.reason)
    rows = work.execute(states).all()
    wrong = [f"{row.name}: {row.reason or row.state}" for row in rows if row.state == "tripped"]
    told = ngettext(
        "{count} subscription, none has tripped", "{count} subscriptions, none has tripped", len(rows)
    )
    return _verdict(wrong, len(rows), told.format(count=len(rows)))


def _modules(work: Any) -> Finding:
    """Every module that is on can be loaded, and has what it needs."""
    known = work.transaction.assembly.known
    on = [module for module in known.by_name.values() if module.on]
    loaded = work.transaction.assembly.modules
    wrong = [
        f"{module.name}: {module.state} – {module.reason or module.advice}"
        for module in on
        if not module.runs or module.name not in loaded
    ]
    told = ngettext("{count} module is on and works", "{count} modules are on and work", len(on))
    return _verdict(wrong, len(on), told.format(count=len(on)))


def _requirements(work: Any) -> Finding:
    """What each enabled module needs of others is there: capabilities, modules, versions."""
    known = work.transaction.assembly.known
    gaps = {name: resolver.unmet(name, known.offers, known.on)[0] for name in sorted(known.on)}
    wrong = [f"{name}: {gap}" for name, gap in gaps.items() if gap]
    return _verdict(wrong, len(gaps), _("everything that modules need of each other is there"))


def _problems(work: Work) -> Finding:
    """Problems of modules that nobody has settled."""
    found = open_problems(work.connection)
    wrong = [f"{one.module}: {one.kind} {one.subject}: {one.detail}" for one in found]
    return _verdict(wrong, len(found), _("no problem is open"))


def _worker(work: Any) -> Finding:
    """Somebody delivers what waits."""
    found = standing(work.connection, work.now)
    if not found.waiting:
        return Finding(Health.OK, _("nothing waits"))
    if found.attended:
        return Finding(
            Health.OK, _("{count} wait and a worker is at it").format(count=found.waiting), found.waiting
        )
    return Finding(Health.FAILED, waits(found), found.waiting)


def _check(name: str, title: str, run: Any, repair: str) -> Check:
    return Check(name=f"fenbu.{name}", title=title, run=run, repair=repair)


CHECKS: tuple[Check, ...] = (
    _check(
        "modules", N_("Modules that are on work"), _modules, N_("fenbu modules says what to do about each")
    ),
    _check(
        "requirements",
        N_("Modules have what they need of each other"),
        _requirements,
        N_("enable or install what is missing, or disable what needs it"),
    ),
    _check(
        "problems",
        N_("No problem of a module is open"),
        _problems,
        N_("fenbu show fenbu.problems; when it is settled: fenbu do fenbu.problem.clear"),
    ),
    _check(
        "books",
        N_("Every delivery is accounted for"),
        _books,
        N_("stop the workers, keep the database as it is and report it: this must not happen"),
    ),
    _check(
        "references",
        N_("Nothing in the flows points at nothing"),
        _references,
        N_("stop the workers, keep the database as it is and report it: this must not happen"),
    ),
    _check(
        "dead",
        N_("No delivery or call is dead"),
        _dead,
        N_("fenbu flows dead lists them; then fenbu flows retry or fenbu flows skip"),
    ),
    _check(
        "subscriptions",
        N_("No subscription has tripped"),
        _subscriptions,
        N_("find what fails (fenbu flows dead), then fenbu flows resume NAME"),
    ),
    _check("worker", N_("Somebody delivers what waits"), _worker, N_("start a worker: fenbu worker")),
    _check(
        "audit",
        N_("The audit trail is as it was written"),
        _audit,
        N_("compare with the last backup: somebody has changed rows that never change"),
    ),
)
"""The kernel's own checks."""
