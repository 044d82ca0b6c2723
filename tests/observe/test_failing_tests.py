"""What a failing test's report tells of its services, in real containers."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from harness.observe.event import Event, Kind
from harness.observe.reading import read

from ..messages.project import FOREVER, IMAGE, Project

SECRET = "hunter2-but-much-longer"
# `go NAME` has a service do what its command waits for; `ended` waits until it has ended
HEAD = """
from eventually import eventually

def go(service):
    service.container.exec(["touch", "/go"])

def ended(service):
    eventually(lambda: service.container.status == "exited")

"""
WAIT = "while ! test -e /go; do sleep 0.05; done"
# asks for 1 MiB after another
HUNGRY = "exec perl -e 'my $$x; while (1) { $$x .= q(a) x 1048576 }'"


def section(report: str) -> str:
    """Return what the section on the services says."""
    _, found, rest = report.partition(" services -")
    assert found, report
    return re.split(r"^[-=]{3,} .* [-=]{3,}$", rest.partition("\n")[2], flags=re.MULTILINE)[0]


def told(project: Project, kind: Kind) -> list[Event]:
    """Return the events of a kind that a conftest has kept of the run's journal."""
    files = project.root.glob("kept-*.jsonl")
    return [event for file in files for event in read(file) if event.kind == kind]


KEEP = """
from harness.plugin import SESSION

def pytest_sessionstart(session):
    journal = session.config.stash[SESSION].journal
    name = f"kept-{journal.worker or 'main'}.jsonl"
    file = (session.config.rootpath / name).open("w", buffering=1)
    session.config.add_cleanup(file.close)
    journal.subscribe(lambda event: file.write(event.line() + "\\n"))
"""


def test_services_that_die_are_told_with_all_that_they_wrote(project: Project) -> None:
    project.services(
        f"""
        postgres:
          image: {IMAGE}
          command: [sh, -c, "echo ready to accept; exec {FOREVER}"]
          environment: {{POSTGRES_PASSWORD: {SECRET}}}
        orders:
          image: {IMAGE}
          depends_on: [postgres]
          mem_limit: 16m
          memswap_limit: 16m
          environment: {{DB_PASSWORD: {SECRET}}}
          command:
            - sh
            - -c
            - |
              echo connecting with {SECRET}
              {WAIT}
              echo ERROR a large order
              {HUNGRY}
        mailer:
          image: {IMAGE}
          command: [sh, -c, "{WAIT}; echo no route >&2; exit 3"]
        """
    )
    project.write("conftest.py", KEEP)
    project.test(
        HEAD
        + """
@pytest.fixture
def fails_too():
    yield
    raise OSError("the teardown fails, too")

def test_memory(orders, fails_too):
    go(orders)
    ended(orders)
    assert not "an answer"

def test_exit(mailer):
    go(mailer)
    ended(mailer)
    raise OSError("no answer")

def test_no_services():
    assert 0

def test_killed_by_the_test(mailer):
    mailer.container.kill()
    assert 0

@pytest.fixture
def spoilt(orders):
    yield
    raise OSError("teardown fails")

def test_teardown(spoilt): pass

@pytest.mark.xfail
def test_expected(mailer): assert 0
"""
    )

    outcome = project.run("--junitxml=junit.xml")

    # what is known of the teardown, which fails too, is told already
    assert outcome.text.count("orders died (exit 137") == 1
    memory = section(outcome.reports["test_memory"])
    verdict, _, rest = memory.partition("\n")
    assert re.fullmatch(
        r"orders died \(exit 137, out of memory\) (\d\.\d s before|at) the assertion", verdict
    )
    log = re.findall(r"^(.) +[+-]\d+\.\d{3} (\w+) +\| (.*)$", rest, re.MULTILINE)
    assert (" ", "postgres", "ready to accept") in log
    assert (" ", "orders", "connecting with ***") in log
    assert (">", "orders", "ERROR a large order") in log
    assert log[-1] == (" ", "orders", "[died, exit 137, out of memory]")
    assert re.search(rf"^postgres  running, {IMAGE}, memory peak \d+\.\d MiB$", rest, re.MULTILINE)
    assert f"orders    exited (exit 137, out of memory), {IMAGE}" in rest

    exited = section(outcome.reports["test_exit"])
    assert re.match(r"mailer died \(exit 3\) (\d\.\d s before|at) the failure\n", exited)
    assert re.search(r"^> .* mailer \| \[died, exit 3\]$", exited, re.MULTILINE)
    assert "mailer | no route" in exited

    assert " services -" not in outcome.reports["test_no_services"]
    killed = section(outcome.reports["test_killed_by_the_test"])
    assert "died" not in killed
    assert "mailer | [ended by the test, exit 137]" in killed

    teardown = section(outcome.reports["test_teardown"])
    assert "orders   | connecting with ***" in teardown
    assert "postgres  running" in teardown
    assert "test_expected" not in outcome.reports

    # what junit.xml has, and the files of the whole logs
    failures = {
        case.get("name"): case.findtext("failure", "")
        for case in ET.parse(project.root / "junit.xml").iter("testcase")
        if case.find("failure") is not None
    }
    assert "orders died (exit 137, out of memory)" in failures["test_memory"]
    (file,) = re.findall(r"^The whole log: (\S+)$", memory, re.MULTILINE)
    assert "connecting with ***" in (project.root / file).read_text()

    # what the journal has
    (said,) = [e.data["lines"] for e in told(project, Kind.TEST_VERDICT) if "memory" in e.test]
    assert said == [verdict]
    logs = {e.test.partition("::")[2]: e.data for e in told(project, Kind.TEST_LOG)}
    assert {*logs} == {"test_memory", "test_exit", "test_killed_by_the_test", "test_teardown"}
    assert [line[2] for line in logs["test_memory"]["lines"] if line[3] == "anomaly"] == [
        "ERROR a large order"
    ]
    states = {e.test.partition("::")[2]: e.data["services"] for e in told(project, Kind.TEST_STATE)}
    assert states["test_memory"]["orders"]["exit_code"] == 137
    assert states["test_memory"]["orders"]["oom"]
    texts = [e.data.get("text", "") for e in told(project, Kind.TEST_PHASE)]
    assert not any("ready to accept" in text for text in texts)

    everything = outcome.text + (project.root / "junit.xml").read_text()
    everything += "".join(f.read_text() for f in project.root.glob("kept-*"))
    everything += "".join(f.read_text() for f in project.root.glob(".harness/logs/*/*"))
    assert SECRET not in everything
    assert "postgres" in everything


