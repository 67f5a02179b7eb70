"""The conformance suite: what every module must hold to, run by its author.

    from fenbu.testing.conformance import Conformance


    class TestTea(Conformance):
        module = "tea"

        def use(self, kernel: Kernel) -> None:
            kernel.perform("tea.pot.brew", {"pot": "P-1"})  # so that there are rows to keep and to look at

Each test is a rule of the house; a failure lists what was found, where, and what to do. The rules are functions
(`fenbu.testing.conformance.rules`) of a module's `Subject` that yield `Fault`s, and can be asked one by one.
"""

from fenbu.testing.conformance.faults import Fault
from fenbu.testing.conformance.subject import Subject
from fenbu.testing.conformance.suite import Conformance

__all__ = ["Conformance", "Fault", "Subject"]
