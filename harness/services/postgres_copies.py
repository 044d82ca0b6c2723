"""Copies of PostgreSQL databases, made and dropped while tests run."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from harness.engine.protocol import Engine
from harness.services import postgres_sql as sql
from harness.services.psql import OURS, Psql, SqlError


class Copies:
    """Makes spares of remembered copies ahead of time, and drops what is used up.

    One thread, and one connection of its own: what was asked for first is done first.
    """

    def __init__(self, engine: Engine, container: str) -> None:
        self._psql = Psql(engine, container)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="harness-postgres")
        self._numbers = itertools.count()
        self._spares: dict[str, Future[str]] = {}

    def new_name(self, kind: str) -> str:
        """Return a name that no database and no role has."""
        return f"{OURS}_{kind}_{next(self._numbers)}"

    def prepare(self, copies: Iterable[str]) -> None:
        """See to it that each of these copies has a spare."""
        for copy in copies:
            if copy not in self._spares:
                self._spares[copy] = self._thread.submit(self._make, copy, self.new_name("spare"))

    def spare(self, copy: str) -> str:
        """Return the spare of a copy, once it is made.

        Raises:
            SqlError: It could not be made.
        """
        self.prepare([copy])
        try:
            return self._spares[copy].result()
        except SqlError:  # the server was restarted meanwhile
            del self._spares[copy]
            self.prepare([copy])
        return self._spares[copy].result()

    def used(self, copy: str) -> None:
        """Take note that the spare of a copy is in use now."""
        del self._spares[copy]

    def drop(self, databases: Iterable[str], roles: Iterable[str] = ()) -> None:
        """Drop databases, with their spares, and then roles, before long."""
        for database in databases:
            self._thread.submit(self._drop, sql.dropped([database]))
            if made := self._spares.pop(database, None):
                self._thread.submit(self._drop_spare, made)
        for role in roles:
            self._thread.submit(self._drop, sql.dropped_role(role))

    def settle(self) -> None:
        """Wait until everything asked for is done."""
        self._thread.submit(lambda: None).result()

    def close(self) -> None:
        """Finish what is being done, and end the connection."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._psql.close()

    def _make(self, copy: str, spare: str) -> str:
        self._psql.rows("SELECT")  # connects again, should the server have been restarted
        self._psql.run(sql.copied(copy, spare))
        return spare

    def _drop(self, script: str) -> None:
        # What cannot be dropped is in nobody's way, and the next run tries again.
        with suppress(SqlError):
            self._psql.rows("SELECT")
            self._psql.run(script)

    def _drop_spare(self, made: Future[str]) -> None:
        with suppress(SqlError):
            self._drop(sql.dropped([made.result()]))
