"""A saved plan: what was looked at, so that exactly this is applied or nothing."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from attrs import frozen

from fenbu.engine.rollout import file as files
from fenbu.engine.rollout.digests import text_digest
from fenbu.engine.rollout.document import of_plan
from fenbu.engine.rollout.errors import StalePlan
from fenbu.engine.rollout.file import RolloutFile
from fenbu.engine.rollout.plan import Plan
from fenbu.errors import BadFile
from fenbu.i18n import _

SCHEMA = "fenbu.plan/1"


@frozen(kw_only=True)
class SavedPlan:
    """What applying needs to know of a plan that was looked at before."""

    path: str
    """Of the rollout file."""
    file_digest: str
    digest: str
    serial: int
    expires_at: datetime
    stage: str | None
    through: str | None

    def file(self) -> RolloutFile:
        """Read the rollout file that it was made of.

        Raises:
            StalePlan: It has changed since, or is gone.
        """
        try:
            found = files.read(self.path)
        except BadFile as error:
            raise StalePlan(_("{file}: {problem}").format(file=self.path, problem=error.problem)) from None
        if text_digest(found.text) != self.file_digest:
            raise StalePlan(_("{file} has changed since").format(file=self.path))
        return found

    def refuse_expired(self, now: datetime) -> None:
        """Refuse a plan whose time is over.

        Raises:
            StalePlan: It has expired.
        """
        if now >= self.expires_at:
            raise StalePlan(
                _("it expired at {moment}").format(moment=f"{self.expires_at:%Y-%m-%d %H:%M} UTC")
            )


def save(plan: Plan, path: Path) -> None:
    """Write a plan to a file, whole or not at all.

    Raises:
        BadFile: It cannot be written.
    """
    body = {"schema": SCHEMA, **of_plan(plan), "file": str(Path(plan.path).absolute())}
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_text(
            json.dumps(body, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8"
        )
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise BadFile(str(path), error.strerror or str(error)) from None


def saved(path: Path | str) -> SavedPlan | None:
    """Return the plan that a file holds; None when it holds something else, as a rollout file.

    Raises:
        BadFile: It is JSON, and no plan of this version.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None  # read as a rollout file, which tells what is wrong
    if not text.lstrip().startswith("{"):
        return None
    try:
        told = json.loads(text)
        if told.get("schema") != SCHEMA:
            raise ValueError(told.get("schema"))
        return _read(told)
    except (ValueError, KeyError, TypeError, AttributeError):
        problem = _("this is no plan that fenbu plan --out has written")
        raise BadFile(str(path), problem, way_out=_("make it anew: fenbu plan --out FILE")) from None


def _read(told: dict[str, Any]) -> SavedPlan:
    return SavedPlan(
        path=str(told["file"]),
        file_digest=str(told["file_digest"]),
        digest=str(told["digest"]),
        serial=int(told["serial"]),
        expires_at=datetime.fromisoformat(told["expires_at"]),
        stage=told["stage"],
        through=told["through"],
    )
