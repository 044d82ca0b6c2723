"""A compose file that is edited while a run is under way."""

from __future__ import annotations

from ..messages.project import FOREVER, IMAGE, Project

TESTS = """
import pathlib

FILE = pathlib.Path(__file__).parent / "compose" / "app.yml"


def edit():
    FILE.write_text(FILE.read_text().replace("app:", "other:"))


@pytest.mark.app
def test_first(): pass

def test_that_edits(): edit()

@pytest.mark.app
def test_last(container_getter):
    assert container_getter.get("app").status == "running"
"""
EDIT_FIRST = """
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.name != "test_that_edits")
"""


def test_what_was_read_for_the_first_service_holds_for_the_run(project: Project) -> None:
    project.services(f"app: {{image: {IMAGE}, command: {FOREVER}}}")
    project.test(TESTS)

    assert project.run().passed


def test_an_edit_before_the_first_service_starts_is_told(project: Project) -> None:
    project.services(f"app: {{image: {IMAGE}, command: {FOREVER}}}")
    project.test(TESTS)
    project.write("conftest.py", EDIT_FIRST)

    outcome = project.run()

    assert "1 passed, 2 errors" in outcome.text
    for message in outcome.messages.values():
        assert "compose/app.yml changed after the tests were collected" in message
        assert "Run again." in message
