"""A plan for people: a tree of stages with what would be done, what guards them and what they come to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from fenbu.cli.branches import Branch
from fenbu.i18n import N_, _, ngettext

if TYPE_CHECKING:
    from fenbu.engine.rollout.ahead import Ahead
    from fenbu.engine.rollout.by_hand import Drifted
    from fenbu.engine.rollout.carrying_out import Happened
    from fenbu.engine.rollout.guards import GateLine, Guards
    from fenbu.engine.rollout.plan import Plan, PlannedStep, StagePlan
    from fenbu.engine.rollout.rolling_back import BackPlan
    from fenbu.engine.rollout.taking_back import TakingBack
    from fenbu.engine.stages.lock import Held
    from fenbu.engine.stages.records import Step

_SIGNS = {
    "upgrade": ("↑", "yellow"),
    "enable": ("+", "green"),
    "set": ("~", "yellow"),
    "disable": ("-", "red"),
}
_OUTCOMES = {"pass": ("✔", "green"), "fail": ("✖", "red"), "inconclusive": ("?", "yellow")}
_STANDINGS = {
    N_("waiting"): "○",
    N_("applied"): "●",
    N_("half-applied"): "◐",
    N_("half rolled back"): "◐",
    N_("rolled back"): "○",
}
IN_FLIGHT = {
    "refuse": N_("refused while work is in flight"),
    "drain": N_("what waits is finished first"),
    "park": N_("what waits is kept for later"),
    "waive": N_("what waits is given up"),
}
"""What a policy of taking back does with work in flight, in words."""
_FEW = 6


def stages(planned: Sequence[StagePlan]) -> list[Branch]:
    """Return stages of a plan as branches."""
    return [_stage(stage) for stage in planned]


def half_done(plan: Plan) -> str:
    """Say in one line what has not come to its end; nothing when all has."""
    if plan.unfinished is None:
        return ""
    told = {
        "apply": _("◐ {stage} is half-applied; applying goes on with it"),
        "rollback": _("◐ {stage} is half rolled back; fenbu rollback {stage} goes on"),
    }[plan.unfinished.verb]
    return told.format(stage=plan.unfinished.stage)


def held_text(held: Held, held_for: str) -> str:
    """Say in one line who holds the lock, dead or alive."""
    told = _("◐ {operator} holds the lock for {age} ({verb}, process {pid} on {host})")
    if held.dead:
        told = _("✖ {operator}'s process has died and left the lock ({verb}, {pid} on {host}, {age} ago)")
    return told.format(operator=held.operator, age=held_for, verb=held.verb, pid=held.pid, host=held.host)


def taken_back(made: BackPlan) -> list[Branch]:
    """Return what taking a stage back would do as branches."""
    branches = [*map(step_branch, made.steps), *consequences(made.ahead)]
    if not made.steps:
        branches.append(Branch(_("nothing of it is left; it is only written down")))
    return [*branches, Branch(_("every row is kept"))]


def happened_text(happened: Happened) -> str:
    """Say in one line what has happened while a plan was carried out, or rehearsed."""
    words = {
        "lock-taken-over": _("the lock was {note}'s, whose process has died; taken over"),
        "copied": _("copied in {note} s"),
        "begun": _("{stage}: begun"),
        "gone-on": _("{stage}: going on where it was left"),
        "step-begun": _("{stage}: {n} of {steps}, {step} …"),
        "step-done": _("{stage}: {n} of {steps}, {step} ✔"),
        "done": _("{stage}: done ✔"),
        "reading": _("{stage}: {note} reads what happened before …"),
        "delivered": ngettext("{stage}: {n} delivery", "{stage}: {n} deliveries", happened.n),
    }
    step = step_text(happened.step) if happened.step else ""
    stage = happened.stage or _("before")
    n = f"{happened.n:,}"
    return words[happened.event].format(stage=stage, n=n, steps=happened.steps, step=step, note=happened.note)


def drifted(plan: Plan) -> list[Branch]:
    """Return what was changed by hand as branches."""
    found = [Branch(drift_text(one), "yellow") for one in plan.drift]
    if plan.unplanned:
        found.append(
            Branch(_("on, and not in the file: {modules}").format(modules=", ".join(plan.unplanned)))
        )
    return found


def drift_text(one: Drifted) -> str:
    """Say in one line what was changed by hand."""
    if one.kind == "module":
        states = {"on": _("on"), "off": _("off")}
        return _("{module} is {found}, and the plan says {planned}").format(
            module=one.module, found=states[one.found], planned=states[one.planned]
        )
    return _("{setting} is {found}, and the plan says {planned}").format(
        setting=f"{one.module}.{one.name}", found=value(one.found), planned=value(one.planned)
    )


def value(given: Any) -> str:
    """Write a setting's value; of one that nobody has set, that it is the default."""
    import json

    return _("default") if given is None else json.dumps(given, ensure_ascii=False)


