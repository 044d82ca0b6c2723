"""Programs for process services, written into files; and a look at what is left of them."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

import psutil

import harness

HEAD = f"""\
#!{sys.executable} -IS
import json, os, signal, socket, subprocess, sys, time

def listen(port=None):
    server = socket.create_server(("127.0.0.1", int(port or os.environ["PORT"])))
    return server

def tell(name, what):
    with open(name + ".new", "w") as file:
        json.dump(what, file)
    os.replace(name + ".new", name)

def sleep():
    while True:
        time.sleep(60)

def fork(then, session=False, bare=False):
    # a child; in a session of its own, or without any variable
    pid = os.fork()
    if pid == 0:
        if session:
            os.setsid()
        if bare:
            code = "import time; time.sleep(600)"
            os.execve(sys.executable, [sys.executable, "-ISc", code], {{}})
        then()
        os._exit(0)
    return pid
"""


def program(folder: Path, body: str, name: str = "service") -> Path:
    """Write a program that can be executed."""
    file = folder / name
    file.write_text(HEAD + body)
    file.chmod(0o755)
    return file


def told(file: Path) -> list[int]:
    """Return what a program has told."""
    found: list[int] = json.loads(file.read_text())
    return found


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def running_in(folder: Path) -> list[psutil.Process]:
    """Return the processes whose working directory is in a folder."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            inside = process.cwd().startswith(str(folder)) and process.pid != os.getpid()
            if inside and not gone(process.pid):
                found.append(process)
    return found


class Program(harness.ProcessService):
    """A program in a folder."""

    def __init__(self, folder: Path, body: str, port: int | None = None) -> None:
        self.executable_path = program(folder, body, f"service-{id(self)}")
        self.cwd = folder
        if port is not None:
            self.port = port
