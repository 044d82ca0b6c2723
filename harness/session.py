"""One pytest session: the compose files, what they name, and the stacks of its tests."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from harness.bridge import (
    has_fixtures,
    is_skipped,
    only_known_fixtures,
    run_before_function_fixtures,
)
from harness.chronicle import Chronicle
from harness.collected import CollectedTests
from harness.errors import (
    EngineUnavailableError,
    ServiceFailedError,
    SettingError,
    masked,
)
from harness.inquest import Inquest
from harness.interrupts import Interrupts
from harness.needs import Needs, place
from harness.observe.event import Kind
from harness.observe.journal import Journal
from harness.observe.logfiles import LogFiles
from harness.observe.tests import TestJournal
from harness.plan.need import Need
from harness.plan.need_checks import check_environment, check_names_a_service
from harness.wide_fixtures import WideFixtures
from harness.wider import leaves_node

if TYPE_CHECKING:
    import pytest

    from harness.console import Console
    from harness.container import Container
    from harness.getter import ContainerGetter, DockerProject
    from harness.lease.run import Run
    from harness.model.names import Naming
    from harness.secrets import Secrets
    from harness.settings import Settings
    from harness.source import Source
    from harness.stack.conduct import Conduct
    from harness.stack.fleet import Fleet
    from harness.stack.lease import Lease
    from harness.stack.yard import Yard

STACK_FIXTURE = "harness_stack"


@dataclass
class HarnessSession:
    """Joins the compose files, the tests' needs and the fleet.

    Attributes:
        settings: What the user chose.
        source: The compose files as written.
        naming: The Python names of services.
        markers: The service that each marker stands for.
        console: Where warnings go, and what the user must act on.
        registered: Gives the names of all markers, those of pytest and of plugins too.
        run: The run that this process is a part of.
        secrets: What must not be shown.
        journal: What happens, for whoever shows it.
    """

    settings: Settings
    source: Source
    naming: Naming
    markers: Mapping[str, str]
    console: Console
    registered: Callable[[], Collection[str]]
    run: Run
    secrets: Secrets
    journal: Journal

    def __post_init__(self) -> None:
        self._current: Lease | None = None
        self._conduct: Conduct | None = None
        self._own: Lease | None = None
        self._outside = 0
        self._process = os.getpid()
        self.interrupts = Interrupts()
        self.needs = Needs(self.markers)
        self.tests = CollectedTests(self.settings, self.source, self.needs)
        self.wide_fixtures = WideFixtures(self.settings, self.tests, self.run, lambda: self.fleet)
        self.told_tests = TestJournal(self.journal)
        self.chronicle = Chronicle(self.settings, self.run, self.journal)
        self.inquest = Inquest(
            self.journal,
            self.told_tests,
            LogFiles(self.settings.root, self.run.id),
            lambda: self.chronicle.folder,
        )

    @cached_property
    def fleet(self) -> Fleet:
        """All stacks of this session."""
        from harness.stack.fleet import Collected, Fleet

        return Fleet(
            self._open_yard,
            Collected(self.source.services.keys(), self.tests.needs),
            self.settings.isolation,
            self.settings.retry_start,
            self.journal,
            self.settings.fail_on,
        )

    def _open_yard(self) -> Yard:
        from harness.stack.yard import open_yard

        self.interrupts.install()
        yard = open_yard(
            self.settings, self.source, self.warn, self.run, self.journal, self.console.tell
        )
        self.secrets.know(yard.project)
        self.chronicle.write()
        return yard

    def warn(self, text: str) -> None:
        """Show a warning in pytest's summary of warnings."""
        self.journal.tell(Kind.WARNING, text=masked(text))
        self.console.warn(text)

    @cached_property
    def project(self) -> DockerProject:
        """The project that a test's ``docker_project`` is."""
        return self._project(self._lease_in_force)

    def set_up(self, item: pytest.Item) -> None:
        """Have a test's stack made before its fixtures; look again at its marks."""
        self._remove_what_was_given_back()
        self.inquest.begin(item)
        self.needs.add_markers(item)
        if has_fixtures(item) and self.needs.concerns(item):
            run_before_function_fixtures(item, STACK_FIXTURE)

    def begin(self, item: pytest.Item) -> Lease:
        """Lease services to a test, and bring up what it needs.

        Raises:
            HarnessError: The start failed.
        """
        self.told_tests.concerned()
        began = time.time()
        lease = self._lease(item)
        self._current = lease
        try:
            lease.up()
        except BaseException:
            self._current = None
            raise
        self._conduct = self.fleet.conduct(lease, lease.need.may_die, began)
        return lease

    def judge_services(self) -> None:
        """See what the services did while a test ran that passes by itself.

        Raises:
            ServiceFailedError: One did what it must not.
        """
        if self._conduct and (told := self._conduct.verdict()):
            raise ServiceFailedError(told, self._conduct.ended)

    def _lease(self, item: pytest.Item) -> Lease:
        need, bounds = self.needs.of(item), self.tests.wider.bounds(item)
        self.secrets.given(need.environment)
        check_environment(place(item), need, bounds, self.settings.attach, self.tests.graph)
        lease = self.fleet.lease(need, item.nodeid, bounds)
        self.inquest.concerns(lease)
        return lease

    def look_ahead(self) -> None:
        """Begin to start what the next tests need, while this one runs."""
        count = 1 if self.settings.ahead is None else self.settings.ahead
        coming = self.tests.next(count, self.run.worker)
        if "fleet" in self.__dict__:
            self.fleet.next_tests({item.nodeid for item in coming})
        for item in coming:
            if self._may_start_ahead(item):
                try:
                    need = self.needs.of(item)
                except SettingError:
                    continue  # told when the test runs
                if need and "fleet" in self.__dict__:
                    bounds = self.tests.wider.bounds(item)
                    self.fleet.start_ahead(need, bounds, item.nodeid)

    def _may_start_ahead(self, item: pytest.Item) -> bool:
        """Whether starting a test's services before its fixtures changes nothing for these."""
        if not has_fixtures(item) or is_skipped(item):
            return False
        return self.settings.ahead is not None or only_known_fixtures(item)

    def hold(self, request: pytest.FixtureRequest, service: str) -> Container:
        """Return a service's container for a fixture of a wider scope, for as long as that.

        All services of the test that live as long are brought up together.

        Raises:
            HarnessError: The start failed.
        """
        lease = self._lease(request._pyfuncitem)
        lease.up(at_least=self.wide_fixtures.hold(request))
        return self._getter(lease).get(service)

    def begin_without_fixtures(self, item: pytest.Item) -> None:
        """Begin a test of a kind that has no fixtures, if it is marked; it ends by itself.

        Raises:
            HarnessError: The start failed, or a mark has arguments that make no sense.
        """
        if not has_fixtures(item) and self.needs.of(item):
            self.begin(item)
            item.addfinalizer(lambda: self.end(item))

    @contextmanager
    def getter_of_its_own(self, fixture: str, node: str) -> Iterator[ContainerGetter]:
        """Give a getter over a stack of its own, which is gone when the context ends.

        Args:
            fixture: The name of the fixture that it is for.
            node: The id of the class or module that it is for, empty for the session.
        """
        lease = self.fleet.lease(Need(), f"{fixture} of {node or 'the session'}", own=True)
        try:
            with self.inquest.standing(fixture, lease):
                yield self._getter(lease)
        finally:
            lease.release()

    @contextmanager
    def outside_of_tests(self) -> Iterator[None]:
        """Have ``docker_project`` act on the session's own stack, also while a test runs."""
        self._outside += 1
        try:
            yield
        finally:
            self._outside -= 1

    def check_need(self, item: pytest.Item) -> None:
        """Check that a test which asks for containers names a service.

        Raises:
            NoServiceNamedError: It names none.
        """
        check_names_a_service(item.nodeid, self.needs.of(item), self.markers, self.source.services)

    def spare_services(self) -> None:
        """The test under way did not pass: whatever its services do adds nothing to that."""
        if self._conduct:
            self._conduct.spared = True

    def end(self, item: pytest.Item) -> None:
        """Take the test's services back.

        Raises:
            EngineUnavailableError: The engine went away with them, and the test had not noticed.
            ServiceFailedError: One did what it must not after the test had passed.
            HarnessError: State could not be put back.
        """
        lease, self._current = self._current, None
        conduct, self._conduct = self._conduct, None
        if lease:
            told = conduct.verdict() if conduct else ""
            lost = "" if self.inquest.disturbed else lease.lost_engine()
            self.fleet.hold_removals()  # a teardown that fails is to be looked into
            lease.release(reset=self.tests.following is not None or self.settings.keep)
            if self.wide_fixtures and leaves_node(item, self.tests.following):
                self.fleet.settle()  # fixtures that end now shall not meet a reset
            if lost:
                raise EngineUnavailableError(lost)
            if conduct and told:
                raise ServiceFailedError(told, conduct.ended)

    def reported(self) -> None:
        """All of a test has been reported: what it gave back may go."""
        wanted = self.settings.report is not None
        self._remove_what_was_given_back(self.inquest.log_of_all() if wanted else None)

    def _remove_what_was_given_back(self, first: Callable[[], None] | None = None) -> None:
        if "fleet" in self.__dict__:
            self.fleet.removals_go_on(first)

    def close(self) -> None:
        """Remove whatever is left.

        Raises:
            HarnessError: Something could not be removed. The rest is gone.
        """
        if os.getpid() != self._process:
            return  # a child that a test forked: what there is is its parent's
        self._current = self._own = None
        if "fleet" in self.__dict__:
            self.fleet.close()

    def left(self) -> list[str]:
        """Return what the run has left behind, as a look at its end has shown."""
        return self.fleet.left if "fleet" in self.__dict__ else []

    def _getter(self, lease: Lease) -> ContainerGetter:
        from harness.getter import ContainerGetter

        return ContainerGetter(self._project(lambda: lease))

    def _project(self, lease: Callable[[], Lease]) -> DockerProject:
        from harness.getter import DockerProject

        return DockerProject(
            lease,
            lambda image: self.fleet.yard("docker_project").images.remove(image),
            self._services_of,
        )

    def _lease_in_force(self) -> Lease:
        """Return the lease of the test that runs, else the session's own."""
        if self._current is not None and not self._outside:
            return self._current
        if self._own is None:
            self._own = self.fleet.lease(Need(), "the session", own=True)
            self.inquest.stands("docker_project", self._own)
        return self._own

    def _services_of(self, names: Iterable[str]) -> Iterator[str]:
        """Yield the services that names of services or markers stand for."""
        for name in names:
            if name in self.source.services:
                yield name
            elif name in self.markers:
                yield self.markers[name]
            elif name not in self.registered():
                yield name  # nobody's: told as an unknown service
