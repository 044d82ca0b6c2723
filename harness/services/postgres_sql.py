"""The statements that put databases back: text only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.services.psql import OURS, identifier, literal

# Where nobody else is connected: tests drop, copy and replace all other databases.
MAINTENANCE = f"""
SELECT format('CREATE DATABASE %I TEMPLATE template0 IS_TEMPLATE true', {literal(OURS)})
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = {literal(OURS)}) \\gexec
\\connect {OURS}
"""  # noqa: S608

# A database has not changed if nobody was connected to it and its own entries are the same. A
# client's session is counted when it ends at the latest, and the other numbers are there for the
# workers of extensions, which are no sessions. Before version 15 the numbers come late, over UDP.
# -2 marks what a crash left of a DROP DATABASE.
PRESENT = f"""
SELECT datname, datistemplate, datallowconn, CASE
  WHEN current_setting('server_version_num')::int < 150000 THEN md5(random()::text)
  ELSE (SELECT concat_ws('|', d.oid, datistemplate, datdba, datacl, datconnlimit, dattablespace,
    stat->'sessions', stat->'xact_commit', stat->'xact_rollback', stat->'stats_reset',
    shobj_description(d.oid, 'pg_database'),
    (SELECT string_agg(concat(setrole, setconfig), '|' ORDER BY setrole)
     FROM pg_db_role_setting WHERE setdatabase = d.oid))
    FROM (SELECT to_jsonb(s) AS stat FROM pg_stat_database s WHERE datid = d.oid) s) END AS state
FROM pg_database d
WHERE NOT starts_with(datname, '{OURS}')
  AND datname NOT IN ('template0', 'template1') AND datconnlimit <> -2
"""  # noqa: S608

ROLES = f"""
SELECT rolname FROM pg_roles
WHERE NOT starts_with(rolname, '{OURS}') AND NOT starts_with(rolname, 'pg_')
"""  # noqa: S608

LEFT_DATABASES = f"""
SELECT datname FROM pg_database WHERE starts_with(datname, '{OURS}_')
"""  # noqa: S608

LEFT_ROLES = f"SELECT rolname FROM pg_roles WHERE starts_with(rolname, '{OURS}_')"  # noqa: S608

# Both hang on the database itself, and would be lost with it.
REPLICATION = """
SELECT format('replication slot %s of database %s', slot_name, database)
FROM pg_replication_slots WHERE database IS NOT NULL
UNION ALL
SELECT format('subscription %s of database %s', subname, datname)
FROM pg_subscription JOIN pg_database d ON d.oid = subdbid
"""


def copied(source: str, copy: str) -> str:
    """Copy a database, with what TEMPLATE leaves out; nobody may connect to the copy.

    Settings, privileges and the comment hang on the database's oid. Their rows are copied as they
    are: GRANT and SET cannot say every one of them (who granted what, lists of names).
    """
    given, made = literal(source), literal(copy)
    pair = f"pg_database old, pg_database new WHERE old.datname = {given} AND new.datname = {made}"
    return f"""
SELECT format('CREATE DATABASE %I TEMPLATE %I OWNER %I CONNECTION LIMIT %s IS_TEMPLATE true '
  'ALLOW_CONNECTIONS false', {made}, datname, pg_get_userbyid(datdba), datconnlimit)
FROM pg_database WHERE datname = {given} \\gexec
BEGIN;
INSERT INTO pg_db_role_setting (setdatabase, setrole, setconfig)
  SELECT new.oid, setrole, setconfig FROM pg_db_role_setting, {pair} AND setdatabase = old.oid;
INSERT INTO pg_shdescription (objoid, classoid, description)
  SELECT new.oid, classoid, description FROM pg_shdescription, {pair}
  AND objoid = old.oid AND classoid = 'pg_database'::regclass;
INSERT INTO pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)
  SELECT dbid, classid, new.oid, objsubid, refclassid, refobjid, deptype FROM pg_shdepend, {pair}
  AND dbid = 0 AND classid = 'pg_database'::regclass AND objid = old.oid AND deptype = 'a';
UPDATE pg_database SET datacl = source.datacl FROM pg_database source
  WHERE pg_database.datname = {made} AND source.datname = {given} AND source.datacl IS NOT NULL;
COMMIT;
"""  # noqa: S608


def closed(databases: Iterable[str]) -> str:
    """Let no new client in."""
    return _each("ALTER DATABASE {} ALLOW_CONNECTIONS false;", databases)


def opened(databases: Iterable[str]) -> str:
    """Let clients in again."""
    return _each("ALTER DATABASE {} ALLOW_CONNECTIONS true;", databases)


def cut(databases: Iterable[str]) -> str:
    """End the connections of databases: a row each, with the client's address, until none is left.

    A client that is just being let in is not in pg_stat_activity yet, but holds a lock on the
    database.
    """
    wanted = f"ARRAY[{', '.join(map(literal, databases))}]::name[]"
    return f"""
SELECT host(client_addr), pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = ANY ({wanted}) AND pid <> pg_backend_pid()
UNION ALL
SELECT NULL, false FROM pg_locks, pg_database d
WHERE locktype = 'object' AND classid = 'pg_database'::regclass AND objid = d.oid
  AND d.datname = ANY ({wanted})
"""  # noqa: S608


def swapped(
    away: Mapping[str, str],
    back: Mapping[str, str],
    roles: Mapping[str, str],
) -> str:
    """Rename, at one stroke, what is there out of the way, and what was prepared to its names.

    Args:
        away: New names of the databases that are there.
        back: The prepared databases, by the names that they get. Nobody may connect yet.
        roles: New names of the roles that go.
    """
    gone = "ALTER DATABASE {0} IS_TEMPLATE true; ALTER DATABASE {0} RENAME TO {1};"
    here = "ALTER DATABASE {1} RENAME TO {0}; ALTER DATABASE {0} IS_TEMPLATE false;"
    role = "ALTER ROLE {0} NOLOGIN; ALTER ROLE {0} RENAME TO {1};"
    return "\n".join(
        ["BEGIN;", _pairs(gone, away), _pairs(here, back), _pairs(role, roles), "COMMIT;"]
    )


def dropped(databases: Iterable[str]) -> str:
    """Drop copies."""
    return _each("ALTER DATABASE {0} IS_TEMPLATE false; DROP DATABASE {0};", databases)


def dropped_role(role: str) -> str:
    """Drop a role; where something still needs it, it stays under the name that we gave it."""
    return _each("DROP ROLE {};", [role])


def _each(statement: str, names: Iterable[str]) -> str:
    return "\n".join(statement.format(identifier(name)) for name in names)


def _pairs(statement: str, names: Mapping[str, str]) -> str:
    return "\n".join(statement.format(identifier(a), identifier(b)) for a, b in names.items())
