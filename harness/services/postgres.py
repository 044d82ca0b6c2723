"""PostgreSQL: whole databases are swapped for copies that were made beforehand."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from harness.engine.protocol import Engine
from harness.errors import ResetError
from harness.services import postgres_sql as sql
from harness.services.psql import OURS, Psql, SqlError

_CUT = 10.0  # seconds for the server to end its clients' connections


@dataclass(frozen=True, slots=True)
class _Baseline:
    """What is remembered at one level.

    Attributes:
        copies: A copy of each database, by its name.
        spares: A copy of each copy, to be swapped in: being made, or made.
        others: Template databases that were there, and are left alone.
        shut: Databases to which nobody could connect.
        roles: The roles that there were.
    """

    copies: dict[str, str]
    spares: dict[str, Future[str]]
    others: frozenset[str]
    shut: frozenset[str]
    roles: frozenset[str]


class Postgres:
    """The databases of a PostgreSQL server, version 12 or later.

    Needs a superuser and psql inside the container; both are there in the usual images.
    """

    name = "postgres"

    def __init__(self, engine: Engine, container: str) -> None:
        self._engine = engine
        self._container = container
        self._psql = Psql(engine, container)
        self._connected = False
        # copies are made and dropped between the tests, over a connection of their own
        self._aside = Psql(engine, container)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="harness-postgres")
        self._numbers = itertools.count()
        self._levels: dict[int, _Baseline] = {}

    def save(self, level: int) -> frozenset[str]:
        """Remember all databases; their clients are cut for as long as the copy takes."""
        with self._told("remember its databases"):
            self._connect()
            if replicated := self._psql.rows(sql.REPLICATION):
                raise SqlError(f"cannot copy {', '.join(row[0] for row in replicated)}")
            present = self._psql.rows(sql.PRESENT)
            copies = {name: self._new("copy") for name, template, _ in present if not template}
            shut = frozenset(name for name, _, connectable in present if not connectable)
            roles = frozenset(row[0] for row in self._psql.rows(sql.ROLES))
            cut = self._copy(copies, shut)
        self.forget(level)
        others = frozenset(name for name, template, _ in present if template)
        self._levels[level] = _Baseline(copies, {}, others, shut, roles)
        self._make_spares(self._levels[level])
        return cut

    def restore(self, level: int) -> frozenset[str]:
        """Put all databases back, drop those that are new, and drop roles that are new."""
        with self._told("put its databases back"):
            baseline = self._levels.get(level)
            if baseline is None:
                raise SqlError(f"nothing was remembered at level {level}")
            spares = {name: made.result() for name, made in baseline.spares.items()}
            there = [row[0] for row in self._psql.rows(sql.PRESENT)]
            away = {name: self._new("gone") for name in there if name not in baseline.others}
            roles = {
                row[0]: self._new("role")
                for row in self._psql.rows(sql.ROLES)
                if row[0] not in baseline.roles
            }
            cut = self._cut(away)
            self._psql.run(sql.swapped(away, spares, roles, baseline.shut))
        baseline.spares.clear()
        self._make_spares(baseline)
        self._drop(away.values(), roles.values())
        return cut

    def forget(self, level: int) -> None:
        """Drop the copies of this level and above."""
        for above in [known for known in self._levels if known >= level]:
            baseline = self._levels.pop(above)
            self._drop(baseline.copies.values())
            for made in baseline.spares.values():
                # a spare is made before anything asked for later is dropped
                self._thread.submit(self._drop_spare, made)

    def close(self) -> None:
        """End both connections; the copies stay where they are."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._psql.close()
        self._aside.close()

    def _connect(self) -> None:
        """Make the database that we are connected to, and drop what another run left."""
        if self._connected:
            return
        self._psql.run(sql.MAINTENANCE)
        left = [row[0] for row in self._psql.rows(sql.LEFT_DATABASES)]
        self._psql.run(sql.dropped(left))
        self._connected = True

    def _copy(self, copies: dict[str, str], shut: frozenset[str]) -> frozenset[str]:
        try:
            cut = self._cut(copies)
            for name, copy in copies.items():
                self._psql.run(sql.copied(name, copy))
        finally:
            self._psql.run(sql.opened(copies.keys() - shut))
        return cut

    def _cut(self, databases: Iterable[str]) -> frozenset[str]:
        """End the connections of databases, and let nobody in; return the clients' addresses."""
        names = list(databases)
        self._psql.run(sql.closed(names))
        addresses: set[str] = set()
        deadline = time.monotonic() + _CUT
        while ended := self._psql.rows(sql.cut(names)):
            addresses |= {address for address, _ in ended if address}
            if time.monotonic() > deadline:
                raise SqlError(f"{len(ended)} connections did not end within {_CUT:g} s")
        return frozenset(addresses)

    def _make_spares(self, baseline: _Baseline) -> None:
        for name, copy in baseline.copies.items():
            baseline.spares[name] = self._thread.submit(self._make_spare, copy)

    def _make_spare(self, copy: str) -> str:
        spare = self._new("spare")
        self._aside.rows("SELECT")  # opens the connection again, should the server be a new one
        self._aside.run(sql.copied(copy, spare))
        return spare

    def _drop(self, databases: Iterable[str], roles: Iterable[str] = ()) -> None:
        self._thread.submit(self._drop_now, list(databases), list(roles))

    def _drop_now(self, databases: list[str], roles: list[str]) -> None:
        # A role that something still needs stays, under the name that we gave it.
        with suppress(SqlError):
            self._aside.rows("SELECT")
            self._aside.run(sql.dropped(databases))
            self._aside.run(sql.dropped_roles(roles))

    def _drop_spare(self, made: Future[str]) -> None:
        with suppress(SqlError):
            self._drop_now([made.result()], [])

    def _new(self, kind: str) -> str:
        return f"{OURS}_{kind}_{next(self._numbers)}"

    @contextmanager
    def _told(self, wanted: str) -> Iterator[None]:
        try:
            yield
        except SqlError as error:
            seen = self._engine.snapshot(self._container)
            raise ResetError(
                f"service {seen.service!r} (container {seen.name}, PostgreSQL): wanted to "
                f"{wanted}, but: {error}. Where this cannot be mended, name a command that does "
                f"it: `x-harness: {{reset: [command]}}`."
            ) from None
