"""Models from a hub, over a real socket: fetched once, cached, and gone on with after a cut."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import signal
import subprocess
import termios
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import ROOT, Clin, command, environment

BUNDLED = next((ROOT / "clin/llms/bundled").glob("*.gguf")).read_bytes()
LONG = BUNDLED + bytes(20_000_000)
"""A model with a tail that nobody reads, longer than the pieces in which the client stores what
comes."""
COMMIT = "a" * 40


class Hub(ThreadingHTTPServer):
    """Has one repository, ``o/r``, with one file, ``m.gguf``, or with ``names``, which are all the
    same. ``cut``: bytes after which it stops
    sending, when it is asked for the file from its beginning. ``asked`` are the downloads, by their
    first byte."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.cut, self.asked = BUNDLED, 0, []
        self.names: tuple[str, ...] = ("m.gguf",)
        self.keys: set[str | None] = set()
        self.waits = threading.Event()


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        if self.path in [f"/o/r/resolve/main/{name}" for name in self.server.names]:
            self._file()
        elif self.path.startswith("/api/models/o/r"):
            known = {
                "type": "file",
                "path": "m.gguf",
                "size": 1,
                "oid": "b" * 40,
                "rfilename": "m.gguf",
            }
            self._say(
                200,
                json.dumps(
                    [known]
                    if "/tree/" in self.path
                    else {"id": "o/r", "sha": COMMIT, "siblings": [known]}
                ).encode(),
            )
        else:
            self._say(
                404,
                b"",
                {
                    "X-Error-Code": "EntryNotFound"
                    if self.path.startswith("/o/r/")
                    else "RepoNotFound"
                },
            )

    def _file(self) -> None:
        content, asked = self.server.content, self.headers.get("Range", "bytes=0-")
        start = int(asked.removeprefix("bytes=").partition("-")[0])
        self.server.keys.add(self.headers.get("Authorization"))
        headers = {
            "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
            "X-Repo-Commit": COMMIT,
            "Accept-Ranges": "bytes",
        }
        if self.command == "GET":
            self.server.asked.append(start)
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._say(206 if start else 200, content[start:], headers, 0 if start else self.server.cut)

    def _say(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, cut: int = 0
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[: cut or None])
            if cut:
                self.wfile.flush()
                self.server.waits.wait(30)

    def log_message(self, format: str, *args: object) -> None:
        """The terminal is the tests'."""


@pytest.fixture
def hub(tmp_path: Path, monkeypatch) -> Iterator[Hub]:
    server = Hub()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.waits.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def clin(clin_child: Clin) -> Clin:
    """The hub's client reads where the hub is when its process begins."""
    return clin_child


def card(clin, reference: str = "hf:o/r:m.gguf"):
    return clin("models", "show", reference)


@pytest.mark.slow
def test_of_a_split_file_all_parts_are_fetched(hub: Hub, clin: Clin, tmp_path: Path) -> None:
    hub.names = ("m-00001-of-00003.gguf", "m-00002-of-00003.gguf", "m-00003-of-00003.gguf")
    done = card(clin, "hf:o/r:m-00001-of-00003.gguf")
    assert done.returncode == 0, done.stderr
    there = {path.name for path in (tmp_path / "hf").rglob("m-*.gguf")}
    assert there == set(hub.names)
    hub.names = hub.names[:2]
    missing = card(clin, "hf:o/r:m-00001-of-00004.gguf")
    assert missing.returncode == 2 and "m-00001-of-00004.gguf" in missing.stderr


@pytest.mark.slow
def test_a_file_is_fetched_once_and_read_from_the_cache_without_the_hub(
    hub: Hub, clin, monkeypatch
) -> None:
    for _ in range(2):
        shown = card(clin)
        assert shown.returncode == 0, shown.stderr
        assert hashlib.sha256(BUNDLED).hexdigest() in shown.stdout
    assert hub.asked == [0]
    assert "hf:o/r:m.gguf" in clin("models").stdout
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert card(clin).stdout == shown.stdout
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert card(clin).stdout == shown.stdout


