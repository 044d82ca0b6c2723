"""The containers of a stack beside services that are none: how they find these by their names.

A name of a swapped service leads to the *front* of it: an address of this machine, where a
forwarder listens on the ports of the service's container. What is elsewhere may speak another
protocol, and answer to its own name only: in the variables of containers, URLs and pairs of host
and port lead straight there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import SettingError
from harness.plan.addresses import Address, AmbiguousError, Ports, rewritten
from harness.plan.swaps import is_front, is_loopback


@dataclass(frozen=True, slots=True)
class Beside:
    """A service that is no container, as containers see it.

    Attributes:
        service: Its name.
        names: All names that it goes by.
        networks: The networks that it would be in.
        front: The address that stands for it; ``""`` where there is none.
        ports: The ports of its container.
        place: Where it is, if it is elsewhere.
    """

    service: str
    names: Sequence[str]
    networks: Collection[str]
    front: str = ""
    ports: Sequence[int] = ()
    place: Address | None = None

    def seen_as(self, name: str) -> Ports:
        """Return what its ports are to a container that knows it by a name."""
        assert self.place is not None
        if self.front and is_loopback(self.place.host):
            return {port: Address(name, port, self.place.scheme) for port in self.ports}
        return dict.fromkeys(self.ports, self.place)


def containers_document(
    document: Mapping[str, Any], swapped: Collection[str], beside: Iterable[Beside]
) -> dict[str, Any]:
    """Return the document of a stack with nothing but its containers.

    Args:
        document: The document of the whole stack.
        swapped: The services of it that are no containers.
        beside: These, and those of longer-lived stacks.

    Raises:
        SettingError: A container cannot reach what it depends on, or a variable of it cannot
            lead to where that is.
    """
    others = [*beside]
    sections = {
        name: _section(name, section, document, swapped, others)
        for name, section in document["services"].items()
        if name not in swapped
    }
    networks = {n: e for n, e in (document.get("networks") or {}).items() if not is_front(n)}
    return {**document, "services": sections, "networks": networks}


def _section(
    name: str,
    section: Mapping[str, Any],
    document: Mapping[str, Any],
    swapped: Collection[str],
    beside: Sequence[Beside],
) -> dict[str, Any]:
    changed = dict(section)
    if depends_on := section.get("depends_on"):
        changed["depends_on"] = {k: v for k, v in depends_on.items() if k not in swapped}
    links = [str(link) for link in section.get("links") or ()]
    if links:
        changed["links"] = [link for link in links if link.partition(":")[0] not in swapped]
    joined = {*(section.get("networks") or ())}
    seen = [one for one in beside if joined & {*one.networks}]
    names = {one.service: [*one.names, *_linked(links, one.service)] for one in seen}
    hosts = [f"{n}={one.front}" for one in seen if one.front for n in names[one.service]]
    if hosts:
        _check_way_out(name, section, document, seen)
        changed["extra_hosts"] = [*(section.get("extra_hosts") or ()), *hosts]
    remote = {n: one.seen_as(n) for one in seen if one.place for n in names[one.service]}
    if remote and isinstance(environment := section.get("environment"), Mapping):
        strict = {n for one in seen if one.place and not one.front for n in names[one.service]}
        changed["environment"] = _led_there(name, environment, remote, strict)
    return changed


def _linked(links: Iterable[str], service: str) -> list[str]:
    pairs = (link.partition(":") for link in links)
    return [alias for name, _, alias in pairs if name == service and alias]


def _check_way_out(
    name: str, section: Mapping[str, Any], document: Mapping[str, Any], seen: Sequence[Beside]
) -> None:
    """See that a container has a way out of its networks, if it needs one."""
    declared = document.get("networks") or {}
    inside = [n for n in section.get("networks") or () if (declared.get(n) or {}).get("internal")]
    needed = sorted({one.service for one in seen} & {*(section.get("depends_on") or ())})
    if needed and len(inside) == len(section.get("networks") or ()):
        raise SettingError(
            f"service {name!r} depends on {needed[0]!r}, which runs in no container, and is in "
            f"internal networks alone ({', '.join(inside)}): from there nothing outside of a "
            f"container can be reached. Swap {name!r} too, or take `internal: true` away."
        )


def _led_there(
    service: str, environment: Mapping[str, Any], names: Mapping[str, Ports], strict: set[str]
) -> dict[str, Any]:
    """Return a container's variables with what is elsewhere in place of its name.

    What cannot be told stays, as the name leads to the service's front; an error where it has
    none.
    """
    texts = {key: value for key, value in environment.items() if isinstance(value, str)}
    while True:
        try:
            return {**environment, **rewritten(texts, names)}
        except AmbiguousError as error:
            if any(name in texts.get(error.variable, "") for name in strict):
                raise SettingError(
                    f"the variable {error.variable} of service {service!r} is "
                    f"{texts[error.variable]!r}, and its container cannot know where that is: "
                    f"{error.why}. Write host and port into it, or run the tests on the engine's "
                    f"machine, where the name leads there."
                ) from None
            del texts[error.variable]
