"""Whatever a compose file holds: an error of the harness's own, or none."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given

from harness.errors import HarnessError, SettingError
from harness.markers import marker_lines, service_markers
from harness.model.names import name_services
from harness.opening import header
from harness.plan.checks import check_dependencies
from harness.plan.extension import check_extension
from harness.source import discover

from ..generated import examples
from ..wrong_input import ODDITIES, files, folders, put


def peek_into(folder: Mapping[str, bytes]) -> None:
    """Do with compose files what is done before Compose is asked."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        put(root, folder)
        source = discover(root)
        if source is None:
            return
        naming = name_services(source.services, {"request"})
        markers, without = service_markers(naming, {"skip"}, frozenset())
        assert [*marker_lines(source, markers, without, frozenset())]
        assert [*header(source, naming, (), verbose=True)]
        for service in source.services.values():
            check_extension(service)
        check_dependencies(source)


@examples(200)
@given(files())
def test_a_file_is_read_or_refused(text: bytes) -> None:
    with suppress(HarnessError):
        peek_into({"a.yml": text})


@examples(100)
@given(folders)
def test_files_that_belong_together_are_read_or_refused(folder: Mapping[str, bytes]) -> None:
    with suppress(HarnessError):
        peek_into(folder)


@pytest.mark.parametrize("text", ODDITIES, ids=range(len(ODDITIES)))
def test_an_oddity_is_read_or_refused(text: bytes) -> None:
    with suppress(HarnessError):
        peek_into({"a.yml": text})
    with suppress(HarnessError):
        peek_into({"c.yml": text, "a.yml": b"include: [c.yml]\nservices: {app: {image: x}}\n"})


def test_a_whole_number_of_thousands_of_digits_is_no_duration() -> None:
    text = "services:\n  a:\n    image: x\n    x-harness: {ready: {timeout: " + "9" * 5000 + "}}\n"

    with pytest.raises(SettingError, match=r"a\.yml:4: x-harness.ready.timeout must be a duration"):
        peek_into({"a.yml": text.encode()})
