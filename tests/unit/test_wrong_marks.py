"""Whatever a mark is given: a need, or an error that says which mark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import SettingError
from harness.plan.need import Need, need_from_marks

from ..generated import examples
from ..wrong_input import names, values


@dataclass
class Mark:
    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


class Hostile:
    """Everything that can be asked of it fails."""

    def _fail(self, *_: object) -> Any:
        raise RuntimeError("no")

    __repr__ = __str__ = __eq__ = __bool__ = __len__ = __iter__ = __hash__ = __format__ = _fail


class HostileText(str):
    """Text whose representation fails."""

    def __repr__(self) -> str:
        raise RuntimeError("no")

    __str__ = __repr__


class HostileMapping(Mapping[str, str]):
    """A mapping that cannot be read."""

    def __getitem__(self, key: str) -> str:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        yield "A"

    def __len__(self) -> int:
        return 1


odd = st.one_of(
    values,
    st.builds(Hostile),
    st.builds(HostileMapping),
    st.just("app").map(HostileText),
    st.sampled_from([b"bytes", object, "a\0b"]),
    st.just(5000).map(lambda digits: 10**digits),
)
environments = st.dictionaries(
    names | st.sampled_from([1, None, "A=B", "A\0B"]) | st.just("A").map(HostileText),
    odd,
    max_size=3,
)
marks = st.builds(
    Mark,
    st.sampled_from(["app", "services", "db"]),
    st.lists(odd | st.sampled_from(["app", "db"]), max_size=3).map(tuple),
    st.fixed_dictionaries(
        {}, optional={"env": environments | odd, "isolation": odd, "port": odd, "\ud800": odd}
    ),
)


def need(*marks: Mark) -> Need | str:
    """Return what marks come to, or the message that says why nothing."""
    try:
        found = need_from_marks(marks, {"app": "app", "db": "db"})
    except SettingError as error:
        return str(error)
    assert hash(found) == hash(found)
    return found


@examples(200)
@given(st.lists(marks, min_size=1, max_size=3))
def test_marks_are_understood_or_refused(marks: list[Mark]) -> None:
    found = need(*marks)

    if isinstance(found, str):
        assert found.startswith("@pytest.mark.")
        assert found.isprintable() or "\n" in found
        found.encode()
    else:
        for service, variables in found.environment:
            assert service in found.services
            for name, value in variables:
                assert "\0" not in f"{name}{value}"
                f"{name}={value}".encode()


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        (Mark("app", (Hostile(),), {}), "takes no positional argument, found a Hostile"),
        (Mark("services", (HostileText("x"), Hostile()), {}), "found a Hostile"),
        (Mark("app", (), {"env": Hostile()}), "env must be a mapping"),
        (Mark("app", (), {"env": HostileMapping()}), "env cannot be read"),
        (Mark("app", (), {"env": {"A": Hostile()}}), "env['A'] must be text or a number"),
        (Mark("app", (), {"env": {"A": 10**5000}}), "env['A']"),
        (Mark("app", (), {"env": {"A": "a\0b"}}), "env['A'] must be UTF-8 text without NUL"),
        (Mark("app", (), {"env": {"A": "\ud800"}}), "env['A']"),
        (Mark("app", (), {"env": {"A\0": "x"}}), "is no variable's name"),
        (Mark("app", (), {"isolation": Hostile()}), "isolation must be fresh, reset or shared"),
        (Mark("app", (), {"env": {"A_TOKEN": ["hunter2"]}}), "found a list"),
        (Mark("app", (), {"env": 0}), "env must be a mapping"),
    ],
)
def test_what_a_mark_cannot_take_is_named(mark: Mark, message: str) -> None:
    told = need(mark)

    assert isinstance(told, str)
    assert message in told
    assert f"@pytest.mark.{mark.name}" in told
    assert "hunter2" not in told
