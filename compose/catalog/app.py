"""catalog: the products and their prices, kept in PostgreSQL.

GET  /products         all products
GET  /products/<sku>   one product, or 404
PUT  /products/<sku>   create or change it: {"name": ..., "price": cents}
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import psycopg2
from bottle import HTTPResponse, get, put, request, run
from psycopg2.extras import RealDictCursor

PORT = int(os.environ.get("PORT", "8080"))
DATABASE_URL = os.environ["DATABASE_URL"]


@contextmanager
def database() -> Iterator[RealDictCursor]:
    """One connection, one transaction: committed at the end, rolled back by an error."""
    options = {"connect_timeout": 2, "cursor_factory": RealDictCursor}
    with (
        closing(psycopg2.connect(DATABASE_URL, **options)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        yield cursor


@get("/health")
def health() -> dict[str, str] | HTTPResponse:
    try:
        with database() as db:
            db.execute("SELECT 1")
    except psycopg2.OperationalError as error:
        return HTTPResponse({"error": str(error)}, status=503)
    return {"status": "ok"}


@get("/products")
def products() -> dict[str, object]:
    with database() as db:
        db.execute("SELECT sku, name, price FROM products ORDER BY sku")
        return {"products": db.fetchall()}


@get("/products/<sku>")
def product(sku: str) -> dict[str, object] | HTTPResponse:
    with database() as db:
        db.execute("SELECT sku, name, price FROM products WHERE sku = %s", [sku])
        return db.fetchone() or HTTPResponse({"error": f"no product {sku!r}"}, status=404)


@put("/products/<sku>")
def save(sku: str) -> dict[str, object]:
    with database() as db:
        db.execute(
            "INSERT INTO products (sku, name, price) VALUES (%s, %s, %s) "
            "ON CONFLICT (sku) DO UPDATE SET name = excluded.name, price = excluded.price "
            "RETURNING sku, name, price",
            [sku, request.json["name"], request.json["price"]],
        )
        saved: dict[str, object] = db.fetchone()
    return saved


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        print(self.address_string(), format % args)


signal.signal(signal.SIGTERM, lambda *_: sys.exit())
run(host="0.0.0.0", port=PORT, server_class=Server, handler_class=Handler, quiet=True)
