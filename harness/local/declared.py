"""What a class of process services declares: its port, and where it is written."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.process_service import ProcessService


class Port:
    """A class's port: on the class what was declared, on an instance where it listens."""

    def __init__(self, declared: int | None) -> None:
        """Take what the class declares."""
        self.declared = declared

    def __get__(self, instance: ProcessService | None, owner: type) -> Any:
        return self.declared if instance is None else instance.network_info[0].host_port

    def __set__(self, instance: ProcessService, value: int | None) -> None:
        instance._own_port = value


def declare_port(cls: type[ProcessService]) -> None:
    """Have instances of a class say where they listen, and not what the class declares."""
    declared = inspect.getattr_static(cls, "port")
    if not isinstance(declared, Port):
        setattr(cls, "port", Port(declared))  # noqa: B010 (to the type checker it is a number)


class Called:
    """What messages call a service: ``service Service2 (tests/conftest.py:12)``.

    The line is looked for when there is a message: that takes a parse of the whole file.
    """

    def __init__(self, cls: type, root: Path) -> None:
        """Take its class, and what the file is to be shown relative to."""
        self._cls = cls
        self._root = root

    def __str__(self) -> str:
        return f"service {self._cls.__name__} ({self._place()})"

    def _place(self) -> str:
        try:
            file = Path(inspect.getfile(self._cls))
            line = inspect.getsourcelines(self._cls)[1]
        except (OSError, TypeError):  # a class of a shell, for one
            return self._cls.__module__
        shown = file.relative_to(self._root) if file.is_relative_to(self._root) else file
        return f"{shown}:{line}"
