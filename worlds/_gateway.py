"""Starting Java with py4j's gateway in it, closed to everybody but this process.

Whoever reaches a gateway can run any program as its user. So it listens on loopback only, it wants
a token that it makes itself and tells through its pipe, and it has an environment without secrets.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from py4j.java_gateway import find_jar_path, get_create_new_process_group_kwargs

PLACES = {"PATH", "JAVA_HOME", "HOME", "TMPDIR", "TMP", "TEMP", "LD_LIBRARY_PATH"}
PERSON = {"USER", "LOGNAME", "LANG", "LANGUAGE", "TZ"}
WINDOWS = {"SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE"}
NEEDED = PLACES | PERSON | WINDOWS | {"DYLD_LIBRARY_PATH"}
"""The variables that Java is handed, beside LC_…: where programs, files and libraries are, and how
the user writes. What is not named here may be a secret."""

_TOLD = 20
"""Lines of what Java says on standard error that are kept."""


class NotStarted(Exception):
    """Java ended before its gateway listened; the text is what it said."""


@dataclass(frozen=True)
class Listening:
    """A Java process whose gateway listens on loopback at ``port``, for whoever has ``token``."""

    process: subprocess.Popen[bytes]
    port: int
    token: str


def environment(ours: Mapping[str, str]) -> dict[str, str]:
    """What of the environment ``ours`` Java is handed."""
    return {
        name: value
        for name, value in ours.items()
        if name.upper() in NEEDED or name.startswith("LC_")
    }


def launch(java: Path, jar: Path, options: Sequence[str], patience: float) -> Listening:
    """Start ``java`` with py4j's gateway and with ``jar`` on its class path.

    The process is in a group of its own, so that Ctrl-C does not reach it. It ends when its
    standard input closes. OSError if it cannot be started, NotStarted if it ends at once, or does
    not listen within ``patience`` seconds.
    """
    classpath = os.pathsep.join((find_jar_path(), str(jar)))
    server = ["py4j.GatewayServer", "--die-on-broken-pipe", "--enable-auth", "0"]
    process = subprocess.Popen(
        [str(java), "-classpath", classpath, *options, *server],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=jar.parent,
        env=environment(os.environ),
        **get_create_new_process_group_kwargs(),
    )
    errors: deque[bytes] = deque(maxlen=_TOLD)
    listening_to_errors = _drain(process.stderr or (), errors)
    late = threading.Timer(patience, process.kill)
    late.daemon = True
    late.start()
    port, token, said = _greeting(process.stdout or ())
    late.cancel()
    if not token:
        process.kill()
        process.wait()
        listening_to_errors.join(timeout=5)
        raise NotStarted(_in_one_line([*said, *errors]) or f"code {process.returncode}")
    _drain(process.stdout or (), deque(maxlen=0))
    return Listening(process, port, token)


def _greeting(lines: Iterable[bytes]) -> tuple[int, str, list[bytes]]:
    """The port, the token, and what stood before them. The token is empty if Java ended first."""
    said: list[bytes] = []
    coming = iter(lines)
    for line in coming:
        if line.strip().isdigit():
            return int(line), next(coming, b"").decode("ascii", "replace").strip(), said
        said.append(line)
    return 0, "", said


def _drain(lines: Iterable[bytes], kept: deque[bytes]) -> threading.Thread:
    """Read ``lines`` to their end, so that Java never waits for a reader."""
    thread = threading.Thread(target=kept.extend, args=(lines,), daemon=True)
    thread.start()
    return thread


def _in_one_line(lines: Iterable[bytes]) -> str:
    text = " ".join(line.decode("utf-8", "replace").strip() for line in lines)
    return " ".join(text.split())[:300]
