"""What the scripts here ask of the engine, over its API: the docker command may be missing.

ping                 exit 0: an engine answers. 10: nothing listens at the local default socket,
                     so one may be started there. 11: any other trouble. Prints where and why.
has IMAGE            exit 0 if the engine has it
pull IMAGE SECONDS   gives up once nothing has been heard for so many seconds
import FILE IMAGE    a file system, as a complete tar file, becomes IMAGE
leftovers PREFIX     prints what has a label that starts with it; exit 1 if a container is among it
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import docker
import docker.context
import docker.errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEFAULT_SOCKET = "unix:///var/run/docker.sock"
ANSWER_SECONDS = 10
MAY_BE_STARTED, TROUBLE = 10, 11


class SilenceError(Exception):
    """Nothing was heard for too long."""


def connect() -> docker.DockerClient:
    """Connect to DOCKER_HOST, else to the current docker context."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        os.environ.pop(name, None)  # requests prefers these to the engine's own CA
    return docker.from_env(timeout=ANSWER_SECONDS)


def endpoint() -> str:
    """Where `connect` looks for the engine."""
    if host := os.environ.get("DOCKER_HOST"):
        return host
    url = docker.context.ContextAPI.kwargs_from_context().get("base_url", DEFAULT_SOCKET)
    return str(url).replace("http+unix://", "unix://")


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the error and what led to it, the innermost last."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def ping() -> int:
    """Say whether an engine answers, and if not, whether one may be started."""
    try:
        connect().ping()
    except Exception as error:
        chain = list(causes(error))
        absent = any(isinstance(e, (FileNotFoundError, ConnectionRefusedError)) for e in chain)
        os_errors = [e for e in chain if isinstance(e, OSError) and e.strerror]
        reason = os_errors[-1].strerror if os_errors else str(error).splitlines()[0]
        print(f"{endpoint()}: {reason}")
        local = not os.environ.get("DOCKER_HOST") and endpoint() == DEFAULT_SOCKET
        return MAY_BE_STARTED if absent and local else TROUBLE
    return 0


def has(image: str) -> int:
    """Tell by the exit status whether the engine has the image."""
    try:
        connect().images.get(image)
    except docker.errors.ImageNotFound:
        return 1
    return 0


def pull(image: str, seconds: str) -> int:
    """Pull the image, as long as there is progress."""

    def silent(_signal: int, _frame: object) -> NoReturn:
        raise SilenceError(f"nothing heard from a registry for {seconds} s")

    signal.signal(signal.SIGALRM, silent)
    signal.alarm(int(seconds))
    try:
        for line in connect().api.pull(image, stream=True, decode=True):
            if "error" in line:
                raise docker.errors.APIError(line["error"])
            signal.alarm(int(seconds))
    except (SilenceError, docker.errors.DockerException) as error:
        print(error)
        return 1
    finally:
        signal.alarm(0)
    return 0


def import_(file: str, image: str) -> int:
    """Make an image of a tar file; the tag moves only once the engine has all of it."""
    repository, tag = image.split(":")
    connect().api.import_image_from_file(
        file, repository=repository, tag=tag, changes=['CMD ["bash"]']
    )
    return has(image)


def leftovers(prefix: str) -> int:
    """Print the containers, networks and volumes with such a label."""
    api: Any = connect().api
    found = {
        "container": api.containers(all=True),
        "network": api.networks(),
        "volume": api.volumes()["Volumes"] or [],
    }
    containers = 0
    for kind, things in found.items():
        for thing in things:
            labels = [
                f"{k}={v}" for k, v in (thing["Labels"] or {}).items() if k.startswith(prefix)
            ]
            if labels:
                name = thing.get("Name") or ",".join(thing["Names"])
                print(f"left behind: {kind} {name} {thing.get('Status') or ''} {' '.join(labels)}")
                containers += kind == "container"
    return 1 if containers else 0


VERBS: dict[str, Callable[..., int]] = {
    "ping": ping,
    "has": has,
    "pull": pull,
    "import": import_,
    "leftovers": leftovers,
}

if __name__ == "__main__":
    try:
        sys.exit(VERBS[sys.argv[1]](*sys.argv[2:]))
    except docker.errors.DockerException as error:
        print(error)
        sys.exit(TROUBLE)
