"""A GET over a published port is answered with a wanted status."""

from __future__ import annotations

import http.client
from dataclasses import dataclass

from harness.probe.base import Sighting

TRY_SECONDS = 2.0
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class HttpProbe:
    """Asks once a look, and follows no redirect.

    ``status`` are the statuses wanted; any 2xx or 3xx where there is none. With ``tls`` the other
    side must show a certificate that this machine trusts (``SSL_CERT_FILE`` names another one).
    """

    host: str
    port: int
    container_port: str
    path: str = "/"
    status: tuple[int, ...] = ()
    tls: bool = False

    @property
    def name(self) -> str:
        """What is probed."""
        wanted = " or ".join(map(str, self.status)) or "2xx or 3xx"
        scheme = "https" if self.tls else "http"
        return (
            f"GET {scheme}://{self.host}:{self.port}{self.path} (port {self.container_port}) "
            f"to answer with {wanted}"
        )

    def look(self) -> Sighting:
        """Ask once."""
        kind = http.client.HTTPSConnection if self.tls else http.client.HTTPConnection
        link = kind(self.host, self.port, timeout=TRY_SECONDS)
        try:
            link.request("GET", self.path)
            answer = link.getresponse()
            good = answer.status in self.status if self.status else 200 <= answer.status < 400
            return Sighting(good, f"status {answer.status} {answer.reason}" + _said(answer, good))
        except TimeoutError:
            return Sighting(False, f"no answer within {TRY_SECONDS:.0f} s")
        except ConnectionResetError:  # also where the other side closes without a word
            return Sighting(False, "connection closed without an answer")
        except OSError as error:
            return Sighting(False, (error.strerror or str(error)).lower())
        except http.client.HTTPException as error:
            return Sighting(False, f"what answers is no HTTP: {error!r}")
        finally:
            link.close()


def _said(answer: http.client.HTTPResponse, good: bool) -> str:
    """Return how a refusal begins: health endpoints tell what they miss."""
    if good:
        return ""
    words = " ".join(answer.read(_SHOWN).decode(errors="replace").split())
    return f": {words}" if words else ""
