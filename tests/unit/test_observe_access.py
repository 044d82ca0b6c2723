"""Answers that access logs tell of, and lines that only look like one."""

from __future__ import annotations

import pytest

from harness.observe.access import Answer, answer_of

ANSWERS = {
    "nginx, combined": (
        '172.18.0.1 - - [25/Nov/2025:12:00:00 +0000] "GET /products?page=2 HTTP/1.1" 500 177 "-" '
        '"curl/8.5.0"',
        500,
        "GET /products",
    ),
    "Apache, with its virtual host": (
        'shop:80 10.0.0.1 - ann [25/Nov/2025:12:00:00 +0000] "POST /orders HTTP/2.0" 201 -',
        201,
        "POST /orders",
    ),
    "uvicorn": (
        'INFO:     172.18.0.1:52144 - "GET /health HTTP/1.1" 503 Service Unavailable',
        503,
        "GET /health",
    ),
    "gunicorn": (
        '172.18.0.1 - - [25/Nov/2025:12:00:00 +0000] "GET / HTTP/1.1" 502 0 "-" "python"',
        502,
        "GET /",
    ),
    "http.server": (
        '172.18.0.1 - - [25/Nov/2025 12:00:00] "GET /catalog HTTP/1.1" 500 -',
        500,
        "GET /catalog",
    ),
    "bottle": (
        '172.18.0.1 - - [25/Nov/2025 12:00:00] "DELETE /items/7 HTTP/1.1" 404 735',
        404,
        "DELETE /items/7",
    ),
    "Envoy": (
        '[2025-11-25T12:00:00.000Z] "GET /api HTTP/1.1" 503 UF 0 91 3 - "-"',
        503,
        "GET /api",
    ),
    "gin": (
        '[GIN] 2025/11/25 - 12:00:00 | 500 |     1.2ms |      172.18.0.1 | GET      "/orders"',
        500,
        "GET /orders",
    ),
    "morgan": ("GET /cart 500 12.345 ms - 28", 500, "GET /cart"),
    "logfmt": (
        'time=2025-11-25T12:00:00Z level=info msg="handled" method=GET path=/x status=500 took=3ms',
        500,
        "GET /x",
    ),
    "JSON": (
        '{"level":"info","method":"GET","path":"/products","status":500,"ms":3}',
        500,
        "GET /products",
    ),
    "JSON of pino": (
        '{"level":50,"req":{"method":"GET","url":"/a?b=c"},"res":{"statusCode":500},"msg":"done"}',
        500,
        "GET /a",
    ),
    "JSON of Caddy": (
        '{"logger":"http.log.access","request":{"method":"GET","uri":"/"},"status":502}',
        502,
        "GET /",
    ),
    "JSON of Google Cloud": (
        '{"httpRequest":{"requestMethod":"PUT","requestUrl":"/v1/x","status":504}}',
        504,
        "PUT /v1/x",
    ),
    "JSON of Traefik": (
        '{"DownstreamStatus":500,"RequestMethod":"GET","RequestPath":"/shop"}',
        500,
        "GET /shop",
    ),
}
OTHERS = {
    "a client's, urllib3": 'DEBUG:urllib3.connectionpool:http://catalog:80 "GET /x HTTP/1.1" 500 9',
    "a client's, httpx": 'HTTP Request: GET http://catalog/x "HTTP/1.1 500 Internal Server Error"',
    "a client's, JSON": '{"method":"GET","url":"http://catalog/x","status":500}',
    "a client's, JSON with a path": (
        '{"msg":"request to catalog failed","method":"GET","path":"/x","status":500}'
    ),
    "a client's, logfmt": "msg=retry method=GET url=http://catalog/x status=500",
    "nginx's error log": (
        'connect() failed while connecting to upstream, request: "GET / HTTP/1.1", '
        'upstream: "http://10.0.0.2:80/"'
    ),
    "a status of something else": '{"msg":"job ended","status":500}',
    "a number in a sentence": "loaded 500 products from /data",
    "no status": '{"method":"GET","path":"/x","status":"error"}',
    "no object": '["GET", "/x", 500]',
    "cut short": '{"method":"GET","path":"/x","stat',
    "a query": "SELECT status FROM orders WHERE method='GET'",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_lines_of_known_servers_are_read(name: str) -> None:
    line, status, request = ANSWERS[name]

    assert answer_of(line) == Answer(status, request)


@pytest.mark.parametrize("name", OTHERS)
def test_what_may_be_something_else_is_no_answer(name: str) -> None:
    assert answer_of(OTHERS[name]) is None
