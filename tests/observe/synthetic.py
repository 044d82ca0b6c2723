"""A journal of a run that never was: of any size, the same each time, with a bit of everything."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

from harness.observe.event import Event, Kind

ZERO = 1_764_072_000.0
DEPENDS_ON: Mapping[str, Mapping[str, str]] = {
    "broker": {},
    "catalog": {"migrate": "service_completed_successfully", "postgres": "service_healthy"},
    "mailer": {"broker": "service_started"},
    "migrate": {"postgres": "service_healthy"},
    "orders": {
        "broker": "service_healthy",
        "catalog": "service_healthy",
        "redis": "service_healthy",
    },
    "postgres": {},
    "redis": {},
}
USUAL = {
    "broker": 0.5,
    "catalog": 0.9,
    "mailer": 0.4,
    "migrate": 0.8,
    "orders": 1.1,
    "postgres": 1.6,
    "redis": 0.3,
}
HOSTILE = "</script><script>window.owned = 1</script><img src=x onerror='window.owned = 1'>"
_MESSAGES = (
    "GET /products/{} 200 {}ms",
    "order {} placed, {} items, total computed",
    "cache miss for product {}: fetched in {} ms",
    "checkpoint complete: wrote {} buffers, {} WAL files added",
    "connection {} from 172.18.0.{} accepted",
    "published to orders/{} with qos {}",
)


def journal(tests: int, lines: int, workers: int = 2, run: str = "5ca1ab1e") -> list[Event]:
    """Return a run's events, in time order.

    Args:
        tests: How many tests ran.
        lines: How many lines the services of each of them wrote.
        workers: How many workers there were.
        run: The run's id.
    """
    events = [*_controller(run)]
    for number in range(workers):
        mine = range(number, tests, workers)
        events += _Worker(f"gw{number}", run, random.Random(f"{run} {number}")).events(mine, lines)
    end = max(event.at for event in events) + 0.4
    events.append(Event(Kind.RUN_END, end, data={"exit_status": 1}))
    return sorted(events, key=lambda event: event.at)


def text(events: list[Event]) -> str:
    """Return events as a journal holds them."""
    return "".join(f"{event.line()}\n" for event in events)


def _controller(run: str) -> Iterator[Event]:
    about = {"project": "shop", "engine": "docker", "isolation": "fresh", "pytest": "9.0.0"}
    yield Event(Kind.RUN_BEGIN, ZERO, data={"run": run, "pid": 1, **about})
    services = {
        name: {
            "place": f"compose/{name}.yml:2",
            "image": f"registry.example.com/shop/{name}:1.4",
            "builds": name in {"catalog", "mailer", "orders"},
            "replicas": 1,
            "ports": [] if name in {"mailer", "migrate"} else ["8080/tcp"],
            "depends_on": needs,
            "one_shot": name == "migrate",
            "ends_with": 0 if name == "migrate" else None,
        }
        for name, needs in DEPENDS_ON.items()
    }
    yield Event(Kind.PROJECT, ZERO + 0.9, data={"services": services})
    yield Event(
        Kind.WARNING, ZERO + 1, data={"text": f"compose/orders.yml:7: opens a port {HOSTILE}"}
    )


class _Worker:
    """One worker: it runs its tests one after the other."""

    def __init__(self, name: str, run: str, random: random.Random) -> None:
        self._name, self._run, self._random = name, run, random
        self._now = ZERO + 1.2
        self._told: list[Event] = []

    def events(self, tests: range, lines: int) -> list[Event]:
        about: dict[str, Any] = {"run": self._run, "project": "shop", "engine": "docker"}
        self._tell(Kind.RUN_BEGIN, **about)
        self._lasts(Kind.RUN_PHASE, 0.3, name="resolve the project")
        for number in tests:
            self._test(number, lines)
        self._now += 0.2
        self._tell(Kind.RUN_END, exit_status=0)
        return self._told

    def _tell(self, kind: str, at: float = 0.0, took: float = 0.0, **told: Any) -> None:
        stack, service, test = (str(told.pop(name, "")) for name in ("stack", "service", "test"))
        self._told.append(
            Event(
                kind,
                at or self._now,
                took,
                worker=self._name,
                stack=stack,
                service=service,
                test=test,
                data=told,
            )
        )

    def _lasts(self, kind: str, took: float, **told: Any) -> None:
        self._now += took
        self._tell(kind, took=took, **told)

    def _about(self, mean: float) -> float:
        return mean * self._random.uniform(0.7, 1.5)

    def _test(self, number: int, lines: int) -> None:
        id_ = f"tests/integration/test_{'shop' if number % 3 else 'orders'}.py::test_case_{number}"
        need = self._random.choice(["orders", "catalog", "mailer", "redis"])
        stack = f"harness-{self._run}-4-{self._name}-{number}"
        services = _closure(need)
        began = self._now
        self._tell(Kind.TEST_BEGIN, test=id_, file=id_.partition("::")[0], line=10 + number)
        if number % 40 == 6:
            self._lasts(Kind.IMAGE_BUILD, self._about(2.0), services=[need])
        create = self._about(0.4)
        self._lasts(Kind.STACK_CREATE, create, stack=stack, services=services)
        broken = number % 23 == 9
        ready = self._start(stack, services, broken=need if broken else "")
        self._now = ready
        error: dict[str, Any] = {"error": f"{need} did not get ready"} if broken else {}
        stacks = {stack: {"services": services, "life": "test", "resets": []}}
        self._tell(Kind.TEST_LEASE, took=ready - began, test=id_, stacks=stacks, **error)
        self._tell(Kind.TEST_PHASE, took=ready - began + 0.01, test=id_, when="setup")
        call = 0.0 if broken else self._about(0.6)
        failed = number % 11 == 4
        self._now += call
        if failed:
            self._die(stack, need)
        outcome = "error" if broken else "failed" if failed else "passed"
        if number % 17 == 3 and outcome == "passed":
            outcome = "skipped"
        self._phase(id_, call, outcome)
        if outcome in {"failed", "error"}:
            self._explain(id_, stack, services, need)
        self._log(id_, services, lines, began)
        self._tell(
            Kind.TEST_END, took=self._now - began, test=id_, outcome=outcome,
            message=_message(outcome),
        )  # fmt: skip
        self._lasts(Kind.STACK_REMOVE, self._about(0.3), stack=stack)

    def _start(self, stack: str, services: list[str], broken: str) -> float:
        """Start services, each when what it depends on is ready; return when all are."""
        begin, ready = self._now, dict[str, float]()
        for name in services:
            starts = max([begin, *(ready[other] for other in DEPENDS_ON[name])])
            took, start = self._about(USUAL[name]), self._about(0.12)
            container = {"container": f"{stack}/{name}", "name": f"{stack}-{name}-1"}
            about: dict[str, Any] = {"stack": stack, "service": name, **container}
            started = starts + start
            ports = [20000 + self._random.randrange(5000)]
            self._tell(Kind.SERVICE_START, at=started, took=start, ports=ports, **about)
            error: dict[str, Any] = {"error": "did not get ready within 2 s: nothing listens"}
            more = error if name == broken else {}
            ready[name] = starts + start + took
            self._tell(Kind.SERVICE_WAIT, at=ready[name], took=took, **about, **more)
        return max(ready.values())

    def _die(self, stack: str, service: str) -> None:
        about: dict[str, Any] = {
            "container": f"{stack}/{service}",
            "name": f"{stack}-{service}-1",
            "asked": "",
        }
        deaths: list[tuple[str, dict[str, Any]]] = [("oom", {}), ("die", {"exit_code": 137})]
        for action, more in deaths:
            self._tell(
                Kind.CONTAINER, at=self._now - 0.1, stack=stack, service=service, action=action,
                **about, **more,
            )  # fmt: skip

    def _phase(self, id_: str, took: float, outcome: str) -> None:
        text = f"    def test_it(orders):\n>       assert ask(orders) == 200\nE       {HOSTILE}\n"
        more: dict[str, Any] = (
            {"text": text, "message": _message(outcome)} if outcome == "failed" else {}
        )
        self._tell(Kind.TEST_PHASE, took=took, test=id_, when="call", outcome=outcome, **more)
        self._tell(Kind.TEST_PHASE, took=0.01, test=id_, when="teardown", outcome="passed")

    def _explain(self, id_: str, stack: str, services: list[str], need: str) -> None:
        verdict = f"{need} died (exit 137, out of memory) 0.1 s before the assertion"
        self._tell(Kind.TEST_VERDICT, test=id_, lines=[verdict])
        state = {
            name: {
                "image": f"registry.example.com/shop/{name}:1.4",
                "status": "exited" if name == need else "running",
                "health": "" if name == need else "healthy",
                "exit_code": 137 if name == need else None,
                "oom": name == need,
                "restarts": 0,
                "memory_peak": 64 << 20,
                "ports": ["8080/tcp -> 127.0.0.1:20001"],
                "stack": stack,
                "container": f"{stack}-{name}-1",
            }
            for name in services
        }
        self._tell(Kind.TEST_STATE, test=id_, services=state)

    def _log(self, id_: str, services: list[str], lines: int, began: float) -> None:
        step = (self._now - began) / (lines + 1)
        rows = []
        for number in range(lines):
            said = self._random.choice(_MESSAGES)
            words = said.format(self._random.randrange(100_000), self._random.randrange(1000))
            mark = "anomaly" if number % 37 == 30 else ""
            words = f"ERROR could not parse {HOSTILE}" if mark else words
            rows.append([began + step * number, self._random.choice(services), words, mark])
        self._tell(Kind.TEST_LOG, test=id_, lines=rows, cut=0)


def _message(outcome: str) -> str:
    told = {"failed": f"AssertionError: 500 != 200 {HOSTILE}", "error": "did not get ready"}
    return told.get(outcome, "")


def _closure(service: str) -> list[str]:
    """Return a service and what it depends on, in the order of their start."""
    found: dict[str, None] = {}
    for name in DEPENDS_ON[service]:
        found |= dict.fromkeys(_closure(name))
    return [*found, service]
