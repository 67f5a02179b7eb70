"""The suite itself: a class that an author's test class inherits from, one test a rule."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from fenbu.testing.conformance.faults import refuse
from fenbu.testing.conformance.rules import (
    importing,
    keeping,
    lifecycles,
    reading,
    references,
    settings,
    subscriptions,
    tables,
    texts,
)
from fenbu.testing.conformance.subject import Subject

if TYPE_CHECKING:
    from fenbu.engine.kernel import Kernel
    from fenbu.testing.enterprises import Drain, Enterprises


class Conformance:
    """Inherit from it, name the module, and run pytest."""

    module: ClassVar[str]
    """Name of the module, as in its entry point."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Modules that must be enabled with it."""
    foreign_topics: ClassVar[tuple[str, ...]] = ()
    """Topics it subscribes to whose contracts are not installed where it is tested."""

    def use(self, kernel: Kernel) -> None:
        """Do some business, so that there are rows to keep and to look at; nothing unless overridden."""

    @pytest.fixture
    def subject(self) -> Subject:
        """The module under test."""
        return _subject(self.module)

    @pytest.fixture
    def used(self, enterprise: Enterprises, drain: Drain) -> Kernel:
        """An enterprise in which the module is enabled and has done some business."""
        kernel = enterprise(*self.needs, self.module)
        self.use(kernel)
        drain(kernel)
        return kernel

    # --- declarations ---------------------------------------------------------------------------------

    def test_its_manifest_is_pure_data_that_imports_only_fenbu(
        self, subject: Subject, record_property: Any
    ) -> None:
        seen = importing.import_manifest(subject)
        record_property("manifest_ms", round(seen.ms, 1))
        print(f"importing the manifest of {self.module} took {seen.ms:.1f} ms")  # noqa: T201  (reported, not asserted)
        refuse("A manifest is pure data", importing.manifest_is_light(subject))

    def test_importing_it_opens_no_socket(self, subject: Subject) -> None:
        refuse("Importing a module opens no socket", importing.import_opens_no_socket(subject))

    def test_everything_its_manifest_names_is_there(self, subject: Subject) -> None:
        refuse("Every reference of the manifest resolves", references.references_resolve(subject))
        refuse("What is named is of its kind", references.parts_are_what_they_should_be(subject))
        refuse(
            "Documents that can be explained have views", references.explained_documents_have_views(subject)
        )

    def test_its_actions_take_their_inputs(self, subject: Subject) -> None:
        refuse("An action is a function of (work, values)", references.actions_fit(subject))

    def test_its_calls_importers_and_exporters_fit_what_they_are_given(self, subject: Subject) -> None:
        refuse("Calls take requests", references.calls_fit(subject))
        refuse("Importers and profiles agree", references.importers_fit(subject))
        refuse("Exporters write for a span of days", references.exporters_fit(subject))

    def test_its_subscriptions_read_events_that_exist(self, subject: Subject) -> None:
        refuse(
            "A subscription's topics are known", subscriptions.topics_are_known(subject, self.foreign_topics)
        )
        refuse("Handlers can read their events", subscriptions.handlers_fit(subject))
        refuse("Routes are declared by the event", subscriptions.routes_fit(subject))
        refuse("A module's events carry its name", subscriptions.own_events_fit(subject))

    def test_its_settings_have_defaults(self, subject: Subject) -> None:
        refuse("Every setting has a default", settings.settings_have_defaults(subject))

    def test_its_texts_are_marked_for_translation(self, subject: Subject) -> None:
        refuse("Texts are marked for translation", texts.texts_are_marked(subject))
        refuse("Translations can be shown", texts.catalogues_are_sound(subject))

    def test_in_its_lifecycles_terminal_states_are_final(self, subject: Subject) -> None:
        pytest.importorskip("hypothesis", reason="install hypothesis to walk the lifecycles")
        for lifecycle in subject.declared("lifecycles"):
            lifecycles.walk(lifecycle)

    # --- tables ---------------------------------------------------------------------------------------

    def test_its_tables_are_strict_exact_and_its_own(self, subject: Subject) -> None:
        refuse("Tables are strict, exact and the module's own", tables.tables_are_sound(subject))

    def test_its_migrations_make_its_tables_and_take_them_back(
        self, subject: Subject, enterprise: Enterprises
    ) -> None:
        with enterprise(*self.needs).database.migrate() as connection:
            found = list(tables.history_is_sound(subject, connection))
        refuse("Migrations make the declared tables and take them back", found)

    # --- at work --------------------------------------------------------------------------------------

    def test_disabled_and_enabled_again_it_has_every_row(self, subject: Subject, used: Kernel) -> None:
        refuse("Disabling keeps every row", keeping.rows_are_kept(subject, used))

    def test_its_views_can_be_paged_and_their_columns_fit(self, subject: Subject, used: Kernel) -> None:
        refuse("A view's columns are in its query", reading.views_fit(subject, used))
        refuse("Views can be read page by page", reading.views_can_be_paged(subject, used))

    def test_its_metrics_checks_and_exports_answer_in_an_enterprise_without_business(
        self, subject: Subject, enterprise: Enterprises
    ) -> None:
        empty = enterprise(*self.needs, self.module)
        refuse("Metrics answer when nothing has happened", reading.metrics_answer(subject, empty))
        refuse("Checks answer when nothing has happened", reading.checks_answer(subject, empty))
        refuse(
            "Completeness is counted when nothing has happened",
            reading.completeness_is_counted(subject, empty),
        )
        refuse("Exports are written when nothing has happened", reading.exports_write(subject, empty))

    def test_its_metrics_checks_and_exports_answer_after_some_business(
        self, subject: Subject, used: Kernel
    ) -> None:
        refuse("Metrics answer", reading.metrics_answer(subject, used))
        refuse("Checks find nothing wrong", reading.checks_answer(subject, used))
        refuse("Completeness is counted", reading.completeness_is_counted(subject, used))
        refuse("Exports are written line by line", reading.exports_write(subject, used))


@cache
def _cached(name: str, _code: str) -> Subject:
    return Subject(name)


def _subject(name: str) -> Subject:
    """Read a module once; anew where other code of that name is found."""
    from fenbu.testing.enterprises import fingerprint

    return _cached(name, fingerprint(name))
