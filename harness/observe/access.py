"""Answers that a service gave, read from the lines of its access log. Pure.

Only lines count that can be nothing else: the log of a *client* has a method, a path and a status
too, and what the service was answered is not what it has answered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_METHOD = r"(?P<method>GET|HEAD|POST|PUT|DELETE|PATCH|OPTIONS)"
# nginx, Apache, gunicorn, uvicorn, werkzeug, Envoy, Python's http.server and what uses it
_COMMON = re.compile(rf'"{_METHOD} (?P<path>/\S*) HTTP/\d(?:\.\d)?" (?P<status>\d{{3}})(?= |$)')
_GIN = re.compile(
    rf'^\[GIN\] \S+ - \S+ \| *(?P<status>\d{{3}}) \|.*\| +{_METHOD} +"?(?P<path>/[^\s"]*)"?$'
)
_MORGAN = re.compile(rf"^{_METHOD} (?P<path>/\S*) (?P<status>\d{{3}}) [\d.]+ ms\b")
_LOGFMT = re.compile(r'(?:^|\s)(\w[\w.]*)=("(?:[^"\\]|\\.)*"|\S*)')
_CLIENT = re.compile(r"\w://|\b(?:request to|calling|upstream|outgoing)\b", re.IGNORECASE)

_STATUS_KEYS = (
    "status",
    "status_code",
    "statusCode",
    "http_status",
    "response_code",
    "http.status_code",
    "http.response.status_code",
    "DownstreamStatus",
)
_METHOD_KEYS = (
    "method",
    "request_method",
    "http_method",
    "http.method",
    "http.request.method",
    "requestMethod",
    "RequestMethod",
)
_PATH_KEYS = (
    "path",
    "uri",
    "url",
    "request_uri",
    "request_path",
    "requestUrl",
    "http.target",
    "url.path",
    "RequestPath",
)
# where pino-http, Caddy, Zap's middlewares and Google Cloud put them
_INNER = ("req", "request", "res", "response", "httpRequest", "http")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that a service gave.

    Attributes:
        status: Its HTTP status.
        request: The method and the path, without the query: ``GET /products``.
    """

    status: int
    request: str


def answer_of(line: str) -> Answer | None:
    """Return the answer that a line tells of, or None where it may be something else."""
    if line.startswith("{"):
        return _json(line)
    for pattern in (_COMMON, _GIN, _MORGAN):
        if found := pattern.search(line):
            if _CLIENT.search(line, 0, found.start()):
                return None
            return _answer(found["status"], found["method"], found["path"])
    if "status" in line and "method=" in line:
        return _logfmt(line)
    return None


def _logfmt(line: str) -> Answer | None:
    fields = {name: value.strip('"') for name, value in _LOGFMT.findall(line)}
    return _of_fields(fields)


def _json(line: str) -> Answer | None:
    try:
        told = json.loads(line)
    except ValueError:
        return None
    if not isinstance(told, dict):
        return None
    fields = dict(told)
    for key in _INNER:
        if isinstance(inner := told.get(key), dict):
            fields.update(inner)
    return _of_fields(fields)


def _of_fields(fields: Mapping[str, Any]) -> Answer | None:
    said = " ".join(str(fields.get(key, "")) for key in ("msg", "message", "event", "logger"))
    if _CLIENT.search(said):
        return None
    found = [
        next((fields[key] for key in keys if key in fields), None)
        for keys in (_STATUS_KEYS, _METHOD_KEYS, _PATH_KEYS)
    ]
    return _answer(*(str(value) for value in found))


def _answer(status: str, method: str, path: str) -> Answer | None:
    known = status.isdecimal() and 100 <= int(status) <= 599
    if not (known and method.isalpha() and path.startswith("/")):
        return None
    return Answer(int(status), f"{method.upper()} {path.partition('?')[0]}")
