"""Reading a rollout file: TOML, then its shape, then what must hold between its parts; all faults at once.

Whether it fits the modules that are installed is asked by `fitting`, so that a file can be judged where they are not.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import tomli
from attrs import define, field
from pydantic import ValidationError

from fenbu.engine.rollout.faults import Fault, RolloutInvalid, located, refuse
from fenbu.engine.rollout.model import Rollout
from fenbu.engine.rollout.positions import Positions, positions_of
from fenbu.engine.rollout.rules import broken_rules
from fenbu.engine.rollout.shape import findings_of
from fenbu.errors import BadFile
from fenbu.i18n import _


@define
class RolloutFile:
    """The text of a rollout file and what it says."""

    path: str
    text: str
    """Byte for byte as it was read, ends of lines included."""
    document: Mapping[str, Any]
    """As TOML reads it; numbers with a point are exact."""
    rollout: Rollout | None = field(default=None)
    """None while it has faults of shape."""
    faults: list[Fault] = field(factory=list)
    """What is wrong with the file alone."""

    @cached_property
    def positions(self) -> Positions:
        """Where everything stands; scanned when it is first asked."""
        return positions_of(self.text)

    def checked(self) -> Rollout:
        """Return what the file says.

        Raises:
            RolloutInvalid: It has faults; all are named.
        """
        refuse(self.path, self.faults)
        if self.rollout is None:  # pragma: no cover - without faults there is a model
            raise RuntimeError("a rollout file without faults and without a model")
        return self.rollout


def read(path: Path | str) -> RolloutFile:
    """Read a rollout file, faults and all.

    Raises:
        BadFile: It cannot be read.
        RolloutInvalid: It is no TOML; line and column are named.
    """
    try:
        raw = Path(path).read_bytes()
        if raw.startswith(codecs.BOM_UTF8):
            told = _("it begins with a byte order mark, which TOML does not allow")
            raise BadFile(str(path), told, 1, 1, _("save it as UTF-8 without one"))
        return parse(raw.decode("utf-8"), str(path))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadFile(str(path), _("it is not written in UTF-8"), line) from None
    except OSError as error:
        told = (
            _("there is no such file")
            if isinstance(error, FileNotFoundError)
            else error.strerror or str(error)
        )
        raise BadFile(str(path), told) from None


def parse(text: str, path: str = "rollout.toml") -> RolloutFile:
    """Read the text of a rollout file, faults and all; otherwise as `read`."""
    try:
        document = tomli.loads(text, parse_float=Decimal)
    except tomli.TOMLDecodeError as error:
        fault = Fault(
            error.lineno, error.colno, "", _("this is no TOML: {problem}").format(problem=error.msg)
        )
        raise RolloutInvalid(path, fault.problem, fault.line, fault.column, "", (fault,)) from None
    found = RolloutFile(path, text, document)
    findings = list(broken_rules(document))
    try:
        found.rollout = Rollout.model_validate(document)
    except ValidationError as error:
        findings += findings_of(error)
    if findings:
        found.faults = located(findings, found.positions)
    return found
