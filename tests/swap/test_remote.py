"""One service elsewhere: nothing of it is started, and all that depends on it finds it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from queue import Queue
from threading import Thread

import pytest

from harness import NotOursError, ServiceNotReadyError
from harness.probe.http import HttpProbe
from harness.service import Service
from tests.swap.conftest import Swapped
from tests.swap.lab import serving, web

SERVICES = """
db: {image: nobody.example/has-it}
api:
  image: nobody.example/has-it
  depends_on: [db]
  ports: ["7412", "9999"]
  x-harness: {ready: {http: /health, exec: [none]}}
mid:
  image: nobody.example/has-it
  depends_on: [api]
  environment: {API_URL: "http://api:7412/x", API_HOST: api, API_PORT: "7412"}
  ports: ["7413"]
  x-harness: {process: {command: [./tell]}}
top:
  image: debian:bookworm-slim
  init: true
  command: [sleep, infinity]
  depends_on: [api]
  environment: {API_URL: "http://api:7412/x"}
"""
GET = "exec 3<>/dev/tcp/api/7412; printf 'GET /x HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"


def test_a_container_and_a_process_find_it(swapped: Swapped) -> None:
    with serving(web()) as port:
        lab = swapped(local=("mid",), remote={"api": f"http://127.0.0.1:{port}"})
        lab.services(SERVICES)

        lease = lab.up("top", "mid")

        top, mid, api = (lease.containers(name)[0] for name in ("top", "mid", "api"))
        assert "hello from /x" in top.exec(["bash", "-c", GET]).output
        assert top.env["API_URL"] == "http://api:7412/x"
        assert mid.env["API_URL"] == f"http://127.0.0.1:{port}/x"
        assert (mid.env["API_HOST"], mid.env["API_PORT"]) == ("127.0.0.1", str(port))
        assert {c.service for c in lease.all_containers()} == {"api", "mid", "top"}
        found = Service.of(api)
        assert (found.host, found.port) == ("127.0.0.1", port)
        assert [tuple(info) for info in api.network_info] == [("7412/tcp", "127.0.0.1", port)]
        assert api.status == "running"


@pytest.mark.parametrize("engine", ["docker", "process"])
def test_it_is_not_ours_to_stop_or_to_look_into(swapped: Swapped, engine: str) -> None:
    with serving(web()) as port:
        lab = swapped(engine=engine, remote={"api": f"127.0.0.1:{port}"})
        lab.services(SERVICES)
        api = lab.container("api")

        calls: dict[str, Callable[[], object]] = {
            "stop it": api.stop,
            "kill it": api.kill,
            "pause it": api.pause,
            "read its log": api.logs,
            "look into it": lambda: api.exec(["ls"]),
        }
        for what, forbidden in calls.items():
            with pytest.raises(NotOursError) as error:
                forbidden()
            assert f"service 'api' runs at 127.0.0.1:{port} (--harness-remote)" in str(error.value)
            assert f"wanted to {what}, which only who runs it can" in str(error.value)
        assert api.status == "running"


def test_a_process_finds_it_where_all_are_processes(swapped: Swapped) -> None:
    with serving(web()) as port:
        lab = swapped(engine="process", remote={"api": f"https://localhost:{port}"})
        lab.services(SERVICES.replace("ready: {http: /health, exec: [none]}", "ready: tcp"))

        mid = lab.container("mid")

        assert mid.env["API_URL"] == f"https://localhost:{port}/x"


def test_one_that_does_not_answer_is_told_with_its_address(swapped: Swapped) -> None:
    lab = swapped(remote={"api": "127.0.0.1:1"}, timeout=0.3)
    lab.services(SERVICES)

    with pytest.raises(ServiceNotReadyError) as error:
        lab.up("top")

    assert "service 'api' was not ready after 0.3 s" in str(error.value)
    assert "GET http://127.0.0.1:1/health" in str(error.value)
    assert "last seen: connection refused" in str(error.value)


def test_one_that_speaks_tls_is_asked_over_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        first = Queue[bytes]()

        def hang_up() -> None:
            link, _ = server.accept()
            with link:
                first.put(link.recv(1))

        thread = Thread(target=hang_up)
        thread.start()
        probe = HttpProbe("127.0.0.1", server.getsockname()[1], "7412/tcp", "/health", tls=True)

        seen = probe.look()

        thread.join()
    assert not seen.ready
    assert first.get() == b"\x16"  # a handshake (RFC 8446, section 5.1)
    assert probe.name.startswith("GET https://127.0.0.1:")
