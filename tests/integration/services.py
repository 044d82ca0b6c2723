"""The shop's services as a test sees them: where each listens and what it can be asked."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from http.client import HTTPConnection
from typing import Any, NamedTuple

import harness


class Answer(NamedTuple):
    """What a service answered over HTTP."""

    status: int
    content: Any


def ask(service: harness.Service, method: str, path: str, content: object = None) -> Answer:
    """Send one request with a JSON body and read the JSON answer, whatever its status."""
    with closing(HTTPConnection(service.host, service.port, timeout=10)) as connection:
        body = None if content is None else json.dumps(content)
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return Answer(answer.status, json.load(answer))


class Catalog(harness.Service, container_name="catalog"):
    """The products and their prices in cents."""

    def save(self, sku: str, price: int) -> None:
        answer = ask(self, "PUT", f"/products/{sku}", {"name": sku.title(), "price": price})
        assert answer.status == 200, answer

    def products(self) -> dict[str, int]:
        """The price of each product, by its sku."""
        answer = ask(self, "GET", "/products")
        assert answer.status == 200, answer
        return {product["sku"]: product["price"] for product in answer.content["products"]}


class Orders(harness.Service, container_name="orders"):
    """Takes orders."""

    def place(self, sku: str, quantity: int = 1) -> Answer:
        return ask(self, "POST", "/orders", {"sku": sku, "quantity": quantity})

    def get(self, number: int) -> Answer:
        return ask(self, "GET", f"/orders/{number}")


class Mailer(harness.Service, container_name="mailer"):
    """Writes a mail for each order."""

    def mails(self) -> list[str]:
        """The mails written since the mailer started, the oldest first."""
        answer = ask(self, "GET", "/mails")
        assert answer.status == 200, answer
        return [mail["text"] for mail in answer.content["mails"]]


class Postgres(harness.Service, container_name="postgres"):
    """The catalog's database."""

    @property
    def dsn(self) -> str:
        """What a client library connects to."""
        return f"postgresql://shop:shop@{self.host}:{self.port}/shop"


class Redis(harness.Service, container_name="redis"):
    """The orders, and the prices they were made at."""

    def command(self, *words: str) -> str | None:
        """Run one command and return its reply; None is redis's nil.

        Needs no client library: https://redis.io/docs/latest/develop/reference/protocol-spec/
        (inline commands, so a word holds no space).
        """
        with (
            socket.create_connection((self.host, self.port), timeout=10) as connection,
            connection.makefile("rw", newline="\r\n") as stream,
        ):
            stream.write(" ".join(words) + "\r\n")
            stream.flush()
            kind, reply = stream.read(1), stream.readline().strip()
            if kind == "$":  # a bulk string: its length first, -1 for nil
                return None if reply == "-1" else stream.readline().strip()
            assert kind in "+:", f"{' '.join(words)}: {reply}"
            return reply
