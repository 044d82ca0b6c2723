"""orders: takes orders, asks the catalog for prices, tells the broker.

POST /orders        {"sku": ..., "quantity": ...}: 201, 422 for an unknown product,
                    503 while something that it needs does not answer
GET  /orders/<id>   one order, or 404

A price is asked once and then kept in redis for a minute; so are, without end, the orders.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from functools import wraps
from socketserver import ThreadingMixIn
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from bottle import HTTPResponse, get, post, request, run
from paho.mqtt.client import Client
from redis import Redis, RedisError

PORT = int(os.environ.get("PORT", "8080"))
CATALOG_URL = os.environ["CATALOG_URL"]
CURRENCY = os.environ.get("CURRENCY", "EUR")
PRICE_SECONDS = 60
TIMEOUT = 2  # seconds, for each of the services asked

store = Redis.from_url(
    os.environ["REDIS_URL"],
    decode_responses=True,
    socket_timeout=TIMEOUT,
    socket_connect_timeout=TIMEOUT,
)
events = Client()
events.reconnect_delay_set(min_delay=1, max_delay=1)


class UnknownProductError(Exception):
    """The catalog has no such product."""


def needs_others(handler: Callable[..., object]) -> Callable[..., object]:
    """Answer 503, with the reason, when a service that ``handler`` asks does not answer."""

    @wraps(handler)
    def guarded(*args: str, **kwargs: str) -> object:
        try:
            return handler(*args, **kwargs)
        except RedisError as error:
            return HTTPResponse({"error": f"redis: {error}"}, status=503)
        except OSError as error:
            return HTTPResponse({"error": str(error)}, status=503)

    return guarded


def price_of(sku: str) -> int:
    """The price in cents, from the cache or else from the catalog."""
    cached = store.get(f"price:{sku}")
    if cached is not None:
        return int(cached)
    try:
        with urlopen(f"{CATALOG_URL}/products/{quote(sku)}", timeout=TIMEOUT) as answer:
            price = int(json.load(answer)["price"])
    except HTTPError as error:
        if error.code == 404:
            raise UnknownProductError(sku) from error
        raise ConnectionError(f"catalog: {error}") from error
    except OSError as error:
        raise ConnectionError(f"catalog: {error}") from error
    store.setex(f"price:{sku}", PRICE_SECONDS, price)
    return price


def announce(placed: dict[str, object]) -> None:
    """Publish an order; return once the broker has acknowledged it."""
    if not events.is_connected():  # the client would keep the message and send it later
        raise ConnectionError("broker: not connected")
    message = events.publish("orders", json.dumps(placed), qos=1)
    message.wait_for_publish(TIMEOUT)
    if not message.is_published():
        raise ConnectionError(f"broker: no acknowledgement within {TIMEOUT} s")


@get("/health")
def health() -> dict[str, str] | HTTPResponse:
    if not events.is_connected():
        return HTTPResponse({"error": "not connected to the broker"}, status=503)
    return {"status": "ok"}


@post("/orders")
@needs_others
def order() -> HTTPResponse:
    sku, quantity = str(request.json["sku"]), int(request.json["quantity"])
    try:
        total = quantity * price_of(sku)
    except UnknownProductError:
        return HTTPResponse({"error": f"no product {sku!r}"}, status=422)
    placed = {
        "id": store.incr("orders"),
        "sku": sku,
        "quantity": quantity,
        "total": total,
        "currency": CURRENCY,
    }
    announce(placed)
    store.set(f"order:{placed['id']}", json.dumps(placed))
    return HTTPResponse(placed, status=201)


@get("/orders/<number:int>")
@needs_others
def one(number: int) -> dict[str, object] | HTTPResponse:
    placed = store.get(f"order:{number}")
    if placed is None:
        return HTTPResponse({"error": f"no order {number}"}, status=404)
    return json.loads(placed)


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        print(self.address_string(), format % args)


signal.signal(signal.SIGTERM, lambda *_: sys.exit())
events.connect_async(os.environ["BROKER_HOST"], int(os.environ["BROKER_PORT"]))
events.loop_start()
run(host="0.0.0.0", port=PORT, server_class=Server, handler_class=Handler, quiet=True)
