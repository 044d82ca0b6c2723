"""Hiding secrets in text that was not written by the harness: logs, refusals, listings. Pure.

Where a value stands as a value (``NAME=value``, ``"NAME": "value"``, the user part of a URL), the
name or the place tells that it is secret, so it is hidden whatever it is. In free text only what
is known can be hidden, and only what is long: a password ``postgres`` would blot out half of what
a database says.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

MASK = "***"
LONG = 12
"""Characters from which a known value is hidden in free text too."""

_WORDS = ("PASSWORD", "TOKEN", "SECRET")
_KEY = re.compile(r"(?<![^\W_])KEY(?![^\W_])")
# a possible name, what closes a quote behind it, and what stands between it and its value
_HEAD = re.compile(r"""(?<![\w-])(?P<name>[\w-]++)(?P<quote>["']?)[ \t]*(?P<sign>=(?!=)|:)[ \t]*""")
# what may stand before a name in a listing, so that its value goes on to the end of the line
_LISTED = re.compile(r"[ \t]*(?:- )?(?:(?:export|set|ENV|ARG) )?")
_UNQUOTED = re.compile(r"\S*")
_CLOSING = "\"'`)]},;."
_LINE = re.compile(r".*")
_QUOTED = {
    '"': re.compile(r'(?:[^"\\\n]|\\.)*+'),
    "'": re.compile(r"(?:[^'\\\n]|\\.)*+"),
}
_URL = re.compile(
    r"""(?P<scheme>\b[A-Za-z][A-Za-z0-9+.-]*+)://(?P<user>[^\s/:@'"<>]*+)"""
    r"""(?::(?P<password>[^\s/'"<>]*))?@"""
)
# how Go's MySQL driver writes it: user:password@tcp(host:3306)/name
_GO_DSN = re.compile(r"(?<=:)[^\s:]+(?=@(?:tcp|unix)\()")


def looks_secret(name: str) -> bool:
    """Whether a variable's name says that its value is secret; ``KEY`` counts as a whole word."""
    upper = name.upper()
    return any(word in upper for word in _WORDS) or _KEY.search(upper) is not None


class Masker:
    """Hides what is secret in text."""

    def __init__(
        self,
        variables: Iterable[tuple[str, str]] = (),
        names: Collection[str] = (),
        secrets: Iterable[str] = (),
    ) -> None:
        """Take what is known.

        Args:
            variables: Names and values; those whose names do not look secret do not matter.
            names: Names of services, images and hosts: they are read everywhere, so they stay.
            secrets: Values that are secret whatever they are called.
        """
        known = [(name, value) for name, value in variables if looks_secret(name)]
        values = {value for _, value in known} | {*secrets}
        self._variables = {name for name, _ in known}
        self._names = {*names} - self._variables
        self._values = values - {*names}
        self._long = _any_of(form for value in self._values for form in _long_forms(value))
        # a value that is somebody's name, too: here it stands as a value
        self._known = _any_of(form for value in values for form in _forms(value))
        # a password may hold what would end a URL's user part
        password = self._known.pattern if self._known else r"(?!)"
        self._in_url = re.compile(rf"(://[^\s/:@'\"<>]*+:)(?:{password})(?=@)")

    def mask(self, text: str) -> str:
        """Return a text with what is secret hidden; one without a secret comes out as it is."""
        if self._long is not None:
            text = self._long.sub(MASK, text)
        text = self._in_urls(text) if "@" in text else text
        return self._assigned(text) if "=" in text or ":" in text else text

    def _in_urls(self, text: str) -> str:
        text = self._in_url.sub(rf"\1{MASK}", text)
        return _GO_DSN.sub(MASK, _URL.sub(self._url, text))

    def _url(self, url: re.Match[str]) -> str:
        user, password = url["user"], url["password"]
        alone = user and (not password or len(user) >= LONG)
        if alone and (user in self._values or url["scheme"] in {"http", "https"}):
            user = MASK
        hidden = "" if password is None else f":{MASK}" if password else ":"
        return f"{url['scheme']}://{user}{hidden}@"

    def _assigned(self, text: str) -> str:
        """Hide the values of variables whose names look secret."""
        parts: list[str] = []
        done = 0
        for head in _HEAD.finditer(text):
            if head.start() < done or not self._is_variable(text, head):
                continue
            begin, end = self._value(text, head)
            if begin < end:
                parts += text[done:begin], MASK
                done = end
        return "".join([*parts, text[done:]])

    def _is_variable(self, text: str, head: re.Match[str]) -> bool:
        """Whether what stands before ``=`` or ``:`` is a variable that looks secret."""
        name = head["name"]
        if name in self._names or not looks_secret(name):
            return False
        if head["sign"] == "=":
            return True
        before = text[max(0, head.start() - 2) : head.start()]
        if before.endswith((".", "/", "$", "${")):
            return False  # a file and its line, or a reference: secrets.yml:3, ${TOKEN:-none}
        if head["quote"]:
            return before.endswith(head["quote"])
        if name in self._variables:
            return True
        # "password: authentication failed" is a sentence, "token.py:3" a place
        spaced = text[head.end() - 1] in " \t" or head.end() == len(text)
        compound = "_" in name.strip("_") or "-" in name.strip("-")
        return spaced and (name.isupper() or (compound and _is_listed(text, head)))

    def _value(self, text: str, head: re.Match[str]) -> tuple[int, int]:
        """Return where the value of a variable begins and ends."""
        begin = head.end()
        before = text[max(0, head.start() - 1) : head.start()]
        if opened := _QUOTED.get(text[begin : begin + 1]):
            begin += 1
            end = _end(opened, text, begin)
        elif before in _QUOTED and not head["quote"]:
            end = _end(_QUOTED[before], text, begin)
        elif not head["quote"] and _is_listed(text, head):
            end = _end(_LINE, text, begin)
        else:
            end = _end(_UNQUOTED, text, begin)
            word = text[begin:end]
            end = begin + len(word.rstrip(_CLOSING) or word)
        if self._known is not None:
            end = max(end, _end(self._known, text, begin))
        return begin, end


def _is_listed(text: str, head: re.Match[str]) -> bool:
    """Whether nothing but the signs of a listing stands before a name in its line."""
    if head["name"].startswith("-"):
        return False  # a command's option
    line = text.rfind("\n", 0, head.start()) + 1
    return _LISTED.fullmatch(text, line, head.start()) is not None


def _end(pattern: re.Pattern[str], text: str, begin: int) -> int:
    match = pattern.match(text, begin)
    return match.end() if match else begin


def _any_of(forms: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds any of these, a longer one before one that it begins with."""
    words = sorted({form for form in forms if form}, key=lambda word: (-len(word), word))
    return re.compile("|".join(map(re.escape, words))) if words else None


def _forms(value: str) -> Iterator[str]:
    """Yield the ways in which a value is written."""
    yield from (value, value.strip(), value.replace("$", "$$"))
    yield from (repr(value)[1:-1], shlex.quote(value).strip("'"))
    yield from (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
    for encode in (quote, quote_plus):
        encoded = encode(value, safe="", errors="surrogatepass")
        yield encoded
        yield re.sub("%..", lambda escape: escape[0].lower(), encoded)


def _long_forms(value: str) -> Iterator[str]:
    """Yield what is hidden in free text: a long value, and its long lines."""
    if len(value) >= LONG:
        lines = (line.strip() for line in value.splitlines())
        for part in (value, *lines):
            yield from (form for form in _forms(part) if len(form) >= LONG)


def variables_of(environments: Iterable[Mapping[str, object]]) -> Iterator[tuple[str, str]]:
    """Yield the variables of environments that have a value."""
    for environment in environments:
        for name, value in environment.items():
            if value is not None and not isinstance(value, bool):
                yield str(name), str(value)
