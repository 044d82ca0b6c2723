"""A Docker Engine of a test's own, to be stopped, killed and filled up at will.

It lives in namespaces of its own: mounts, so that its data can be a tmpfs; network, so that it
cannot touch the addresses and the firewall of the machine's engine; processes, so that the end of
the first one ends dockerd, containerd, every shim and every container. That first process reads
a pipe from us, and ends with it: also when the tests are killed.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import IO, TYPE_CHECKING, Any

import psutil
import pytest

from harness.engine.client import connect, translated
from harness.errors import EngineUnavailableError

from ..eventually import eventually
from ..messages.project import IMAGE, engine

if TYPE_CHECKING:
    from docker import APIClient

_UP = 60  # seconds for dockerd to answer, or to end
_CGROUPS = Path("/sys/fs/cgroup")
# $0 is the folder for data, $1 the size of the tmpfs there. The shell waits for cat, and reaps
# what dockerd leaves behind.
_FIRST = 'ip link set lo up && mount -t tmpfs -o "size=$1" data "$0" && echo up && cat; exit 0'


def _as_root(*command: str | Path) -> list[str]:
    words = [str(word) for word in command]
    return words if os.geteuid() == 0 else ["sudo", "-n", *words]


class OwnEngine:
    """A second dockerd, with the image that the tests' services run.

    Attributes:
        host: Its address, as ``DOCKER_HOST`` gives it.
    """

    def __init__(self, folder: Path, size: str) -> None:
        """Make the namespaces; nothing answers before ``start``.

        Args:
            folder: Where its files go; short, for the path of a socket holds 107 characters.
            size: How much its data may take, as ``mount`` reads it.
        """
        self.host = f"unix://{folder}/docker.sock"
        self._folder = folder
        self._cgroup = f"harness-tests-{token_hex(4)}"
        self._client: APIClient | None = None
        (folder / "data").mkdir()
        (folder / "config.json").write_text("{}")
        unshare = ["unshare", "-m", "-n", "-p", "--fork", "--kill-child", "--mount-proc"]
        self._first = subprocess.Popen(
            _as_root(*unshare, "sh", "-c", _FIRST, folder / "data", size),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        said = _pipe(self._first.stdout).readline()
        assert said == "up\n", "no namespaces: these tests need root, or sudo without a password"
        self._dockerd: subprocess.Popen[bytes] | None = None

    @property
    def inside(self) -> list[str]:
        """What a command begins with that is to reach published ports: it stays this user's."""
        user = ["setpriv", f"--reuid={os.getuid()}", f"--regid={os.getgid()}", "--init-groups"]
        enter = _as_root("nsenter", f"--net=/proc/{self._inner}/ns/net")
        return enter if os.geteuid() == 0 else [*enter, *user, "env", *_environment()]

    @property
    def client(self) -> APIClient:
        """A client of it."""
        if self._client is None:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("DOCKER_HOST", self.host)
                self._client, _ = connect()
        return self._client

    @property
    def running(self) -> bool:
        return self._dockerd is not None

    @property
    def _inner(self) -> int:
        """The first process in the namespaces, by its id outside."""
        processes = psutil.Process(self._first.pid).children(recursive=True)
        return next(p.pid for p in processes if p.name() == "sh")

    def start(self) -> None:
        """Start dockerd, and wait until it answers."""
        folder = self._folder
        dockerd = ["dockerd", f"--host={self.host}", f"--group={os.getgid()}"]
        dockerd += [f"--data-root={folder}/data", f"--exec-root={folder}/exec"]
        dockerd += [f"--pidfile={folder}/pid", f"--cgroup-parent=/{self._cgroup}"]
        dockerd += [
            "--exec-opt=native.cgroupdriver=cgroupfs",
            f"--config-file={folder}/config.json",
        ]
        (folder / "pid").unlink(missing_ok=True)
        with (folder / "log").open("ab") as log:
            self._dockerd = subprocess.Popen(
                _as_root(*self._enter(), *dockerd), stdout=log, stderr=log
            )
        eventually(self._answers, timeout=_UP)

    def stop(self, signal: str = "TERM") -> None:
        """Have dockerd end its containers and itself, and wait until it has."""
        assert self._dockerd
        pid = (self._folder / "pid").read_text()
        subprocess.run(_as_root(*self._enter(), "kill", f"-{signal}", pid), check=True)
        self._dockerd.wait(_UP)
        self._dockerd = None

    def kill(self) -> None:
        """Kill dockerd; containers and containerd go on."""
        self.stop("KILL")

    def restart(self) -> None:
        """Stop dockerd and start it again."""
        self.stop()
        self.start()

    def load(self) -> None:
        """Take the image over from the machine's engine."""
        client: Any = self.client
        for said in client.load_image(b"".join(engine().get_image(IMAGE))):
            assert "error" not in said, said

    @contextmanager
    def disk_full(self) -> Iterator[None]:
        """Fill what is left of its disk, for as long as the context lasts."""
        rest = self._folder / "data" / "rest"
        fill = f"dd if=/dev/zero of={rest} bs=1M 2>/dev/null; dd if=/dev/zero bs=512 >>{rest}"
        subprocess.run(
            _as_root(*self._enter(), "sh", "-c", f"{fill} 2>/dev/null; true"), check=True
        )
        try:
            yield
        finally:
            subprocess.run(_as_root(*self._enter(), "rm", rest), check=True)

    def close(self) -> None:
        """End every process of it at once, and remove its files."""
        if self._client is not None:
            self._client.close()
        _pipe(self._first.stdin).close()
        _pipe(self._first.stdout).close()
        self._first.wait(_UP)
        if self._dockerd is not None:
            self._dockerd.wait(_UP)
        subprocess.run(_as_root("rm", "-rf", self._folder), check=True)
        # one hierarchy (cgroup v2), or one for each controller (v1)
        for cgroup in (_CGROUPS / self._cgroup, *_CGROUPS.glob(f"*/{self._cgroup}")):
            for path, _, _ in os.walk(cgroup, topdown=False):
                subprocess.run(_as_root("rmdir", path), check=True)

    def _enter(self) -> list[str]:
        return ["nsenter", f"--target={self._inner}", "--mount", "--net", "--pid"]

    def _answers(self) -> bool:
        assert self._dockerd
        log = self._folder / "log"
        assert self._dockerd.poll() is None, f"dockerd has ended: {log.read_text()[-2000:]}"
        with suppress(EngineUnavailableError), translated():
            return bool(self.client.ping())
        return False


def _environment() -> list[str]:
    """Return this process's variables, which sudo takes away, for ``env``."""
    return [f"{name}={value}" for name, value in os.environ.items()]


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
