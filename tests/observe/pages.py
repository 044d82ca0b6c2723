"""Reading what a page holds, as its script does."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode
from pathlib import Path
from typing import Any


def names(folder: Path) -> list[str]:
    """Return the names of what is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def unpacked(page: str, id_: str) -> Any:
    """Return one of the page's two packets: ``data`` or ``log``."""
    packet = re.search(rf'<script type="text/plain" id="{id_}">([^<]*)</script>', page)
    assert packet, f"no packet {id_}"
    return json.loads(zlib.decompress(b64decode(packet[1])))
