"""Integration tests against real services.

One compose file per service, a marker on the test, a typed object in its hands. Everything that
a team writes in its tests is imported from here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.container import Container, NetworkInfo
    from harness.engine.protocol import ExecResult
    from harness.errors import (
        ComposeFileError,
        ComposeUnavailableError,
        ContainerGoneError,
        DependencyCycleError,
        DockerConfigurationError,
        DuplicateServiceError,
        EngineRefusedError,
        EngineUnavailableError,
        ExecutableError,
        HarnessError,
        HarnessWarning,
        ImageUnavailableError,
        MissingVariableError,
        NoServiceNamedError,
        NotOursError,
        PortTakenError,
        ReaperError,
        ReportError,
        ResetError,
        ServiceDiedError,
        ServiceFailedError,
        ServiceNotReadyError,
        ServiceStartError,
        ServiceStateError,
        SettingError,
        StartFailedBeforeError,
        TurnTimeoutError,
        UnknownServiceError,
    )
    from harness.getter import ContainerGetter, DockerProject, ImageType
    from harness.process_service import ProcessService
    from harness.service import Service, service_fixture

# Imported when first used: pytest loads this package in every run, also where no test uses it.
_WHERE = {
    "Container": "container",
    "ContainerGetter": "getter",
    "DockerProject": "getter",
    "ExecResult": "engine.protocol",
    "ImageType": "getter",
    "NetworkInfo": "container",
    "ProcessService": "process_service",
    "Service": "service",
    "service_fixture": "service",
}

__all__ = [
    "ComposeFileError",
    "ComposeUnavailableError",
    "Container",
    "ContainerGetter",
    "ContainerGoneError",
    "DependencyCycleError",
    "DockerConfigurationError",
    "DockerProject",
    "DuplicateServiceError",
    "EngineRefusedError",
    "EngineUnavailableError",
    "ExecResult",
    "ExecutableError",
    "HarnessError",
    "HarnessWarning",
    "ImageType",
    "ImageUnavailableError",
    "MissingVariableError",
    "NetworkInfo",
    "NoServiceNamedError",
    "NotOursError",
    "PortTakenError",
    "ProcessService",
    "ReaperError",
    "ReportError",
    "ResetError",
    "Service",
    "ServiceDiedError",
    "ServiceFailedError",
    "ServiceNotReadyError",
    "ServiceStartError",
    "ServiceStateError",
    "SettingError",
    "StartFailedBeforeError",
    "TurnTimeoutError",
    "UnknownServiceError",
    "service_fixture",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'harness' has no attribute {name!r}")
    value: object = getattr(import_module(f"harness.{_WHERE.get(name, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