def partial(tmp_path: Path) -> Path:
    [found] = (tmp_path / "hf/hub/models--o--r/blobs").glob("*.part")
    return found


def cut_off(hub: Hub, tmp_path: Path, how: signal.Signals) -> int:
    """Fetch until some has come, then end the process; the bytes that are left behind."""
    hub.content, hub.cut = LONG, 25_000_000
    child = subprocess.Popen(
        command("models", "show", "hf:o/r:m.gguf"),
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        # A suite in the background of a shell ignores SIGINT, and this child must not.
        preexec_fn=lambda: signal.signal(  # noqa: PLW1509 - no thread runs here
            signal.SIGINT, signal.SIG_DFL
        ),
    )
    while (
        not list((tmp_path / "hf").rglob("*.part")) or partial(tmp_path).stat().st_size < 10_000_000
    ):
        assert child.poll() is None
        time.sleep(0.02)
    child.send_signal(how)
    _, err = child.communicate(timeout=60)
    assert child.returncode != 0
    assert "Traceback" not in err
    return partial(tmp_path).stat().st_size


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_download_that_was_cut_off_goes_on_where_it_was(
    hub: Hub, tmp_path: Path, clin, how: signal.Signals
) -> None:
    there = cut_off(hub, tmp_path, how)
    shown = card(clin)
    assert shown.returncode == 0, shown.stderr
    assert hashlib.sha256(LONG).hexdigest() in shown.stdout
    assert hub.asked == [0, there]
    assert not list((tmp_path / "hf").rglob("*.part"))


@pytest.mark.slow
def test_pieces_that_do_not_fit_together_are_thrown_away(hub: Hub, tmp_path: Path, clin) -> None:
    cut_off(hub, tmp_path, signal.SIGKILL)
    with partial(tmp_path).open("r+b") as damaged:
        damaged.write(b"XXXX")
    assert "begins anew" in refused(clin, "hf:o/r:m.gguf")
    hub.cut = 0
    assert card(clin).returncode == 0


def refused(clin, reference: str) -> str:
    done = card(clin, reference)
    assert (done.returncode, done.stdout) == (2, "")
    assert [line[:7] for line in done.stderr.splitlines()] == ["Error: "], done.stderr
    return done.stderr


@pytest.mark.slow
def test_what_the_hub_does_not_have_is_one_line_that_names_the_nearest(hub: Hub, clin) -> None:
    assert "o/r has no file 'n.gguf'; did you mean 'm.gguf'?" in refused(clin, "hf:o/r:n.gguf")
    assert "no repository 'o/rr', or it needs HF_TOKEN" in refused(clin, "hf:o/rr:m.gguf")
    for reference in (
        "hf:",
        "hf:r:m.gguf",
        "hf:o/r",
        "hf:o/r:",
        "hf:o/r/x:m.gguf",
        "hf:o/r:../m.gguf",
    ):
        assert "is not of the form hf:ORG/REPO:FILE" in refused(clin, reference)
    assert "Repo id must" in refused(clin, "hf:o o/r:m.gguf")


def test_a_hub_that_cannot_be_reached_is_one_line(hub: Hub, clin, monkeypatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "not in the cache and the hub cannot be reached" in refused(clin, "hf:o/r:m.gguf")


def test_the_token_is_sent_to_the_hub_and_shown_nowhere(hub: Hub, clin, monkeypatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_very_secret")
    shown = card(clin)
    assert shown.returncode == 0
    assert hub.keys == {"Bearer hf_very_secret"}
    assert "very_secret" not in shown.stdout + shown.stderr


def test_a_download_has_a_progress_bar_on_a_terminal(hub: Hub, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    done = subprocess.run(
        command("models", "show", "hf:o/r:m.gguf"),
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=120,
        check=False,
    )
    os.close(theirs)
    assert done.returncode == 0
    told = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "m.gguf: 100%" in told