@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_shared_service_that_answers_with_errors_is_told_to_the_tests_that_were_there(
    project: Project, workers: str
) -> None:
    said = '10.0.0.1 - - [now] "GET /products?id=%s HTTP/1.1" 500 -'
    project.services(
        f"""
        catalog:
          image: {IMAGE}
          x-harness: {{isolation: shared}}
          command: [sh, -c, "touch /log; exec tail -f /log"]
        app:
          image: {IMAGE}
          command: [sh, -c, "echo hello; exec {FOREVER}"]
        """
    )
    project.write("conftest.py", KEEP)
    project.test(
        HEAD
        + f"""
LINE = {said!r}

def answers(catalog, number):
    line = LINE % number
    catalog.container.exec(["sh", "-c", f"echo '{{line}}' >> /log"])
    eventually(lambda: line in catalog.container.logs())

@pytest.mark.parametrize("number", range(3))
def test_it(catalog, number):
    for i in range(number):
        answers(catalog, f"{{number}}{{i}}")
    assert number == 0

def test_passes(app): pass
"""
    )

    outcome = project.run("-n", workers, "--harness-report=told")

    assert "2 failed, 2 passed" in outcome.text
    once, twice = (section(outcome.reports[f"test_it[{i}]"]) for i in (1, 2))
    assert once.startswith("catalog answered 500 once during this test (GET /products)\n")
    assert twice.startswith("catalog answered 500 twice during this test (GET /products)\n")
    assert "id=10" not in twice, "the slice of another test"
    assert once.count(" catalog | ") == 1
    logs = {e.test: [line[2] for line in e.data["lines"]] for e in told(project, Kind.TEST_LOG)}
    assert logs["test_it.py::test_passes"] == ["hello"], "a report is wanted"
    assert [len(lines) for _, lines in sorted(logs.items())] == [1, 2, 1]
