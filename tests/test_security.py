"""Who gets in, and who gets a key: the Java gateway, endpoints, and the mode of files."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import worlds.scienceworld.world as sw
import worlds.textworldexpress.world as tx
from worlds import WorldError, open_world
from worlds._gateway import environment
from worlds._jvm import Jvm

LINUX = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc")
LIKE_A_KEY = re.compile("KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH", re.IGNORECASE)

STRANGER = """
import sys
from py4j.java_gateway import GatewayParameters, JavaGateway
gateway = JavaGateway(gateway_parameters=GatewayParameters(port=int(sys.argv[1]), **{more}))
print("GOT", gateway.jvm.java.lang.System.getenv())
"""


@pytest.fixture(scope="module")
def jvm() -> Jvm:
    """The JVM of a world that is open, started where a key is in the environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", "sk-of-the-user")
        patch.setenv("HF_TOKEN", "hf-of-the-user")
        sw.jvm().stop()
        open_world("scienceworld", "boil", 0)
    return sw.jvm()


def port_of(jvm: Jvm) -> int:
    return int(jvm.gateway().gateway_parameters.port)


@pytest.mark.parametrize("more", ["{}", "{'auth_token': 'guessed'}"])
def test_a_client_without_the_token_gets_nothing(jvm: Jvm, more: str) -> None:
    script = STRANGER.replace("{more}", more)
    asked = [sys.executable, "-c", script, str(port_of(jvm))]
    got = subprocess.run(asked, check=False, capture_output=True, text=True, timeout=60)
    assert got.returncode != 0
    assert "GOT" not in got.stdout
    assert "Authentication" in got.stderr or "Py4JNetworkError" in got.stderr


def test_a_bare_socket_without_the_token_gets_nothing(jvm: Jvm) -> None:
    environ = b"c\nz:java.lang.System\ngetenv\ne\n"
    said = b""
    with socket.create_connection(("127.0.0.1", port_of(jvm)), timeout=20) as stranger:
        stranger.sendall(environ)
        with suppress(ConnectionResetError):  # hung up on
            while part := stranger.recv(4096):
                said += part
    assert not said.startswith(b"!y")
    assert b"PATH" not in said
    assert str(jvm.gateway().jvm.java.lang.System.getProperty("java.version"))  # we get answers


@LINUX
def test_the_gateway_listens_on_loopback_alone(jvm: Jvm) -> None:
    port = f"{port_of(jvm):04X}"
    loopback = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
    bound = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
            host, _, its_port = line.split()[1].partition(":")
            listening = line.split()[3] == "0A"
            if listening and its_port == port:
                bound.add(host)
    assert bound
    assert bound <= loopback


def names_in(pid: int | None) -> set[str]:
    """The names of the variables in the environment of a process."""
    held = Path(f"/proc/{pid}/environ").read_bytes().decode("utf-8", "replace")
    return {each.partition("=")[0] for each in held.split("\0") if each}


@LINUX
@pytest.mark.parametrize("module", [sw, tx], ids=["scienceworld", "textworldexpress"])
def test_java_is_handed_no_key(module, monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-user")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-user")
    monkeypatch.setenv("DATABASE_URL", "postgres://user:password@host")
    module.jvm().stop()
    module.jvm().gateway()
    names = names_in(module.jvm().pid)
    assert "PATH" in names
    assert not [name for name in names if LIKE_A_KEY.search(name)]
    assert names <= {*environment(os.environ)}
    whole = Path(f"/proc/{module.jvm().pid}/cmdline").read_bytes()
    assert module.jvm().gateway().gateway_parameters.auth_token.encode() not in whole


def test_java_that_does_not_start_says_why(monkeypatch) -> None:
    monkeypatch.setenv("CLIN_JAVA_OPTIONS", "-XX:NoSuchOption=3")
    broken = Jvm(sw.jvm().jar)
    with pytest.raises(WorldError, match=r"could not be started.*NoSuchOption") as refused:
        broken.gateway()
    assert "\n" not in str(refused.value)