def gate(line: GateLine, *, brief: bool = False) -> Branch:
    """Return a gate with its reading; of one whose turn has not come, the outcome alone."""
    reading = line.reading
    sign, colour = _OUTCOMES[str(reading.outcome)]
    text = f"{sign} {line.stage} {line.key}  {line.name} {reading.wanted}: {_(str(reading.outcome))}"
    if brief:
        return Branch(text, "dim")
    text += f", {reading.told}"
    if reading.samples > 1:
        text += _(" ({count} readings)").format(count=reading.samples)
    if reading.dry_run:
        text += _("; decides nothing (dry run)")
    below = []
    if line.override is not None:
        told = _("overridden by {operator}: {reason}")
        below.append(
            Branch(told.format(operator=line.override.operator, reason=line.override.reason), "yellow")
        )
    elif line.stops and reading.todo:
        below.append(Branch(f"→ {reading.todo}"))
    return Branch(text, colour if not reading.dry_run else "dim", below)


def _stage(stage: StagePlan) -> Branch:
    does = {
        "": _("as the file says") if stage.standing == "applied" else "",
        "apply": _("to be applied") if stage.chosen else _("later"),
        "update": _("to be set right"),
    }[stage.change]
    head = f"{_STANDINGS[stage.standing]} {stage.name}  {stage.title}"
    state = ", ".join(part for part in (_(stage.standing), does) if part)
    below: list[Branch] = []
    if stage.change:
        below += [step_branch(one) for one in stage.steps]
        if not stage.steps:
            below.append(Branch(_("its modules are on and set already; it is only written down")))
        below += consequences(stage.ahead) if stage.chosen else _migrations(stage.ahead)
        below += guards(stage.guards, brief=not stage.chosen)
        if stage.taking_back:
            below.append(Branch(rolling_back(stage.taking_back)))
    return Branch(f"{head} ({state})", "bold" if stage.chosen else "", below)


def step_text(step: Step) -> str:
    """Say a step in short."""
    words = {
        "upgrade": _("upgrade {modules}"),
        "enable": _("enable {modules}"),
        "set": _("set {modules}"),
        "disable": _("disable {modules}"),
    }
    return words[step.kind].format(modules=", ".join(step.modules))


def step_branch(planned: PlannedStep) -> Branch:
    """Return a step with its settings before and after."""
    step = planned.step
    sign, colour = _SIGNS[step.kind]
    text = f"{sign} {step_text(step)}"
    if step.kind == "disable":
        ways = {
            "drain": _("finish what waits"),
            "park": _("keep what waits"),
            "waive": _("give up what waits"),
        }
        text += f" ({ways.get(step.how, _('refused while work is in flight'))})"
    below = [
        Branch(
            f"{name}: {value(planned.shown(name, 'before'))} → {value(planned.shown(name))}",
        )
        for name in (*step.settings, *step.reset)
    ]
    kinds = {"catch_up": _("reads what has happened"), "from_now": _("begins with now")}
    below += [Branch(f"{name} {kinds[kind]}") for name, kind in step.history.items()]
    return Branch(text, colour, below)


