"""One psql that stays, inside a PostgreSQL container."""

from __future__ import annotations

import json
from secrets import token_hex
from typing import Any

from harness.engine.protocol import Engine, ExecSession

OURS = "harness_reset"  # the database to be connected to, and the prefix of all that we make
_PATIENCE = 60.0  # seconds for one statement: copying a large database takes its time

# The official image's variables, then libpq's own. The socket is looked for, as its directory
# and port may be configured; psql too, as packages do not put it on PATH.
_START = r"""
for bin in /usr/lib/postgresql/*/bin /usr/local/bin /usr/local/pgsql/bin /opt/*/postgresql/bin; do
  PATH=$PATH:$bin
done
command -v psql >/dev/null || { echo 'there is no psql in the container'; exit 1; }
user=${POSTGRES_USER:-${PGUSER:-postgres}}
[ -r "$POSTGRES_USER_FILE" ] && user=$(cat "$POSTGRES_USER_FILE")
[ -n "$POSTGRES_PASSWORD" ] && export PGPASSWORD="$POSTGRES_PASSWORD"
[ -r "$POSTGRES_PASSWORD_FILE" ] && export PGPASSWORD="$(cat "$POSTGRES_PASSWORD_FILE")"
given=$PGHOST
unset PGHOST PGHOSTADDR PGSERVICE
for socket in "$given"/.s.PGSQL.* \
  /var/run/postgresql/.s.PGSQL.* /run/postgresql/.s.PGSQL.* /tmp/.s.PGSQL.*; do
  [ -S "$socket" ] && export PGHOST="${socket%/*}" PGPORT="${socket##*.}" && break
done
for first in harness_reset postgres "$POSTGRES_DB" template1; do
  said=$(psql -X -w -q -U "$user" -d "$first" -c '' </dev/null 2>&1) && break
done || { echo "$said"; exit 1; }
exec psql -X -w -q -A -t -v ON_ERROR_STOP=0 -U "$user" -d "$first" 2>&1
"""
_ENVIRONMENT = {
    "LC_ALL": "C",
    "PGCLIENTENCODING": "UTF8",
    "PGAPPNAME": OURS,
    # what is written without being asked for is an error, then
    "PGOPTIONS": "-c client_min_messages=error -c search_path=pg_catalog",
}
# Whatever the server's configuration says, no limit ends this session, and its log stays the
# application's. Those that a version does not have are left out.
_SETTLE = r"""
SELECT set_config(s.name, v.value, false) IS NULL FROM pg_settings s JOIN (VALUES
  ('statement_timeout', '0'), ('lock_timeout', '0'), ('idle_session_timeout', '0'),
  ('idle_in_transaction_session_timeout', '0'), ('transaction_timeout', '0'),
  ('default_transaction_read_only', 'off'), ('synchronous_commit', 'off'),
  ('standard_conforming_strings', 'on'), ('log_statement', 'none'),
  ('log_min_duration_statement', '-1'), ('log_duration', 'off'),
  ('lc_messages', 'C')) v (name, value) USING (name)
\g /dev/null
"""


class SqlError(Exception):
    """What the server, or psql, says."""


class Psql:
    """A psql session of the database superuser, over the container's unix socket.

    Opened when first used, and again when the server, and so the session, was restarted.
    """

    def __init__(self, engine: Engine, container: str) -> None:
        self._engine = engine
        self._container = container
        self._session: ExecSession | None = None

    def rows(self, query: str) -> list[list[Any]]:
        """Run one query that changes nothing, and return its rows.

        Raises:
            SqlError: The server refuses it, or lets nobody in.
        """
        # JSON, one row a line: a name may hold any character
        script = f"SELECT row_to_json(answer) FROM ({query}) AS answer;"  # noqa: S608
        opened = self._session is None
        try:
            lines = self.run(script)
        except SqlError:
            if opened or self._session is not None:
                raise
            lines = self.run(script)
        return [list(json.loads(line).values()) for line in lines]

    def run(self, script: str) -> list[str]:
        """Run statements; return the lines that they wrote, all of them JSON objects.

        Raises:
            SqlError: The server refuses one; the others were run nevertheless, save where a
                transaction holds them together.
        """
        if self._session is None:
            self._session = self._open()
        return self._ask(self._session, script)

    def close(self) -> None:
        """End the session."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _open(self) -> ExecSession:
        # postgres: the system user that the server's own "peer" login asks for
        for user in ("postgres", ""):
            command = ["/bin/sh", "-c", _START]
            session = self._engine.open_exec(self._container, command, user, _ENVIRONMENT)
            try:
                self._ask(session, _SETTLE)
            except SqlError as error:
                if user and "unable to find user" in str(error):
                    continue
                raise
            break
        return session

    def _ask(self, session: ExecSession, script: str) -> list[str]:
        end = f"end-{token_hex(8)}"
        try:
            session.write(f"{script}\n\\echo {end}\n".encode())
            text = session.read_until(f"{end}\n".encode(), _PATIENCE).decode(errors="replace")
        except (EOFError, TimeoutError) as error:
            session.close()
            self._session = None
            kind = "ended" if isinstance(error, EOFError) else f"not done in {_PATIENCE:g} s"
            raise SqlError(f"psql: {kind}: {error}") from None
        lines = [line for line in text.splitlines() if line]
        if complaints := [line for line in lines if not line.startswith("{")]:
            raise SqlError("\n".join(complaints))
        return lines


def literal(text: str) -> str:
    """Quote a string for SQL."""
    return "'" + text.replace("'", "''") + "'"


def identifier(text: str) -> str:
    """Quote a name for SQL."""
    return '"' + text.replace('"', '""') + '"'
