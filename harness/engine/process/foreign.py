"""Services that somebody else runs: elsewhere, or in the user's debugger."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping
from typing import NoReturn

from harness.engine.process.launch import variables
from harness.engine.process.store import Made, State, Store
from harness.engine.protocol import Say
from harness.errors import NotOursError, SettingError
from harness.plan.addresses import Ports
from harness.plan.swaps import How

Names = Callable[[Made], Mapping[str, Ports]]


class Foreign:
    """What there is to do for them: to take note of them, and to tell the user what his needs."""

    def __init__(
        self, store: Store, names: Names, began: Callable[[Made, State], None], tell: Say
    ) -> None:
        """Take what it works with.

        Args:
            store: Where they are noted.
            names: Gives what one knows others by.
            began: Tells that one counts as running.
            tell: Shows the user a text as it is.
        """
        self._store = store
        self._names = names
        self._began = began
        self._tell = tell

    def start(self, made: Made) -> None:
        """Take note that one counts as running from now on; it is waited for as any other.

        Raises:
            SettingError: One of the user's variables leads nowhere, or he is already asked for
                another process of the same service.
        """
        if self._store.state(made.id).status == "running":
            return
        if made.how == How.ATTACH:
            self._ask_for(made)
        now = time.time()
        state = self._store.change(
            made.id, status="running", started=now, action="start", moment=now
        )
        self._began(made, state)

    def refuse(self, made: Made, what: str) -> NoReturn:
        """Say that something cannot be done with one.

        Raises:
            NotOursError: Always.
        """
        where = f"at {made.host}:{made.ports[0][1]}" if made.ports else "elsewhere"
        raise NotOursError(
            f"{made.called} runs {where} ({How(made.how).option}), and the harness has not started "
            f"it: wanted to {what}, which only who runs it can. Leave out the test, or the option."
        )

    def _ask_for(self, made: Made) -> None:
        for other in self._store.find({}):
            same = other.service == made.service and other.how == made.how and other.id != made.id
            if same and self._store.state(other.id).status == "running":
                raise SettingError(
                    f"{made.called} is attached in stack {other.stack}, and stack {made.stack} "
                    f"wants one of its own: your one process cannot be in both. That is so where "
                    f"it is `shared` in one test and not in another, and for container getters "
                    f"of wider scopes and docker_project.up() outside of tests."
                )
        self._tell(asked(made, variables(made, self._names(made))))


def asked(made: Made, environment: Mapping[str, str]) -> str:
    """Return what the user is told: where his process is to listen, and with which variables."""
    listens = " ".join(
        f"127.0.0.1:{outside} (its container's port {inside})" for inside, outside in made.ports
    )
    return "\n".join(
        [
            "",
            f"harness: start {made.service} now, with this environment:",
            "",
            *(f"export {name}={shlex.quote(value)}" for name, value in environment.items()),
            "",
            f"harness: waiting until it answers at {listens}; Ctrl-C ends the run",
        ]
    )
