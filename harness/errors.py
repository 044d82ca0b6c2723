"""The errors a user can cause, each with a class of its own.

Every message says what was wanted, what was found, where, and what to do. The plugin shows
the message alone; a test may catch the class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_maskers: list[Callable[[str], str]] = []


def mask_by(masker: Callable[[str], str]) -> Callable[[], None]:
    """Have secrets hidden in what the harness shows, from now on.

    Args:
        masker: Returns a text with what is secret hidden.

    Returns:
        What ends it.
    """
    _maskers.append(masker)
    return lambda: _maskers.remove(masker)


def masked(text: str) -> str:
    """Return a text as it may be shown."""
    for masker in _maskers:
        text = masker(text)
    return text


class HarnessError(Exception):
    """Base of every error the harness raises for a user to read.

    Secrets are hidden when it is made into text, and nowhere before: there are a hundred places
    that raise one, many quote a log or an engine, and most errors are never shown.
    """

    def __str__(self) -> str:
        """Return the message, with secrets hidden."""
        return masked(super().__str__())

    def __repr__(self) -> str:
        """Return the error's class and message, with secrets hidden."""
        return masked(super().__repr__())


class DockerConfigurationError(HarnessError):
    """A test wants a port, or a host, that the service does not publish (now)."""


class EngineUnavailableError(HarnessError):
    """No container engine answers."""


class ComposeUnavailableError(HarnessError):
    """Docker Compose is not installed, or is older than v2."""


class ComposeFileError(HarnessError):
    """A compose file cannot be read, or says something that Compose refuses."""


class DuplicateServiceError(ComposeFileError):
    """Two compose files that belong to one project define the same service."""


class UnknownServiceError(HarnessError):
    """A name that is no service of the project."""


class DependencyCycleError(ComposeFileError):
    """Services that depend on each other in a circle."""


class MissingVariableError(ComposeFileError):
    """A variable without value or default, where the service cannot do without it."""


class ImageUnavailableError(HarnessError):
    """An image that can neither be found, pulled nor built."""


class PortTakenError(HarnessError):
    """A fixed port that somebody else holds."""


class ServiceStartError(HarnessError):
    """A service of the stack did not come up."""


class ServiceDiedError(ServiceStartError):
    """A container, or a process, ended while the harness waited for it."""


class ServiceNotReadyError(ServiceStartError):
    """A service did not answer before its deadline."""


class ExecutableError(ServiceStartError):
    """What a process service is to run is not there, or cannot be run."""


class ServiceFailedError(HarnessError):
    """A test passed, but a service behind it did what it must not: ``fail_on``.

    Attributes:
        moment: When the test had ended, in seconds since the epoch: what the message counts from.
    """

    def __init__(self, message: str, moment: float) -> None:
        super().__init__(message)
        self.moment = moment


class ServiceStateError(HarnessError):
    """A process service is entered twice, or asked for what only a running one has.

    Or a child that a test has forked wants services, which only its parent can start.
    """


class NoServiceNamedError(HarnessError):
    """A test asks for the container getter and names no service."""


class SettingError(HarnessError):
    """An option, an ini key, a marker argument or an ``x-harness`` key that makes no sense."""


class EngineRefusedError(HarnessError):
    """The engine, or Compose, refused a request. The message is its own."""


class ContainerGoneError(EngineRefusedError):
    """The container, image or network does not exist any more."""


class NotOursError(HarnessError):
    """A service that the harness did not start is to be stopped, or looked into."""


class StartFailedBeforeError(ServiceStartError):
    """The same start has failed in this run already, and was not tried again."""


class ResetError(HarnessError):
    """The state of a running service cannot be remembered, or put back."""


class ReaperError(HarnessError):
    """The process that removes what a killed run leaves could not be started."""


class TurnTimeoutError(HarnessError):
    """Another stack kept what this one needs for too long."""


class ReportError(HarnessError):
    """A report cannot be written, or a file that it is to be drawn from is no journal."""


class HarnessWarning(UserWarning):
    """Something that a user may want to know, and that stops nothing."""


def nearest(name: str, known: Sequence[str]) -> str:
    """Return a sentence that offers the known name nearest to ``name``, or lists them all."""
    import difflib

    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"Known: {', '.join(sorted(known)) or 'none'}."
