"""fenbu (分步): a back office that an enterprise switches on one module at a time.

Everything a module's author needs can be imported from here; names are loaded when first used,
because the command line passes through this file and must not pay for what it does not need.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"
API_VERSION = "1.0"
"""Version of the language (PEP 440); a manifest's ``requires`` may bound it as ``fenbu>=1,<2``."""

_HOMES = {
    "Action": "actions",
    "Actor": "work",
    "Call": "calls",
    "CallDone": "calls",
    "CallFailed": "calls",
    "CallRequest": "calls",
    "CallUnknown": "calls",
    "Check": "metrics",
    "Column": "views",
    "Completeness": "completeness",
    "Counted": "completeness",
    "Enterprise": "work",
    "Exporter": "exporting",
    "FenbuError": "errors",
    "Finding": "metrics",
    "Importer": "importing",
    "Lane": "events",
    "Lifecycle": "lifecycle",
    "Manifest": "manifest",
    "Metric": "metrics",
    "Money": "values",
    "Permanent": "errors",
    "Personal": "values",
    "Profile": "importing",
    "Refusal": "hooks",
    "Refused": "errors",
    "Secret": "settings",
    "Settings": "settings",
    "Span": "exporting",
    "Subscription": "manifest",
    "Transition": "lifecycle",
    "View": "views",
    "Work": "work",
    "event": "events",
    "hookimpl": "hooks",
    "hookspec": "hooks",
}

__all__ = [
    "API_VERSION",
    "Action",
    "Actor",
    "Call",
    "CallDone",
    "CallFailed",
    "CallRequest",
    "CallUnknown",
    "Check",
    "Column",
    "Completeness",
    "Counted",
    "Enterprise",
    "Exporter",
    "FenbuError",
    "Finding",
    "Importer",
    "Lane",
    "Lifecycle",
    "Manifest",
    "Metric",
    "Money",
    "Permanent",
    "Personal",
    "Profile",
    "Refusal",
    "Refused",
    "Secret",
    "Settings",
    "Span",
    "Subscription",
    "Transition",
    "View",
    "Work",
    "__version__",
    "event",
    "hookimpl",
    "hookspec",
]

if TYPE_CHECKING:
    from fenbu.actions import Action
    from fenbu.calls import Call, CallDone, CallFailed, CallRequest, CallUnknown
    from fenbu.completeness import Completeness, Counted
    from fenbu.errors import FenbuError, Permanent, Refused
    from fenbu.events import Lane, event
    from fenbu.exporting import Exporter, Span
    from fenbu.hooks import Refusal, hookimpl, hookspec
    from fenbu.importing import Importer, Profile
    from fenbu.lifecycle import Lifecycle, Transition
    from fenbu.manifest import Manifest, Subscription
    from fenbu.metrics import Check, Finding, Metric
    from fenbu.settings import Secret, Settings
    from fenbu.values import Money, Personal
    from fenbu.views import Column, View
    from fenbu.work import Actor, Enterprise, Work


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'fenbu' has no attribute {name!r}")
    value = getattr(import_module(f"fenbu.{home}"), name)
    globals()[name] = value
    return value
