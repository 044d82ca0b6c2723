"""Containers in which Python runs as on this machine, and which have the engine's socket."""

from __future__ import annotations

import io
import os
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import harness

from .lab import MADE_FOR, docker_client

SOCKET = "/var/run/docker.sock"
# Has the engine answer at the container's own address, which is not the engine's; says where.
_FORWARD = f"""
from tests.engine.proxy import engine_at
import signal, socket
with engine_at(socket.gethostbyname(socket.gethostname()), {SOCKET!r}) as where:
    print(where, flush=True)
    signal.pause()
"""
FORWARDING = (sys.executable, "-c", _FORWARD)
# what of the system programs need, save what stands at places of its own
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SETTINGS = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/passwd", "/etc/group")


class Inside:
    """Runs commands in containers that see this machine's programs, and little else."""

    def __init__(self, image: str, name: str) -> None:
        self._image = image
        self._name = name

    @contextmanager
    def started(
        self, command: Sequence[str], folder: Path, network: str = "bridge", **env: str
    ) -> Iterator[str]:
        """Start a command in a container of its own; yield its id.

        Args:
            command: The command.
            folder: Where it runs; it is there under the path that it has here.
            network: The network of the container.
            env: Further variables.
        """
        client: Any = docker_client()
        host = client.create_host_config(
            binds=[*_mounts(), f"{socket_of_engine()}:{SOCKET}", f"{folder}:{folder}"],
            network_mode=network,
            group_add=[str(Path(socket_of_engine()).stat().st_gid)],
        )
        created = client.create_container(
            self._image,
            [*command],
            environment={**_environment(folder), **env},
            host_config=host,
            labels={MADE_FOR: self._name},
            user=f"{os.getuid()}:{os.getgid()}",
            working_dir=str(folder),
        )
        try:
            client.start(created["Id"])
            yield created["Id"]
        finally:
            client.remove_container(created["Id"], force=True, v=True)


def ended(container: str) -> tuple[int, str]:
    """Wait until a container has ended; return its exit code and what it wrote."""
    client = docker_client()
    code: int = client.wait(container)["StatusCode"]
    return code, client.logs(container).decode(errors="replace")


@contextmanager
def made_inside(name: str) -> Iterator[Inside]:
    """Make the image of such containers; it is gone at the end, and holds next to nothing."""
    client: Any = docker_client()
    tag = f"harness-tests-{name}"
    client.import_image_from_data(_root(), repository=tag, tag="latest")
    try:
        yield Inside(f"{tag}:latest", name)
    finally:
        client.remove_image(f"{tag}:latest", force=True)


def _root() -> bytes:
    """Return a root file system of empty folders, and of this machine's links into /usr."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for path in map(Path, _SYSTEM):
            if path.is_symlink():
                link = tarfile.TarInfo(path.name)
                link.type, link.linkname = tarfile.SYMTYPE, str(path.readlink())
                archive.addfile(link)
        for name in ("etc", "proc", "sys", "dev", "run", "tmp", "usr", "var"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            archive.addfile(folder)
        link = tarfile.TarInfo("var/run")
        link.type, link.linkname = tarfile.SYMTYPE, "../run"
        archive.addfile(link)
    return file.getvalue()


def _mounts() -> list[str]:
    """Return what makes Python, the harness, Docker's command and Compose run in a container."""
    system = [Path(path) for path in _SYSTEM if not Path(path).is_symlink()]
    wanted = [*system, *map(Path, _SETTINGS), *_own()]
    there = sorted({path for path in wanted if path.exists()})
    tops = [p for p in there if not any(p.is_relative_to(q) for q in there if q != p)]
    return [f"{path}:{path}:ro" for path in tops]


def _own() -> list[Path]:
    python = Path(sys.executable).resolve()
    code = Path(harness.__file__).parents[1]
    paths = [Path(path) for path in sys.path if Path(path).is_dir()]
    return [Path(sys.prefix), Path(sys.base_prefix), python.parents[1], code, *paths, _docker()]


def _docker() -> Path:
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")


def _environment(folder: Path) -> Mapping[str, str]:
    passed_on = {key: os.environ[key] for key in ("LD_LIBRARY_PATH",) if key in os.environ}
    return {
        **passed_on,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(Path(harness.__file__).parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(folder),
        "DOCKER_CONFIG": str(_docker()),
    }


def socket_of_engine() -> str:
    """Return the path of the engine's socket on its machine."""
    named = urlsplit(os.environ.get("DOCKER_HOST") or "")
    return named.path if named.scheme == "unix" else SOCKET
