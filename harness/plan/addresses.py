"""Where services really listen, put into variables in place of the names that containers know.

Of a variable's value three forms are understood: an address (``service1:8080``, wherever it
stands), a URL without a port (its scheme has one) and the ``host=`` of a DSN. Of a value that is
a name alone, the variable's own name says whether it is a host (``DB_HOST``), and which variable
is its port (``DB_PORT``).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from harness.errors import nearest


class Address(NamedTuple):
    """Where a port of a service listens, and the scheme of its URLs where that is another."""

    host: str
    port: int
    scheme: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address as a user would write it."""
        return f"{self.scheme}://{self}" if self.scheme else str(self)


Ports = Mapping[int, Address]
"""The addresses of one service, by its container's ports; the first is its main one."""


@dataclass(frozen=True, slots=True)
class AmbiguousError(Exception):
    """A variable cannot be rewritten.

    Attributes:
        variable: Its name.
        why: What is wrong with its value, in words.
        instead: What could be written into ``x-harness: {process: {environment: …}}``.
        lacks: The service and the port that it is not known to have, where that is what is wrong.
    """

    variable: str
    why: str
    instead: str
    lacks: tuple[str, int] | None = None


# The port that a URL means when it names none (IANA's registry, and the clients' own defaults).
SCHEMES = {
    "amqp": 5672,
    "amqps": 5671,
    "ftp": 21,
    "http": 80,
    "https": 443,
    "ldap": 389,
    "mariadb": 3306,
    "memcached": 11211,
    "mongodb": 27017,
    "mqtt": 1883,
    "mqtts": 8883,
    "mysql": 3306,
    "nats": 4222,
    "postgres": 5432,
    "postgresql": 5432,
    "redis": 6379,
    "rediss": 6379,
    "smtp": 25,
    "ws": 80,
    "wss": 443,
}
# The same protocol without and with TLS.
_SECURE = {
    "amqp": "amqps",
    "http": "https",
    "mqtt": "mqtts",
    "redis": "rediss",
    "ws": "wss",
}
_HOST_WORDS = ("HOSTNAME", "HOSTS", "HOST", "SERVER", "ADDRESS", "ADDR")
# A name begins behind `//`, or behind what can be part of neither a name nor a path.
_BEGIN = r"(?:(?<=//)|(?<![\w./-]))"
_REFERENCE = re.compile(
    r"\$\{(?:(?P<own>PORT(?:_\d+)?)|(?P<name>[^{}$]+)\.(?P<what>host|port)(?:_(?P<port>\d+))?)\}"
)


def rewritten(
    environment: Mapping[str, str],
    names: Mapping[str, Ports],
    own: Collection[str] = (),
    given: Collection[str] = (),
) -> dict[str, str]:
    """Return variables with the addresses of services in them turned into where these listen.

    Args:
        environment: The variables of one service.
        names: What each name that the service could reach stands for.
        own: The names of the service itself: by themselves they are no address to be reached.
        given: Variables that are decided elsewhere, and may be the other half of a pair.

    Raises:
        AmbiguousError: A value names a service, and what should stand there cannot be told.
    """
    alternatives = sorted(names, key=len, reverse=True)
    if not alternatives:
        return dict(environment)
    known = "|".join(map(re.escape, alternatives))
    result = {
        variable: _in_text(variable, value, names, known) for variable, value in environment.items()
    }
    ports: dict[str, tuple[str, Address]] = {}
    for variable, value in environment.items():
        word = _host_word(variable)
        parts = [part for part in re.split(r"[,;\s]+", value) if part]
        named = [part for part in parts if part in names and part not in own]
        if not word or not named:
            continue
        if value not in names:
            raise AmbiguousError(variable, f"it names {named[0]!r} without a port", value)
        pair = _port_variable(variable, word)
        result[variable] = _paired(variable, value, names[value], pair, environment, given).host
        if pair in environment and pair not in given:
            address = _paired(variable, value, names[value], pair, environment, given)
            before = ports.setdefault(pair, (variable, address))
            if before[1] != address:
                raise AmbiguousError(
                    pair, f"it is the port of both {before[0]} and {variable}", "…"
                )
            result[pair] = str(address.port)
    return result


def filled_in(text: str, ports: Mapping[str, str], names: Mapping[str, Ports]) -> str:
    """Return a text of a ``process`` section with the harness's own references filled in.

    These are ``${PORT}``, ``${PORT_8080}``, ``${service1.host}``, ``${service1.port}`` and
    ``${service1.port_8080}``; everything else stays as it is.

    Args:
        text: The text.
        ports: The values of ``PORT`` and its like.
        names: What each name that the service could reach stands for.

    Raises:
        ValueError: A reference leads nowhere; its text says why.
    """

    def value(found: re.Match[str]) -> str:
        if own := found["own"]:
            if own not in ports:
                has = ", ".join(ports) or "no port"
                raise ValueError(f"${{{own}}}: the service has {has}")
            return ports[own]
        reachable = names.get(found["name"])
        if not reachable:
            near = nearest(found["name"], list(names))
            raise ValueError(f"{found[0]}: no service {found['name']!r} can be reached. {near}")
        first = next(iter(reachable))
        port = int(found["port"]) if found["port"] else first
        if port not in reachable:
            has = ", ".join(map(str, reachable))
            raise ValueError(f"{found[0]}: {found['name']!r} has {has}, not {port}")
        address = reachable[port]
        return address.host if found["what"] == "host" else str(address.port)

    return _REFERENCE.sub(value, text)


