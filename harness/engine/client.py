"""Reaching the Docker Engine: ``DOCKER_HOST``, else the current docker context."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from harness.engine.advice import LOOK, advised
from harness.errors import ContainerGoneError, EngineRefusedError, EngineUnavailableError

if TYPE_CHECKING:
    from docker import APIClient

OLDEST_API = (1, 40)
_FIRST_ANSWER = 15  # seconds for an engine to say its version
_LATER_ANSWERS = 120  # seconds for anything else: stopping a container takes its grace period


def connect() -> tuple[APIClient, str]:
    """Connect to the engine; return the client and the host that the engine's address names.

    Raises:
        EngineUnavailableError: No engine answers there, or it is too old.
    """
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    where, options = _endpoint()
    try:
        client, host = _client(options), host_of(where)
    except (DockerException, RequestException, OSError, ValueError) as error:
        raise EngineUnavailableError(
            f"wanted a Docker Engine at {where}, but none answers: {_reason(error)}. "
            f"Start it (`sudo systemctl start docker`, or Docker Desktop), or set DOCKER_HOST."
        ) from None
    client.timeout = _LATER_ANSWERS
    version = str(client.api_version)
    if tuple(int(part) for part in version.split(".")) < OLDEST_API:
        raise EngineUnavailableError(
            f"the engine at {where} speaks API {version}; 1.40 (Docker 19.03) or later is wanted"
        )
    return client, host


def _client(options: Mapping[str, Any]) -> APIClient:
    """Return a client that has asked the engine for its version."""
    import docker

    oldest = ".".join(map(str, OLDEST_API))
    client: Any = docker.APIClient(
        version=oldest, timeout=_FIRST_ANSWER, max_pool_size=64, **options
    )
    _use_our_sockets(client)
    # The SDK's certificates are its own: REQUESTS_CA_BUNDLE and proxies are for other hosts, and
    # looking them up costs a third of each call. With version="auto" the first call is made by
    # the constructor, before this can be said.
    client.trust_env = False
    client._version = client._retrieve_server_version()
    return cast("APIClient", client)


def _use_our_sockets(client: Any) -> None:
    from docker.transport import UnixHTTPAdapter

    theirs = getattr(client, "_custom_adapter", None)
    if isinstance(theirs, UnixHTTPAdapter):
        from harness.engine.unix_socket import SocketAdapter

        client._custom_adapter = SocketAdapter(
            f"http+unix://{theirs.socket_path}", theirs.timeout, max_pool_size=theirs.max_pool_size
        )
        client.mount("http+docker://", client._custom_adapter)


@contextmanager
def translated() -> Iterator[None]:
    """Turn the SDK's errors into ours."""
    from docker.errors import APIError, DockerException, NotFound
    from docker.utils.socket import SocketError
    from requests.exceptions import RequestException

    try:
        yield
    except NotFound as error:
        raise ContainerGoneError(error.explanation or str(error)) from None
    except APIError as error:
        raise EngineRefusedError(advised(error.explanation or str(error))) from None
    except DockerException as error:
        raise EngineRefusedError(str(error)) from None
    except (RequestException, SocketError, OSError) as error:
        raise EngineUnavailableError(
            f"the Docker Engine does not answer any more: {_reason(error)}. {LOOK}"
        ) from None


def _endpoint() -> tuple[str, dict[str, Any]]:
    """Return the engine's address, and the arguments for a client of it."""
    if named := os.environ.get("DOCKER_HOST"):
        from docker.utils import kwargs_from_env

        return named, dict(kwargs_from_env())
    from docker.context import ContextAPI

    context = ContextAPI.get_current_context()
    where = str(context.Host) if context else "unix:///var/run/docker.sock"
    # the SDK spells the local socket http+unix://
    where = where.replace("http+unix://", "unix://")
    options: dict[str, Any] = {"base_url": where}
    if context and context.TLSConfig:
        options["tls"] = context.TLSConfig
    return where, options


def host_of(address: str) -> str:
    """Return the host that an engine's address names; ``""`` for a socket or a pipe."""
    parts = urlsplit(address)
    return (parts.hostname or "") if parts.scheme in {"tcp", "http", "https", "ssh"} else ""


def resolved(host: str) -> list[str]:
    """Return the addresses that a host name has here, those of IPv4 first."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    return [*dict.fromkeys(str(entry[4][0]) for entry in found)]


def _reason(error: BaseException) -> str:
    """Return the innermost cause: the SDK wraps it several times."""
    text = str(error)
    for cause in (
        "Connection refused",
        "No such file or directory",
        "Permission denied",
        "Remote end closed connection without response",
        "Connection reset by peer",
        "Broken pipe",
        "Read timed out",
    ):
        if cause in text or cause.replace(" ", "") in text:
            return cause.lower()
    return text.strip().splitlines()[0] if text.strip() else type(error).__name__
