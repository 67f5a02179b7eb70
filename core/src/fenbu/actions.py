"""Actions: verbs that an operator, a script or an importer may perform.

One declaration gives the command, the form and, later, the route. The input is a pydantic model (not
a table) named by string, so that a manifest stays pure data.
"""

from __future__ import annotations

from attrs import field, frozen


@frozen(kw_only=True)
class Action:
    """A verb with its input, its permission and what a face must know to offer it."""

    name: str
    """``<module>.<noun>.<verb>``, as typed in ``fenbu do``."""
    title: str
    input: str
    """``"package.module:Model"``: a pydantic model; types, help, limits."""
    run: str
    """``"package.module:function"`` of ``(work, input)``; answers a JSON-able mapping, attrs value or None."""
    help: str = ""
    permission: str = field()
    """Permission the actor needs; the action's own name unless said otherwise."""
    view: str | None = None
    """View whose rows the action acts on."""
    subject: str | None = None
    """Field of the input that holds the number of the document acted on."""
    verb: str | None = None
    """Verb of the document's lifecycle, so that a face knows when to offer the action."""
    lifecycle: str | None = None
    """``"package.module:LIFECYCLE"`` to which the verb belongs."""
    dangerous: bool = False
    """Has consequences that cannot be undone by another action; faces ask first."""
    preview: str | None = None
    """``"package.module:function"`` of ``(work, input)`` giving the consequences in words and numbers."""

    @permission.default
    def _own_name(self) -> str:
        return self.name


@frozen
class Consequence:
    """One line of a preview: what will happen, to how much."""

    text: str
    number: str = ""
