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
# codes of a terminal: they stand around a name, between it and its value
_ANSI = re.compile(r"\x1b\[[\d;]*+[A-Za-z]")
# a possible name, what quotes it (JSON within JSON escapes its quotes), and what stands between it
# and its value; in a listing nothing else stands before it: its value may go on to the line's end
_HEAD = re.compile(
    r"""(?:(?P<listed>^[ \t]*(?:-[ ])?(?:(?:export|set|ENV|ARG)[ ])?)|(?P<open>(?<!\\)\\*+["']))?"""
    r"""(?<![\w-])(?P<name>[\w-]++)(?P<quote>\\*+["'])?+[ \t]*+(?P<sign>=(?!=)|:)[ \t]*+""",
    re.MULTILINE,
)
_UNQUOTED = re.compile(r"\S*")
_CLOSING = "\"'`)]},;."
_LINE = re.compile(r".*")
# the first line of YAML's block scalars
_BLOCK = re.compile(r"[|>][-+\d]{0,2}[ \t]*+(?:#.*)?\r?(?=\n)")
_OPEN = re.compile(r"""\\*+["']""")
_MAY_CLOSE = re.compile(r"""\\++["']?|["'\n]""")
# a password may hold a slash, but a port and a path are none: http://host:80/a@b, http://[::1]/@
_URL = re.compile(
    r"""://(?P<user>[^\s/:@'"<>]*+)(?::(?P<password>[^\s/'"<>]*(?=@)"""
    r"""|(?!\d+\b|[\dA-Fa-f:]*\])(?:(?!://)[^\s@'"<>])*+(?:@[^\s/@'"<>]*+(?=@))*+))?@"""
)
# how Go's MySQL driver writes it: user:password@tcp(host:3306)/name
_GO_DSN = re.compile(r"(?<=:)[^\s:]+(?=@(?:tcp|unix)\()")


def looks_secret(name: str) -> bool:
    """Whether a variable's name says that its value is secret; ``KEY`` counts as a whole word."""
    upper = name.upper()
    return any(word in upper for word in _WORDS) or _KEY.search(upper) is not None


def _is_path(name: str, value: str) -> bool:
    """Whether a variable says in which file a secret stands: messages are about that file."""
    return name.upper().endswith("_FILE") and value.startswith("/")


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
        secret = [(name, value) for name, value in variables if looks_secret(name)]
        values = {value for _, value in secret} | {*secrets}
        self._variables = {name for name, _ in secret}
        self._names = {*names} - self._variables
        paths = {value for name, value in secret if _is_path(name, value)}
        self._values = values - {*names} - paths
        self._long = _any_of(form for value in self._values for form in _long_forms(value))
        # a value that is somebody's name, too: here it stands as a value
        self._known = _any_of(form for value in values for form in _forms(value))
        # behind a name with dots, which may be a file's: as a whole
        known = self._known.pattern if self._known else r"(?!)"
        self._quotable = re.compile(rf"\\*+[\"']?(?:{known})(?!\w)")
        # a password may hold what would end a URL's user part
        self._in_url = re.compile(rf"(://[^\s/:@'\"<>]*+:)(?:{known})(?=@)")

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
        web = url.string.endswith(("http", "https"), 0, url.start())
        if alone and (web or user in self._values):
            user = MASK
        hidden = "" if password is None else f":{MASK}" if password else ":"
        return f"://{user}{hidden}@"

    def _assigned(self, text: str) -> str:
        """Hide the values of variables whose names look secret."""
        parts: list[str] = []
        done = 0
        # as many blanks for the codes of a terminal: what is found stands at the same place
        plain = _ANSI.sub(lambda code: " " * len(code[0]), text)
        for head in _HEAD.finditer(plain):
            if head.start("name") < done or not self._is_variable(plain, head):
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
        start = head.start("name")
        if text.endswith(("/", "$", "${"), 0, start):
            return False  # a path, or a reference: ${TOKEN:-none}
        if text.endswith(".", 0, start):  # a property, or a file and its line: server.key:3
            return self._quotable.match(text, head.end()) is not None
        if head["quote"]:
            return text.endswith(head["quote"], 0, start)
        if name in self._variables:
            return True
        # "password: authentication failed" is a sentence, "token.py:3" a place
        spaced = text[head.end() - 1] in " \t" or head.end() == len(text)
        compound = "_" in name.strip("_") or "-" in name.strip("-")
        return spaced and (name.isupper() or (compound and _is_listed(head)))

    def _value(self, text: str, head: re.Match[str]) -> tuple[int, int]:
        """Return where the value of a variable begins and ends."""
        begin = head.end()
        if opened := _OPEN.match(text, begin):
            begin = opened.end()
            end = _end_of_quoted(text, begin, opened[0])
        elif head["open"] and not head["quote"]:
            end = _end_of_quoted(text, begin, head["open"])
        elif _is_listed(head) and not head["quote"]:
            end = _end(_LINE, text, begin)
            if head["sign"] == ":" and (block := _BLOCK.match(text, begin)):
                end = _end_of_block(text, block.end(), len(head["listed"]))
        else:
            end = _end(_UNQUOTED, text, begin)
            word = text[begin:end]
            end = begin + len(word.rstrip(_CLOSING) or word)
        if self._known is not None:
            # a quote may be the value's own
            end = max(end, *(_end(self._known, text, start) for start in (begin, head.end())))
        return begin, end


def _is_listed(head: re.Match[str]) -> bool:
    """Whether a name stands in a listing, and is not a command's option."""
    return head["listed"] is not None and not head["name"].startswith("-")


def _end_of_quoted(text: str, begin: int, quote: str) -> int:
    """Return where a quoted value ends: at the line's end, or where its quote closes.

    Args:
        text: What holds the value.
        begin: Where the value begins, behind its quote.
        quote: What opened it: a quote and the backslashes that escape it.
    """
    escapes = len(quote) - 1
    for found in _MAY_CLOSE.finditer(text, begin):
        if found[0] == "\n":
            return found.start()
        slashes = len(found[0]) - 1
        # each level of escaping makes 2n + 1 of n before a quote, so 1, 5, 9… close at the first
        closes = slashes < escapes or slashes % (2 * escapes + 2) == escapes
        if found[0][-1] == quote[-1] and closes:
            return max(found.start(), found.end() - len(quote))
    return len(text)


def _end_of_block(text: str, begin: int, indent: int) -> int:
    """Return where the lines end that are indented deeper than this many blanks."""
    deeper = re.compile(rf"(?:(?:[ \t\r]*+\n)++ {{{indent + 1}}}.*)*+")
    return _end(deeper, text, begin)


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
