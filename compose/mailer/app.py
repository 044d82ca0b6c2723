"""mailer: writes a mail for each order that the broker delivers.

GET /mails      the mails written since the start
DELETE /mails   forgets them
GET /health     200 once subscribed, 503 before

Its session at the broker is persistent (a fixed client id, no clean session, QoS 1): orders
published while it is away are delivered when it is back.
"""

import json
import os
import signal
import sys
from socketserver import ThreadingMixIn
from threading import Event
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from bottle import HTTPResponse, delete, get, run
from paho.mqtt.client import Client, MQTTMessage

PORT = int(os.environ.get("PORT", "8080"))
mails: list[dict[str, object]] = []
subscribed = Event()


def on_connect(client: Client, *_: object) -> None:
    client.subscribe("orders", qos=1)


def on_subscribe(*_: object) -> None:
    subscribed.set()


def on_disconnect(*_: object) -> None:
    subscribed.clear()


def on_message(_client: Client, _userdata: object, message: MQTTMessage) -> None:
    order = json.loads(message.payload)
    price = f"{order['total'] / 100:.2f} {order['currency']}"
    mails.append({"order": order["id"], "text": f"{order['quantity']} x {order['sku']}: {price}"})
    print("mail for order", order["id"])


orders = Client(client_id="mailer", clean_session=False)
orders.reconnect_delay_set(min_delay=1, max_delay=1)
orders.on_connect = on_connect
orders.on_subscribe = on_subscribe
orders.on_disconnect = on_disconnect
orders.on_message = on_message


@get("/health")
def health() -> dict[str, str] | HTTPResponse:
    if not subscribed.is_set():
        return HTTPResponse({"error": "not subscribed"}, status=503)
    return {"status": "ok"}


@get("/mails")
def written() -> dict[str, object]:
    return {"mails": mails}


@delete("/mails")
def forget() -> None:
    mails.clear()


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        print(self.address_string(), format % args)


signal.signal(signal.SIGTERM, lambda *_: sys.exit())
orders.connect_async(os.environ["BROKER_HOST"], int(os.environ["BROKER_PORT"]))
orders.loop_start()
run(host="0.0.0.0", port=PORT, server_class=Server, handler_class=Handler, quiet=True)
