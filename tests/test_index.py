"""The links of a memory are indexed once, and that changes nothing of what is recalled."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from memory import index
from memory.episode import Episode, Place
from memory.language import Language
from memory.links import parse
from memory.recall import recall
from memory.store import Store
from memory.trials import Memory

MEMORY = Memory(
    tuple(
        map(
            parse,
            (
                "push SHOULD BE NECESSARY to complete the task",
                "make SHOULD BE NECESSARY to push",
                "wait DOES NOT CONTRIBUTE to the task",
            ),
        )
    )
)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Memory]:
    """The memories that were indexed."""
    found: list[Memory] = []
    first = index.Index.__init__

    def noted(self, memory, goal, language) -> None:
        found.append(memory)
        first(self, memory, goal, language)

    monkeypatch.setattr(index.Index, "__init__", noted)
    return found


def test_a_memory_is_indexed_once_for_a_goal_and_let_go_with_it(made: list) -> None:
    language, memory = Language(), Memory(MEMORY.links)
    for goal in ("ship it", "ship it", "mend it"):
        said = recall(memory, goal, "", (), ["make", "push", "wait"], language)
        assert [each.action for each in said] == ["make"]
    assert len(made) == 2
    kept = id(memory)
    assert kept in index._made
    made.clear()
    del memory, said
    gc.collect()
    assert kept not in index._made


def test_memories_that_come_and_go_are_not_taken_for_each_other(made: list) -> None:
    """A new object may stand where one was that has gone."""
    language = Language()
    for links, action in ((MEMORY.links, ["make"]), (MEMORY.links[:1], ["push"])) * 20:
        said = recall(Memory(links), "ship it", "", (), ["make", "push"], language)
        assert [each.action for each in said] == action
        made.clear()


def test_an_episode_indexes_a_version_once_and_hears_of_a_correction(
    tmp_path: Path, made: list
) -> None:
    with (
        Store(tmp_path / "clin.db") as store,
        Episode(store, "ship it", Place("shell", "ship")) as episode,
    ):
        episode.begin()
        episode.step("make", "built", score=50)
        episode.end()
        episode.begin()
        for _ in range(3):
            assert [each.action for each in episode.recall(["make", "push"])] == ["make"]
        assert len(made) == 1
        store.correct(episode.run, "add", parse("push SHOULD BE NECESSARY to make progress"))
        assert {each.action for each in episode.recall(["make", "push"])} == {"make", "push"}
        assert len(made) == 2
        assert [each.action for each in episode.recall()] == ["make"]
