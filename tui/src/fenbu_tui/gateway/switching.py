"""Switching modules: what it would bring, seen by a dry run, and the ways to do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fenbu.engine.catalog import resolver
from fenbu.engine.kernel import Performed
from fenbu.engine.store.errors import StoreError
from fenbu.errors import FenbuError
from fenbu.i18n import N_, _
from fenbu_tui.gateway.acting import ActingPart
from fenbu_tui.world.base import Act, Choice, Consequence, Question

WAYS = {
    "drain": (N_("Drain"), N_("finish what waits, and take nothing new on")),
    "park": (N_("Park"), N_("keep what waits, until it is enabled again")),
    "waive": (N_("Waive"), N_("give up what waits, by decision; it stands in the audit trail")),
}
"""What becomes of what waits for a module that is disabled."""


class SwitchingPart(ActingPart):
    """Enables, disables, upgrades and purges."""

    def switch(self, verb: str, names: Sequence[str]) -> Question:
        with self._reaching():
            return {
                "enable": self._enabling,
                "disable": self._disabling,
                "upgrade": self._upgrading,
                "purge": self._purging,
            }[verb](tuple(names))

    def _enabling(self, names: tuple[str, ...]) -> Question:
        together = self._with_what_they_need(names)
        title = _("Enable {modules}").format(modules=", ".join(together))
        values = {"modules": list(together)}
        added = [Consequence(_("enabled too, because it is needed: {module}").format(module=one))
                 for one in together if one not in names]  # fmt: skip
        told, possible = self._ahead("fenbu.module.enable", values)
        whole = Choice(
            label=_("Enable"),
            act=self._enable(together, values),
            told=_("in one transaction, whole or not at all"),
        )
        short = Choice(
            label=_("From now"),
            act=self._enable(together, values | {"history": "from_now"}),
            told=_("without reading what happened before"),
        )
        late = any(one.number not in ("", "0") and "catch" in one.text for one in told)
        choices = () if not possible else (whole, short) if late else (whole,)
        return Question(title=title, consequences=(*added, *told), choices=choices)

    def _with_what_they_need(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the modules with those that they need and that are installed, in order."""
        known = self._kernel.modules()
        command = [resolver.way_out(name, known.offers, known.on) for name in names if name in known.offers]
        ways = [
            one.removeprefix("fenbu enable ").split() for one in command if one.startswith("fenbu enable ")
        ]
        return tuple(dict.fromkeys([*(name for way in ways for name in way), *names]))

    def _enable(self, names: tuple[str, ...], values: Mapping[str, Any]) -> Act:
        command = ("enable", *names)
        if "history" in values:
            command = (
                "do",
                "fenbu.module.enable",
                *(f"--modules={one}" for one in names),
                "--history=from_now",
            )
        off = self._disable(names, "drain")
        return self._act(command, "fenbu.module.enable", values, _enabled, off)

    def _disabling(self, names: tuple[str, ...]) -> Question:
        told, possible = self._ahead("fenbu.module.disable", {"modules": list(names), "how": "park"})
        choices = tuple(
            Choice(label=_(label), act=self._disable(names, how), told=_(means))
            for how, (label, means) in WAYS.items()
        )
        title = _("Disable {modules}").format(modules=", ".join(names))
        kept = Consequence(_("every row is kept"))
        return Question(title=title, consequences=(*told, kept), choices=choices if possible else ())

    def _disable(self, names: tuple[str, ...], how: str) -> Act:
        values = {"modules": list(names), "how": how}
        return self._act(("disable", *names, "--how", how), "fenbu.module.disable", values, _disabled)

    def _upgrading(self, names: tuple[str, ...]) -> Question:
        values = {"modules": list(names)}
        told, possible = self._ahead("fenbu.module.upgrade", values)
        act = self._act(("upgrade", *names), "fenbu.module.upgrade", values, lambda _done: _("upgraded"))
        choices = (Choice(label=_("Upgrade"), act=act),) if possible else ()
        title = _("Upgrade {modules}").format(modules=", ".join(names))
        return Question(title=title, consequences=told, choices=choices)

    def _purging(self, names: tuple[str, ...]) -> Question:
        [name] = names
        with self._kernel.read() as work:
            file = f"{name}-{work.now:%Y%m%dT%H%M%SZ}.archive.jsonl.gz"
        values = {"module": name, "archive": file}
        told = [
            Consequence(_(one.text), one.number) for one in self._kernel.preview("fenbu.module.purge", values)
        ]
        told.append(Consequence(_("written to {file} first, and read back").format(file=file)))
        act = self._act(("purge", name, "--archive", file), "fenbu.module.purge", values,
                        lambda _done: _("purged; fenbu unarchive {file} brings it back").format(file=file))  # fmt: skip
        return Question(
            title=_("Purge {module}").format(module=name),
            consequences=tuple(told),
            choices=(Choice(label=_("Purge"), act=act),),
            typed=name,
        )

    def _ahead(self, action: str, values: Mapping[str, Any]) -> tuple[tuple[Consequence, ...], bool]:
        """Return what an action would bring, and whether a dry run went through; else why not."""
        told = [Consequence(_(one.text), one.number) for one in self._kernel.preview(action, values)]
        try:
            self._kernel.dry_run(action, values)
        except FenbuError as error:
            if isinstance(error, StoreError):
                raise
            refusal = [Consequence(_("it cannot be done: {why}").format(why=error))]
            if error.hint:
                refusal.append(Consequence(f"→ {error.hint}"))
            return (*refusal, *told), False
        return tuple(told), True


def _enabled(done: Performed) -> str:
    answer = done.answer
    if late := answer.get("catching_up"):
        told = _("{modules} is on and reads what happened before; a worker has to run")
        return told.format(modules=", ".join(late))
    names = answer.get("enabled") or answer.get("already") or ()
    return _("{modules} is on").format(modules=", ".join(names))


def _disabled(done: Performed) -> str:
    if draining := done.answer.get("draining"):
        return _("{modules} finishes what waits, then it is off").format(modules=", ".join(draining))
    return _("{modules} is off; every row is kept").format(
        modules=", ".join(done.answer.get("disabled") or ())
    )
