"""Redis, or Valkey: all keys of all databases."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar, cast

from harness.engine.protocol import Engine
from harness.errors import ResetError
from harness.services.endpoint import connect
from harness.services.redis_login import listening_port, password
from harness.services.resp import Argument, Reply, ReplyError, Resp

T = TypeVar("T")
_SCANNED = 1000  # keys looked at in one step
_FOR_EVER, _GONE = -1, -2  # what PTTL says of a key without a time, and of one that is not there


@dataclass(frozen=True, slots=True)
class _Key:
    database: int
    name: bytes
    left: int  # milliseconds to live; 0: for ever
    value: bytes  # as DUMP gives it


class Redis:
    """The keys of a Redis server, with the time that each had left. Connections stay."""

    name = "redis"

    def __init__(self, engine: Engine, container: str) -> None:
        self._engine = engine
        self._container = container
        self._connection: Resp | None = None
        self._levels: dict[int, list[_Key]] = {}

    def save(self, level: int) -> frozenset[str]:
        """Remember all keys."""
        with self._told("remember its keys"):
            keys = self._ask(_dump)
        self.forget(level)
        self._levels[level] = keys
        return frozenset()

    def restore(self, level: int) -> frozenset[str]:
        """Put the keys back; loaded scripts and functions stay as they are."""
        with self._told("put its keys back"):
            if level not in self._levels:
                raise ReplyError(f"nothing was remembered at level {level}")
            keys = self._levels[level]
            self._ask(lambda server: _refill(server, keys))
        return frozenset()

    def forget(self, level: int) -> None:
        """Drop what was remembered at this level and above."""
        self._levels = {known: keys for known, keys in self._levels.items() if known < level}

    def close(self) -> None:
        """Close the connection."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _ask(self, work: Callable[[Resp], T]) -> T:
        """Do something over the connection; over a new one if the server closed the old."""
        if self._connection:
            try:
                return work(self._connection)
            except OSError:
                self.close()
        self._connection = self._open()
        return work(self._connection)

    def _open(self) -> Resp:
        seen = self._engine.snapshot(self._container)
        port = listening_port(self._engine.top(self._container))
        server = Resp(connect(self._engine, seen, port))
        try:
            server.ask("PING")
        except ReplyError as error:
            secret = password(self._engine, seen)
            if not str(error).startswith("NOAUTH") or secret is None:
                server.close()
                raise
            server.ask("AUTH", secret)
        return server

    @contextmanager
    def _told(self, wanted: str) -> Iterator[None]:
        try:
            yield
        except (ReplyError, OSError) as error:
            self.close()
            seen = self._engine.snapshot(self._container)
            raise ResetError(
                f"service {seen.service!r} (container {seen.name}, Redis): wanted to {wanted}, "
                f"but: {error}. Where this cannot be mended, name a command that does it: "
                f"`x-harness: {{reset: [command]}}`."
            ) from None


def _databases(server: Resp) -> list[int]:
    """Return the numbers of the databases that hold keys."""
    told = cast(bytes, server.ask("INFO", "keyspace"))
    return [int(number) for number in re.findall(rb"^db(\d+):", told, re.MULTILINE)]


def _dump(server: Resp) -> list[_Key]:
    keys = []
    for database in _databases(server):
        server.ask("SELECT", database)
        names = list(_names(server))
        values = server.ask_all([("DUMP", name) for name in names])
        times = server.ask_all([("PTTL", name) for name in names])
        for name, value, left in zip(names, values, cast("list[int]", times), strict=True):
            # one that expired since has no value, or no time, any more
            if value is not None and left != _GONE:
                lasting = 0 if left == _FOR_EVER else max(1, left)
                keys.append(_Key(database, name, lasting, cast(bytes, value)))
    return keys


def _names(server: Resp) -> Iterator[bytes]:
    """List the keys of the selected database; SCAN may name one twice."""
    cursor, seen = b"0", set[bytes]()
    while True:
        cursor, names = cast(
            "tuple[bytes, list[bytes]]", server.ask("SCAN", cursor, "COUNT", _SCANNED)
        )
        yield from (name for name in dict.fromkeys(names) if name not in seen)
        seen.update(names)
        if cursor == b"0":
            return


def _refill(server: Resp, keys: list[_Key]) -> list[Reply]:
    # FLUSHALL would write a snapshot file too where the server keeps one, and wait for it.
    commands: list[tuple[Argument, ...]] = []
    for database in _databases(server):
        commands += [("SELECT", database), ("FLUSHDB",)]
    for number in sorted({key.database for key in keys}):
        commands.append(("SELECT", number))
        commands += [
            ("RESTORE", key.name, key.left, key.value, "REPLACE")
            for key in keys
            if key.database == number
        ]
    return server.ask_all(commands)
