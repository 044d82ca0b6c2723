"""PostgreSQL as a process: its cluster is a copy of one that was made once."""

from __future__ import annotations

import hashlib
import os
import pwd
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from harness.errors import ExecutableError, SettingError
from harness.services.local.base import Asked, Launch, installed

_FOLDERS = ["/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin"]
# What the address of a Unix socket holds, on Linux (unix(7)) and on macOS.
_LONGEST_SOCKET = 103
# Nothing here outlives a test: durability is switched off.
_SETTINGS = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "jit=off")
_ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the official image's variables ask for (https://hub.docker.com/_/postgres)."""

    user: str
    password: str
    database: str
    method: str
    arguments: tuple[str, ...]

    @classmethod
    def of(cls, asked: Asked) -> _Wanted:
        environment = asked.environment
        user = _value(environment, "POSTGRES_USER") or "postgres"
        password = _value(environment, "POSTGRES_PASSWORD")
        method = environment.get("POSTGRES_HOST_AUTH_METHOD", "")
        if not password and method != "trust":
            raise SettingError(
                f"{asked.called} is to run as a PostgreSQL process and has no password. As for "
                f"the official image, set POSTGRES_PASSWORD in its `environment:`, or in "
                f"`x-harness: {{process: {{use: postgres, environment: {{…}}}}}}`."
            )
        return cls(
            user,
            password,
            _value(environment, "POSTGRES_DB") or user,
            method or "scram-sha-256",
            tuple(shlex.split(environment.get("POSTGRES_INITDB_ARGS", ""))),
        )


class Postgres:
    """The newest PostgreSQL of this machine.

    It refuses to run as root: there it runs as ``postgres``, or as ``nobody``.
    """

    name = "postgres"
    port = 5432
    signal = "SIGINT"  # "fast": it does not wait for its clients
    check = ("pg_isready", "--quiet")

    def launch(self, asked: Asked) -> Launch:
        """Copy the cluster, and say what to start."""
        server = installed("postgres", _FOLDERS, "postgresql", asked.called)
        wanted = _Wanted.of(asked)
        socket = f"{asked.data}/.s.PGSQL.{asked.port}"
        if len(socket.encode()) > _LONGEST_SOCKET:
            raise SettingError(
                f"{asked.called} would have its socket at {socket}, which is longer than "
                f"{_LONGEST_SOCKET} bytes. Set TMPDIR to a shorter path."
            )
        binaries = Path(server).resolve().parent
        if not (asked.data / "PG_VERSION").exists():
            template = _template(binaries, wanted, asked)
            _copy(template, asked.data)
        settings = (
            "listen_addresses=127.0.0.1",
            f"port={asked.port}",
            f"unix_socket_directories={asked.data}",
            *_SETTINGS,
        )
        command = [str(binaries / "postgres"), "-D", str(asked.data)]
        command += [word for setting in settings for word in ("-c", setting)]
        return Launch(
            [*_as_account(), *command],
            {
                "PGHOST": str(asked.data),
                "PGPORT": str(asked.port),
                "PGUSER": wanted.user,
                "PGDATABASE": wanted.database,
                "PGPASSWORD": wanted.password,
                "PATH": os.pathsep.join([str(binaries), os.environ.get("PATH", os.defpath)]),
            },
        )


def _value(environment: Mapping[str, str], name: str) -> str:
    """Return a variable, or the content of the file that it is to be read from."""
    if file := environment.get(f"{name}_FILE"):
        with suppress(OSError):
            return Path(file).read_text().strip()
    return environment.get(name, "")


def _template(binaries: Path, wanted: _Wanted, asked: Asked) -> Path:
    """Return a cluster to be copied; it is made once for each version, account and database."""
    version = _run([str(binaries / "postgres"), "--version"], asked.called).strip()
    account = _account()
    key = repr((version, str(binaries), wanted, _SETTINGS, account))
    cache = _cache()
    template = cache / f"postgres-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    if template.exists():
        return template
    with FileLock(f"{template}.lock"):
        if not template.exists():
            # where the other account can go: it cannot enter the home of root
            with tempfile.TemporaryDirectory(prefix="harness-postgres-") as folder:
                made = Path(folder) / "cluster"
                if account:
                    os.chown(folder, account.pw_uid, account.pw_gid)
                _make(binaries, wanted, made, asked.called)
                draft = template.with_suffix(".new")
                shutil.rmtree(draft, ignore_errors=True)
                _copy(made, draft)
                draft.rename(template)
    return template


def _make(binaries: Path, wanted: _Wanted, cluster: Path, called: str) -> None:
    """Make a cluster, as the official image does."""
    command = [str(binaries / "initdb"), "-D", str(cluster), f"--username={wanted.user}"]
    command += ["--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8"]
    command += ["--locale=C.UTF-8", "--wal-segsize=1", "--no-sync", *wanted.arguments]
    if wanted.password:
        password = cluster.with_name("password")
        password.touch(mode=0o600)
        password.write_text(f"{wanted.password}\n")
        if account := _account():
            os.chown(password, account.pw_uid, account.pw_gid)
        command += [f"--pwfile={password}"]
    else:
        command += ["--auth-host=trust"]
    _run([*_as_account(), *command], called)
    with (cluster / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all all {wanted.method}\n")
    if wanted.database != "postgres":
        quoted = '"' + wanted.database.replace('"', '""') + '"'
        server = [str(binaries / "postgres"), "--single", "-D", str(cluster), "postgres"]
        _run([*_as_account(), *server], called, f"CREATE DATABASE {quoted}\n")


def _account() -> pwd.struct_passwd | None:
    """Return the account that stands in for root; None for any other user."""
    if os.getuid() != 0:
        return None
    for name in _ACCOUNTS:
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise ExecutableError(f"PostgreSQL does not run as root, and there is no {_ACCOUNTS}")


def _as_account() -> list[str]:
    account = _account()
    if account is None:
        return []
    return [
        "setpriv",
        f"--reuid={account.pw_uid}",
        f"--regid={account.pw_gid}",
        "--clear-groups",
        "--",
    ]


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    cache = Path(base) / "pytest-compose-harness"
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    return cache


def _copy(source: Path, to: Path) -> None:
    """Copy a cluster, with the accounts that its files belong to."""
    to.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    _run(["cp", "-a", "--", str(source), str(to)], f"the copy {to}")


def _run(command: Sequence[str], called: str, given: str = "") -> str:
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, cwd="/", check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise ExecutableError(f"{called}: `{shlex.join(command)}` failed: {said}")
    return done.stdout
