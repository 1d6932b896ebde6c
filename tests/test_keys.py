"""Where the user's key goes: to hosts that the user named, and nowhere else. Over a real socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import Clin

from clin.errors import ModelError, UserError
from clin.llms.addresses import allowed_hosts, key_for
from memory.store import Store

KEY = "sk-of-the-user-4711"
REPLY = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "look around"},
        }
    ],
}


class Heard(ThreadingHTTPServer):
    """A server that remembers the headers of every request. It is reached under ``host``, which is
    this machine's under a name that does not say so."""

    daemon_threads = True
    host = "127.0.0.2"

    def __init__(self) -> None:
        super().__init__(("0.0.0.0", 0), Listener)
        self.headers: list[dict[str, str]] = []
        self.elsewhere = ""
        """Where it sends who asks."""

    def model(self, host: str = "") -> str:
        return f"openai:m@http://{host or self.host}:{self.server_address[1]}/v1"

    @property
    def keys(self) -> set[str]:
        return {each.get("authorization", "") for each in self.headers}


class Listener(BaseHTTPRequestHandler):
    server: Heard

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._say(REPLY)

    def do_GET(self) -> None:
        self._say({"object": "list", "data": [{"id": "m", "object": "model"}]})

    def _say(self, said: dict) -> None:
        self.server.headers.append({name.lower(): each for name, each in self.headers.items()})
        raw = json.dumps(said).encode()
        self.send_response(307 if self.server.elsewhere else 200)
        if self.server.elsewhere:
            self.send_header("Location", self.server.elsewhere + self.path)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:
        """The terminal is the tests'."""


@contextmanager
def serving() -> Iterator[Heard]:
    server = Heard()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def heard(monkeypatch) -> Iterator[Heard]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("CLIN_ALLOW_HOSTS", raising=False)
    with serving() as server:
        yield server


PLAY = ("--world", "causal", "--task", "make", "--variation", "100", "--trials", "1")
SHORT = ("--budget", "1", "--strategy", "none")


def experiment(folder: Path, model: str) -> str:
    """An experiment that somebody else wrote."""
    file = folder / "theirs.toml"
    file.write_text(
        f'worlds = ["causal"]\ntasks = ["make"]\nvariations = [100]\nstrategies = ["none"]\n'
        f'models = ["{model}"]\ntrials = 1\nbudget = 1\n',
        encoding="utf-8",
    )
    return str(file)


def refused(done, host: str) -> None:
    assert done.returncode == 2, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"Error: the host '{host}' was not named in this command")
    assert f"--allow-host {host}" in last
    assert KEY not in done.stdout + done.stderr


def test_a_host_that_was_typed_is_sent_the_key(clin: Clin, heard: Heard) -> None:
    done = clin("run", *PLAY, *SHORT, "--model", heard.model())
    assert done.returncode == 0, done.stderr
    assert heard.keys == {f"Bearer {KEY}"}


def test_a_host_that_sends_on_does_not_send_the_key_on(clin: Clin, heard: Heard) -> None:
    with serving() as other:
        heard.elsewhere = f"http://127.0.0.3:{other.server_address[1]}"
        clin("run", *PLAY, *SHORT, "--model", heard.model())
        assert heard.keys == {f"Bearer {KEY}"}
        assert other.headers
        assert KEY not in json.dumps(other.headers)


def test_a_host_that_a_file_names_is_sent_nothing(clin: Clin, heard: Heard, tmp_path: Path) -> None:
    file = experiment(tmp_path, heard.model())
    refused(clin("batch", file), heard.host)
    assert heard.headers == []
    assert clin("batch", file, "--plan").returncode == 0
    with Store(tmp_path / "clin.db", read_only=True) as store:
        assert store.runs() == []


