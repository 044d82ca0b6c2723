"""The servers of the example shop, in stacks of a test's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.container import Container
from harness.engine.protocol import ExecSession
from harness.services.base import Technology, technology_of

from .lab import docker_client, docker_engine

SHOP = Path(__file__).parents[2] / "compose"


@contextmanager
def shop_image(name: str) -> Iterator[str]:
    """Build the image of one of the shop's services, under a name that goes again."""
    tag = f"harness-tests-{name}-{os.getpid()}:latest"
    client = docker_client()
    for said in client.build(path=str(SHOP / name), tag=tag, rm=True, decode=True):
        assert "error" not in said, said
    try:
        yield tag
    finally:
        # What it stands on stays, so that the next build is quick. The same image may have other
        # names, and containers of another process, which the engine minds unless forced.
        client.remove_image(tag, noprune=True, force=True)


@contextmanager
def resetting(container: Container) -> Iterator[Technology]:
    """Return what puts a container's state back."""
    technology = technology_of(docker_engine(), container.id)
    assert technology is not None
    try:
        yield technology
    finally:
        technology.close()


class Client:
    """A program that stays connected to a server, from a container of its own."""

    def __init__(self, container: Container, *command: str, **environment: str) -> None:
        self._session: ExecSession = docker_engine().open_exec(
            container.id, ["sh", "-c", '"$@" 2>&1; echo GONE', "sh", *command], "", environment
        )

    def say(self, line: str, answer: str) -> None:
        """Send a line, and wait until the answer comes."""
        self._session.write(f"{line}\n".encode())
        self.wait_for(answer)

    def wait_for(self, answer: str) -> str:
        """Wait for some output; return what came before it."""
        return self._session.read_until(answer.encode(), 20).decode()

    def close(self) -> None:
        self._session.close()