def consequences(ahead: Ahead) -> Iterator[Branch]:
    """Yield what steps bring, take away and touch."""
    yield from _migrations(ahead)
    for one in filter(lambda read: read.events, ahead.history):
        told = ngettext(
            "{subscription} reads {count} event that it missed, about {seconds} s",
            "{subscription} reads {count} events that it missed, about {seconds} s",
            one.events,
        )
        yield Branch(
            told.format(
                subscription=one.subscription,
                count=f"{one.events:,}",
                seconds=f"{max(1, round(one.seconds)):,}",
            )
        )
    if ahead.permissions:
        yield Branch(_("new permissions: {names}").format(names=_few(ahead.permissions)))
    for sign, hooks in (("+", ahead.hooks_gained), ("-", ahead.hooks_lost)):
        if hooks:
            yield Branch(_("hooks {sign} {names}").format(sign=sign, names=_few(hooks)))
    for sign, flows in (("+", ahead.flows_gained), ("-", ahead.flows_lost)):
        arrows = dict.fromkeys(f"{flow.module} → {flow.subscription}" for flow in flows)
        if arrows:
            yield Branch(_("flows {sign} {names}").format(sign=sign, names=_few(tuple(arrows))))
    for told in ahead.unmet:
        yield Branch(f"✖ {told}", "red")
    for touched in ahead.in_flight:
        what = _("in flight of {module}: {count} {kind}").format(
            module=touched.module, count=touched.count, kind=touched.kind
        )
        goes = _("goes on the old way") if touched.stays else _("is left by the module")
        yield Branch(f"⚠ {what} ({goes})", "yellow")


def _migrations(ahead: Ahead) -> Iterator[Branch]:
    by_module: dict[str, list[str]] = {}
    for one in ahead.migrations:
        if not one.unsafe and not one.irreversible:
            by_module.setdefault(one.module, []).append(one.name)
    for module, names in by_module.items():
        told = _("migrations of {module}, safe: {names}")
        yield Branch(told.format(module=module, names=_few(names)))
    for one in ahead.migrations:
        if one.unsafe:
            told = _("migration {name} of {module} is unsafe beside daily work: {why}")
            yield Branch(f"⚠ {told.format(name=one.name, module=one.module, why=one.unsafe)}", "yellow")
        if one.irreversible:
            told = _("migration {name} of {module} cannot be undone: {why}")
            yield Branch(f"⚠ {told.format(name=one.name, module=one.module, why=one.irreversible)}", "yellow")


def guards(found: Guards, *, brief: bool) -> Iterator[Branch]:
    """Yield what guards a stage: gates, then the yeses that it needs."""
    yield from (gate(line, brief=brief) for line in found.gates)
    for need in found.approvals:
        sign, colour = ("✔", "green") if not need.missing else ("?", "yellow")
        told = _("{sign} approval by {layer}: {got} of {wanted}").format(
            sign=sign, layer=need.layer, got=len(need.by), wanted=need.wanted
        )
        names = _(" ({names})").format(names=", ".join(need.by)) if need.by else ""
        yield Branch(f"{told}{names}", colour)


def rolling_back(found: TakingBack) -> str:
    """Say in one line what rolling a stage back would do."""
    parts = []
    if found.modules:
        off = _("switch {modules} off, {way}")
        parts.append(off.format(modules=", ".join(found.modules), way=_(IN_FLIGHT[found.in_flight])))
    if found.settings:
        parts.append(_("set {settings} back").format(settings=_few(found.settings)))
    if found.upgraded:
        parts.append(_("leave {modules} at the newer version").format(modules=", ".join(found.upgraded)))
    does = "; ".join(parts) or _("change nothing")
    return _("a rollback would {does}; every row is kept").format(does=does)


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_FEW])
    left = len(names) - _FEW
    return shown if left <= 0 else shown + _(" and {count} more").format(count=left)
