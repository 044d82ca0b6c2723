"""A registry of one image, on loopback: the engine really pulls from it.

It serves what a pull asks for of the distribution API
(https://distribution.github.io/distribution/spec/api/): the manifest and the blobs.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _layer(size: int) -> bytes:
    """Return a tar archive of one file that nobody can compress, and nobody has yet."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        entry = tarfile.TarInfo("data")
        entry.size = size
        archive.addfile(entry, io.BytesIO(os.urandom(size)))
    return written.getvalue()


class OneImage:
    """An image of one layer, of which half is held back until ``go_on`` is set.

    Attributes:
        name: What to pull.
        go_on: Set it to have the rest of the layer sent.
    """

    def __init__(self, size: int) -> None:
        layer = _layer(size)
        packed = gzip.compress(layer, compresslevel=1)
        config = json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": {"Cmd": ["/data"]},
                "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
            }
        ).encode()
        self.go_on = threading.Event()
        self.name = ""
        self.layer = _digest(packed)
        self.blobs = {_digest(config): config, self.layer: packed}
        self.manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": _MANIFEST,
                "config": {
                    "mediaType": "application/vnd.docker.container.image.v1+json",
                    "size": len(config),
                    "digest": _digest(config),
                },
                "layers": [
                    {
                        "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
                        "size": len(packed),
                        "digest": self.layer,
                    }
                ],
            }
        ).encode()


@contextmanager
def registry(size: int) -> Iterator[OneImage]:
    """Serve an image as long as the context lasts.

    Args:
        size: The size of its layer, in bytes.
    """
    image = OneImage(size)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def _answer(self, *, body: bool) -> None:
            last = self.path.rpartition("/")[2]
            kind, data = _MANIFEST, image.manifest
            if "/blobs/" in self.path:
                kind, data = "application/octet-stream", image.blobs[last]
            elif "/manifests/" not in self.path:
                kind, data = "application/json", b"{}"
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Docker-Content-Digest", _digest(data))
            self.end_headers()
            if not body:
                return
            half = len(data) // 2
            with suppress(OSError):  # an engine closes when it is told to give up
                self.wfile.write(data[:half])
                if last == image.layer:
                    image.go_on.wait(60)
                self.wfile.write(data[half:])

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    image.name = f"127.0.0.1:{server.server_port}/only/image:latest"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield image
    finally:
        image.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()