def _in_text(variable: str, value: str, names: Mapping[str, Ports], known: str) -> str:
    """Rewrite the addresses that stand in a value."""

    def address(name: str, port: int) -> Address:
        if port not in names[name]:
            raise AmbiguousError(
                variable,
                f"it names {name}:{port}, but {name!r} has {_listed(names[name])}",
                value,
                (name, port),
            )
        return names[name][port]

    def with_port(found: re.Match[str]) -> str:
        return str(address(found["name"], int(found["port"])))

    def of_url(found: re.Match[str]) -> str:
        scheme = found["scheme"].lower().rpartition("+")[0] or found["scheme"].lower()
        ports = names[found["name"]]
        port = int(found["port"]) if found["port"] else SCHEMES.get(scheme)
        if port is None:
            if len(ports) != 1:
                raise AmbiguousError(
                    variable,
                    f"its URL names no port, and {found['name']!r} has {_listed(ports)}",
                    value,
                )
            port = next(iter(ports))
        there = address(found["name"], port)
        return f"{scheme_for(found['scheme'], there)}://{found['login']}{there}"

    def of_dsn(found: re.Match[str]) -> str:
        name, ports = found["name"], names[found["name"]]
        written = re.search(r"(?<![\w-])port\s*=\s*'?(\d+)", value, re.IGNORECASE)
        if written:
            return found["before"] + address(name, int(written[1])).host
        if len(ports) != 1:
            raise AmbiguousError(
                variable, f"its host= has no port=, and {name!r} has {_listed(ports)}", value
            )
        between = next((mark for mark in ";&" if mark in value), " ")
        only = next(iter(ports.values()))
        return f"{found['before']}{only.host}{between}port={only.port}"

    def port_of_dsn(text: str) -> str:
        host = re.search(rf"(?<![\w-])host\s*=\s*'?({known})(?=['\s;&,]|$)", text, re.IGNORECASE)
        if not host:
            return text
        return re.sub(
            r"(?i)((?<![\w-])port\s*=\s*'?)(\d+)",
            lambda found: found[1] + str(address(host[1], int(found[2])).port),
            text,
        )

    # what stands before an @ is a login, and no address
    host_dsn = rf"(?P<before>(?<![\w-])(?:host|server)\s*=\s*'?)(?P<name>{known})(?=['\s;&]|$)"
    text = port_of_dsn(value)
    text = re.sub(host_dsn, of_dsn, text, flags=re.IGNORECASE)
    url = rf"(?P<scheme>[a-zA-Z][\w+.-]*)://(?P<login>(?:[^\s/?#@]*@)?)(?P<name>{known})"
    text = re.sub(rf"{url}(?::(?P<port>\d{{1,5}}))?(?=[/?#,;\s\"'|]|$)", of_url, text)
    return re.sub(rf"{_BEGIN}(?P<name>{known}):(?P<port>\d{{1,5}})(?![\w@.-])", with_port, text)


def scheme_for(written: str, address: Address) -> str:
    """Return the scheme of a URL that led to a service, as it is to be where that really is.

    A service that speaks TLS where its container does not (or the other way round) is asked with
    the other scheme of the same protocol.
    """
    if address.scheme in _SECURE.values():
        return _SECURE.get(written.lower(), written)
    if address.scheme in _SECURE:
        return next((plain for plain, tls in _SECURE.items() if tls == written.lower()), written)
    return written


def _paired(
    variable: str,
    name: str,
    ports: Ports,
    pair: str,
    environment: Mapping[str, str],
    given: Collection[str],
) -> Address:
    """Return what a host and its port variable mean together."""
    if pair in given:
        return next(iter(ports.values()))
    port = environment.get(pair, "")
    if not port.isdecimal():
        raise AmbiguousError(
            variable,
            f"it names {name!r} without a port, and there is no {pair} that is a number",
            f"$${{{name}.host}}",
        )
    if int(port) not in ports:
        raise AmbiguousError(
            variable,
            f"with {pair} it names {name}:{port}, but {name!r} has {_listed(ports)}",
            name,
            (name, int(port)),
        )
    return ports[int(port)]


def _host_word(variable: str) -> str:
    """Return the word by which a variable's name says that it is a host, as it is written."""
    for word in _HOST_WORDS:
        # as a word of its own (DB_HOST, host_db, dbHost), or at the end of capitals (PGHOST)
        found = re.search(
            rf"(?:(?<![A-Za-z]){word}(?![A-Za-z])|(?<=[A-Z]){word}$"
            rf"|(?<![A-Za-z]){word.lower()}(?![A-Za-z])|(?<=[a-z0-9]){word.title()}(?![a-z]))",
            variable,
        )
        if found:
            return found[0]
    return ""


def _port_variable(variable: str, word: str) -> str:
    """Return the name of the variable that holds the port for a host's."""
    port = "PORT" if word.isupper() else "port" if word.islower() else "Port"
    at = variable.rindex(word)
    return variable[:at] + port + variable[at + len(word) :]


def _listed(ports: Ports) -> str:
    return "ports " + ", ".join(map(str, ports)) if ports else "no port that is known"
