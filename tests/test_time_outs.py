"""A world that hangs: its Java process is stopped by SIGSTOP, which no call survives and no closed
pipe wakes. Calls have a time-out, and Ctrl-C twice waits for nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Clin, command, environment

from memory.store import Store
from worlds import WorldCrashed, WorldError, open_world
from worlds import scienceworld as sw
from worlds._jvm import PATIENCE, Jvm, patience

pytestmark = pytest.mark.slow
PLACE = ("find-living-thing", 225)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[Jvm]:
    """A Java process whose calls have 10 s, four times what the slowest one took on a busy
    machine."""
    monkeypatch.setenv("CLIN_JAVA_TIMEOUT", "10")
    sw.jvm().stop()
    yield sw.jvm()
    sw.jvm().stop()


def is_gone(pid: int) -> bool:
    """Whether the process has ended; one that nobody has waited for yet counts."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


@pytest.mark.parametrize("fresh_connection", [False, True])
def test_a_world_whose_java_hangs_is_brought_back_and_goes_on(
    impatient: Jvm, fresh_connection: bool
) -> None:
    """The wedged process is killed, and the steps are repeated in another. That holds for a call
    over a connection that was used before, and for one whose connection is only made."""
    world = open_world("scienceworld", *PLACE)
    actions = ("look around", "open door to kitchen", "go to kitchen", "look around")
    opening = world.reset()
    told = [world.step(action) for action in actions]
    assert world.reset() == opening
    assert [world.step(action) for action in actions[:2]] == told[:2]
    wedged = impatient.pid
    assert wedged is not None
    if fresh_connection:
        impatient.gateway().close(keep_callback_server=True)
    os.kill(wedged, signal.SIGSTOP)
    assert [world.step(action) for action in actions[2:]] == told[2:]
    assert is_gone(wedged) and impatient.pid != wedged
    world.close()


def test_a_world_that_hangs_again_ends_its_trial_with_the_reason(impatient: Jvm) -> None:
    """Every process that comes after the first is stopped too, as soon as it has been loaded."""
    world = open_world("scienceworld", *PLACE)
    world.reset()
    over = threading.Event()

    def stop_all() -> None:
        while not over.wait(0.01):
            process = impatient.pid if impatient._gateway is not None else None
            if process and not is_gone(process):
                os.kill(process, signal.SIGSTOP)

    stopping = threading.Thread(target=stop_all)
    stopping.start()
    try:
        with pytest.raises(WorldCrashed, match="did not answer within 10 s"):
            world.step("look around")
    finally:
        over.set()
        stopping.join()
        impatient.stop()
    world.close()


@pytest.mark.parametrize("given", ["0", "-1", "inf", "soon"])
def test_a_time_out_that_is_none_is_one_line(monkeypatch, given: str) -> None:
    monkeypatch.setenv("CLIN_JAVA_TIMEOUT", given)
    with pytest.raises(WorldError, match=f"above 0, not '{given}'"):
        patience()
    monkeypatch.delenv("CLIN_JAVA_TIMEOUT")
    assert patience() == PATIENCE


def java_of(parent: int) -> int:
    """The Java process that ``parent`` started."""
    while True:
        for task in Path(f"/proc/{parent}/task").iterdir():
            for child in (task / "children").read_text().split():
                if b"java" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return int(child)
        time.sleep(0.05)


WORDS = ("run", "--task", PLACE[0], "--variation", str(PLACE[1]), "--trials", "1", "--budget", "8")


def test_ctrl_c_twice_ends_a_run_whose_world_hangs_and_the_file_is_sound(
    tmp_path: Path, clin: Clin
) -> None:
    """Its calls would wait for 300 s. Both processes have ended long before that, every step that
    was shown is stored, and the run goes on as if nothing had been."""
    child = subprocess.Popen(
        command(*WORDS, "--verbose"),
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stderr is not None
    said = ""
    while said.count(" > ") < 3:
        line = child.stderr.readline()
        assert line, said
        said += line
    java = java_of(child.pid)
    os.kill(java, signal.SIGSTOP)
    child.send_signal(signal.SIGINT)
    while "Ctrl-C again" not in said:
        said += child.stderr.readline()
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=60) == 130
    said += child.stderr.read()
    child.stderr.close()
    assert "Ended at once." in said and "Traceback" not in said
    while not is_gone(java):
        time.sleep(0.01)
    with Store(tmp_path / "clin.db", read_only=True) as store:
        assert store.check() == []
        [trial] = store.trials("r1")
        assert trial.ending is None
        assert len(store.steps(trial.id)) >= said.count(" > ")
    assert clin("resume", "r1").returncode == 0
    whole = clin(*WORDS, "--db", "whole.db")
    assert whole.returncode == 0
    found = []
    for name in ("clin.db", "whole.db"):
        with Store(tmp_path / name, read_only=True) as store:
            found.append(store.trial(store.trials("r1")[0].id))
    assert found[0] == found[1]


def test_a_run_whose_java_hangs_ends_as_undisturbed(tmp_path: Path, clin: Clin) -> None:
    child = subprocess.Popen(
        command(*WORDS, "--verbose"),
        cwd=tmp_path,
        env=environment(CLIN_JAVA_TIMEOUT="10"),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stderr is not None
    said = ""
    while said.count(" > ") < 3:
        said += child.stderr.readline()
    os.kill(java_of(child.pid), signal.SIGSTOP)
    said += child.stderr.read()
    child.stderr.close()
    assert child.wait(timeout=120) == 0, said
    assert "Traceback" not in said and "ERROR" not in said
    assert clin(*WORDS, "--db", "whole.db").returncode == 0
    found = []
    for name in ("clin.db", "whole.db"):
        with Store(tmp_path / name, read_only=True) as store:
            found.append(store.trial(store.trials("r1")[0].id))
    assert found[0] == found[1]