@pytest.mark.parametrize("way", ["option", "variable"])
def test_a_host_that_is_allowed_is_sent_the_key(
    clin: Clin, heard: Heard, tmp_path: Path, monkeypatch, way: str
) -> None:
    file = experiment(tmp_path, heard.model())
    words = ["--allow-host", heard.host] if way == "option" else []
    if way == "variable":
        monkeypatch.setenv("CLIN_ALLOW_HOSTS", f"api.example.com, {heard.host}")
    done = clin("batch", file, *words)
    assert done.returncode == 0, done.stderr
    assert heard.keys == {f"Bearer {KEY}"}


def test_another_host_that_is_allowed_does_not_help(
    clin: Clin, heard: Heard, tmp_path: Path
) -> None:
    done = clin("batch", experiment(tmp_path, heard.model()), "--allow-host", "127.0.0.3")
    refused(done, heard.host)
    assert heard.headers == []


def test_a_stored_run_names_no_host_for_the_one_who_resumes_it(
    clin: Clin, heard: Heard, tmp_path: Path
) -> None:
    """A run of somebody else's file, merged into one's own."""
    theirs = tmp_path / "theirs.db"
    done = clin("run", *PLAY, *SHORT, "--model", heard.model(), "--db", str(theirs))
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "clin.db"):
        pass
    assert clin("memory", "merge", "clin.db", str(theirs)).returncode == 0
    heard.headers.clear()
    refused(clin("resume", "r1"), heard.host)
    assert heard.headers == []
    clin("resume", "r1", "--allow-host", heard.host)
    assert heard.keys == {f"Bearer {KEY}"}


def test_this_machine_is_asked_without_the_key(clin: Clin, heard: Heard, tmp_path: Path) -> None:
    file = experiment(tmp_path, heard.model("127.0.0.1"))
    done = clin("batch", file)
    assert done.returncode == 0, done.stderr
    assert heard.headers
    assert KEY not in json.dumps(heard.headers)


def test_without_a_key_any_host_is_asked(
    clin: Clin, heard: Heard, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    done = clin("batch", experiment(tmp_path, heard.model()))
    assert done.returncode == 0, done.stderr
    assert heard.headers


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2"])
def test_headers_of_the_users_own_are_kept_like_the_key(
    clin: Clin, heard: Heard, tmp_path: Path, monkeypatch, host: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"X-Gateway-Key: {KEY}")
    refused(clin("batch", experiment(tmp_path, heard.model(host))), host)
    assert heard.headers == []


@pytest.mark.parametrize(
    "url",
    [
        "http://api.openai.com/v1",  # everybody on the way would read it
        "https://api.openai.com.example.org/v1",
        "https://api.openai.com./v1",
        "https://API.EXAMPLE.ORG/v1",
    ],
)
def test_what_looks_like_the_provider_is_not_it(monkeypatch, url: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(ModelError, match="was not named in this command"):
        key_for(f"m@{url}", ())


@pytest.mark.parametrize(
    "url", ["https://api.openai.com\\.example.org/v1", "https://example.org\\@api.openai.com/v1"]
)
def test_an_address_that_can_be_read_in_two_ways_is_none(monkeypatch, url: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(ModelError):
        key_for(f"m@{url}", ())


@pytest.mark.parametrize(
    "reference", ["m", "m@https://api.openai.com/v1", "m@https://API.openai.com/v1"]
)
def test_the_provider_itself_needs_no_word(monkeypatch, reference: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert key_for(reference, ()) == KEY


def test_hosts_are_names_alone(monkeypatch) -> None:
    monkeypatch.delenv("CLIN_ALLOW_HOSTS", raising=False)
    assert allowed_hosts(["[::1]", "GPU.lan"]) == {"::1", "gpu.lan"}
    assert allowed_hosts(typed=["bundled", "openai:m", "openai:m@http://[::1]:80/v1"]) == {"::1"}
    for word in ("http://gpu.lan", "gpu.lan/v1", "gpu.lan:8080", "*", ""):
        with pytest.raises(UserError, match="is not the name of a host"):
            allowed_hosts([word])
