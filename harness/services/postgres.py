"""PostgreSQL: whole databases are swapped for copies that were made beforehand."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.engine.protocol import Engine
from harness.errors import ResetError
from harness.services import postgres_sql as sql
from harness.services.postgres_copies import Copies
from harness.services.psql import Psql, SqlError

_CUT = 10.0  # seconds for the server to end its clients' connections


@dataclass(frozen=True, slots=True)
class _Database:
    name: str
    template: bool
    connectable: bool
    state: str  # differs after any change


@dataclass(frozen=True, slots=True)
class _Baseline:
    """What is remembered at one level.

    Attributes:
        copies: The name of each database's copy. Levels share that of a database that did not
            change between them.
        others: Template databases that were there, and are left alone.
        shut: Databases to which nobody could connect.
        roles: The roles that there were.
    """

    copies: dict[str, str]
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
        self._copies = Copies(engine, container)
        self._connected = False
        self._levels: dict[int, _Baseline] = {}
        # each database's copy and state when it was last the same as that copy
        self._same: dict[str, tuple[str, str]] = {}

    def save(self, level: int) -> frozenset[str]:
        """Remember all databases; their clients are cut for as long as copying takes."""
        with self._told("remember its databases"):
            self._connect()
            if replicated := self._psql.rows(sql.REPLICATION):
                raise SqlError(f"cannot copy {', '.join(row[0] for row in replicated)}")
            present = self._present()
            names = [name for name, database in present.items() if not database.template]
            shut = frozenset(name for name in names if not present[name].connectable)
            roles = frozenset(row[0] for row in self._psql.rows(sql.ROLES))
            try:
                cut = self._cut(names)
                copies = self._copied(names)
            finally:
                self._psql.run(sql.opened(set(names) - shut))
        baseline = _Baseline(copies, frozenset(present.keys() - names), shut, roles)
        self._replace(level, baseline)
        self._copies.prepare(copies.values())
        return cut

    def restore(self, level: int) -> frozenset[str]:
        """Put all databases back, drop those that are new, and drop roles that are new.

        A database to which nobody was connected since is as it was, and stays.
        """
        with self._told("put its databases back"):
            baseline = self._levels.get(level)
            if baseline is None:
                raise SqlError(f"nothing was remembered at level {level}")
            for copy in baseline.copies.values():
                self._copies.spare(copy)
            cut = self._cut(self._present().keys() - baseline.others)
            present = self._present()
            same = {n for n, copy in baseline.copies.items() if self._is_same(present, n, copy)}
            away = {
                name: self._copies.new_name("gone")
                for name in present.keys() - baseline.others - same
            }
            back = {name: copy for name, copy in baseline.copies.items() if name not in same}
            roles = {
                row[0]: self._copies.new_name("role")
                for row in self._psql.rows(sql.ROLES)
                if row[0] not in baseline.roles
            }
            spares = {name: self._copies.spare(copy) for name, copy in back.items()}
            self._psql.run(sql.swapped(away, spares, roles))
            for copy in back.values():
                self._copies.used(copy)
            self._note(back)
            self._psql.run(sql.opened(baseline.copies.keys() - baseline.shut))
        self._copies.prepare(back.values())
        self._copies.drop(away.values(), roles.values())
        return cut

    def forget(self, level: int) -> None:
        """Drop the copies of this level and above, before long."""
        self._replace(level, None)

    def close(self) -> None:
        """End the connections; the copies stay where they are."""
        self._copies.close()
        self._psql.close()

    def _replace(self, level: int, baseline: _Baseline | None) -> None:
        before = self._known_copies()
        self._levels = {known: kept for known, kept in self._levels.items() if known < level}
        if baseline:
            self._levels[level] = baseline
        self._copies.drop(before - self._known_copies())

    def _known_copies(self) -> set[str]:
        return {copy for kept in self._levels.values() for copy in kept.copies.values()}

    def _connect(self) -> None:
        """Make the database that we are connected to, and drop what another run left."""
        if self._connected:
            return
        self._psql.run(sql.MAINTENANCE)
        self._psql.run(sql.dropped(row[0] for row in self._psql.rows(sql.LEFT_DATABASES)))
        for row in self._psql.rows(sql.LEFT_ROLES):
            self._psql.run(sql.dropped_role(row[0]))
        self._connected = True

    def _present(self) -> dict[str, _Database]:
        return {row[0]: _Database(*row) for row in self._psql.rows(sql.PRESENT)}

    def _copied(self, names: list[str]) -> dict[str, str]:
        """Copy databases; one that is still the same as an earlier copy shares it."""
        present = self._present()
        copies = {}
        for name in names:
            known = self._same.get(name, ("", ""))[0]
            if known in self._known_copies() and self._is_same(present, name, known):
                copies[name] = known
                continue
            copies[name] = self._copies.new_name("copy")
            self._psql.run(sql.copied(name, copies[name]))
        self._note(copies)
        return copies

    def _note(self, copies: dict[str, str]) -> None:
        """Note that databases are the same as copies now; nobody may be connected yet."""
        present = self._present()
        self._same |= {name: (copy, present[name].state) for name, copy in copies.items()}

    def _is_same(self, present: dict[str, _Database], name: str, copy: str) -> bool:
        return name in present and self._same.get(name) == (copy, present[name].state)

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
