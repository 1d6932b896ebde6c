"""What people do with memories: correct, search, export, import, merge, compact; and what a trial
reads of them."""

from __future__ import annotations

import json
import lzma
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.changes import history
from memory.corrections import Overrides, meaning
from memory.exchange import from_jsonl, from_markdown, from_reference, to_jsonl, to_markdown
from memory.links import Hedge, Link, Relation, parse
from memory.retrieval import Use, select
from memory.store import NewTrial, NewVersion, Store, StoreError
from memory.store.housekeeping import compact, near_duplicates, removable, stats
from memory.store.merging import merge
from memory.store.search import search
from memory.testing import links, memories, texts
from memory.trials import Call, Ending, Memory, Step

EGG = parse("focus on egg DOES NOT CONTRIBUTE to the task")
DOOR = parse("opening the door SHOULD BE NECESSARY to going outside")
FROG = parse("focus on frog MAY BE NECESSARY to complete the task")


def play(store: Store, run: str | None, memory: Memory, *steps: Step) -> str:
    """One trial of ``run`` (a new one by default) that ends with ``memory``."""
    run = run or store.begin_run({"task": "find", "variation": 1})
    number = len(store.trials(run))
    before = store.latest_version(run, number - 1)
    trial = store.begin_trial(
        run,
        NewTrial(
            number,
            "w",
            "find",
            1,
            "Your task is to find a frog.",
            "",
            recalled=before.memory if before else Memory(),
            version=before.id if before else None,
        ),
    )
    for step in steps or (Step("focus on egg", "You focus on the egg.", -100.0),):
        store.append_step(
            trial, step, [Call("act", ("Task\n", f"> {step.action}\n"), step.action, 10, 5, 2)]
        )
    store.finish_trial(trial, Ending.LOST, NewVersion(memory, "w"))
    return run


@pytest.fixture
def store(tmp_path: Path):
    with Store(tmp_path / "clin.db") as opened:
        yield opened
        assert opened.check() == []


def test_a_pinned_link_stays_and_a_banned_one_stays_out(store: Store) -> None:
    run = play(store, None, Memory((EGG, DOOR)))
    store.correct(run, "pin", DOOR, who="ann")
    store.correct(run, "ban", EGG, who="ann")
    assert store.current_memory(run).links == (DOOR,)
    reworded = parse("focus on the EGG MAY NOT CONTRIBUTE to the task")
    play(store, run, Memory((reworded, FROG)))
    assert store.current_memory(run).links == (DOOR, FROG)
    store.correct(run, "unban", EGG, who="ann")
    store.correct(run, "unpin", DOOR, who="ann")
    play(store, run, Memory((EGG,)))
    assert store.current_memory(run).links == (EGG,)


def test_every_correction_is_a_version_with_who_and_when(store: Store) -> None:
    run = play(store, None, Memory((EGG, FROG)))
    sure = Link(FROG.cause, Hedge.SHOULD, FROG.relation, FROG.effect)
    store.correct(run, "edit", FROG, new=sure, who="ann")
    store.correct(run, "drop", EGG, who="bob")
    store.correct(run, "add", DOOR, who="ann")
    assert store.current_memory(run).links == (sure, DOOR)
    assert [(each.kind, each.who) for each in store.corrections(run)] == [
        ("drop", "ann"),
        ("edit", "ann"),
        ("drop", "bob"),
        ("add", "ann"),
    ]
    writers = [version.writer for version in store.versions(run)]
    assert writers == ["w", "person ann", "person bob", "person ann"]
    for before, after in zip(store.versions(run), store.versions(run)[1:], strict=False):
        assert after.parents == (before.id,)
    play(store, run, Memory())
    assert store.current_memory(run).links == (sure, DOOR)


def test_a_correction_before_the_first_trial_is_what_it_reads(store: Store) -> None:
    run = store.begin_run({"task": "find", "variation": 1}, NewVersion(Memory((EGG,)), "from r9"))
    store.correct(run, "add", DOOR, who="ann")
    assert store.version_after(run, -1).memory.links == (EGG, DOOR)
    play(store, run, Memory((FROG,)))
    assert store.current_memory(run).links == (DOOR, FROG)


def test_a_correction_needs_its_link(store: Store) -> None:
    run = play(store, None, Memory((EGG,)))
    for kind in ("drop", "pin", "edit"):
        with pytest.raises(StoreError, match="holds no such link"):
            store.correct(run, kind, DOOR, new=FROG)
    with pytest.raises(StoreError, match="no correction 'pinn'"):
        store.correct(run, "pinn", EGG)
    assert store.corrections(run) == []


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["add", "drop", "edit", "pin", "unpin", "ban", "unban"]), links()
        ),
        max_size=12,
    ),
    memories(),
)
def test_overrides_hold_whatever_a_writer_writes(corrections, memory: Memory) -> None:
    overrides = Overrides.of(corrections)
    after = overrides.applied(memory.links)
    assert set(overrides.pinned) <= set(after)
    assert not {meaning(link) for link in after} & overrides.banned
    assert overrides.applied(after) == after
    last = {meaning(link): kind for kind, link in corrections}
    assert overrides.banned == {
        key
        for key in last
        if last[key] == "ban" or (key in overrides.banned and last[key] in ("drop", "unpin"))
    }


@given(memories())
def test_export_and_import_are_inverse(memory: Memory) -> None:
    assert from_jsonl(to_jsonl(memory)) == memory
    assert from_markdown(to_markdown(memory, "title")).links == memory.links


def test_markdown_that_a_person_edited_is_read() -> None:
    text = "# Memory\n\nmy favourites:\n"
    with pytest.raises(StoreError, match="no link: 'nonsense'"):
        from_markdown("# Memory\nnonsense\n")
    assert from_markdown(
        "# M\n\n1. **focus on egg** does not contribute to the task.\n\n> a note\n> of two lines\n"
    ) == Memory((EGG,), ("a note\nof two lines",))
    with pytest.raises(StoreError):
        from_markdown(text)
    with pytest.raises(StoreError, match="line 2 is neither"):
        from_jsonl('{"link": "X MAY CONTRIBUTE to Y"}\n{"lnk": 1}\n')


def test_an_import_is_a_new_version(store: Store) -> None:
    run = play(store, None, Memory((EGG,)))
    assert store.replace_memory(run, Memory((DOOR,)), who="ann").links == (DOOR,)
    assert [version.memory.links for version in store.versions(run)] == [(EGG,), (DOOR,)]


def test_search_finds_links_steps_and_tasks(store: Store) -> None:
    run = play(
        store,
        None,
        Memory((EGG, DOOR)),
        Step("open door to kitchen", "The door's open [bold]now[/bold].", 0.0),
    )
    found = {(hit.kind, hit.where) for hit in search(store, "door")}
    assert found == {("link", f"{run} --trial 0"), ("step", f"{run} --trial 0")}
    assert [hit.kind for hit in search(store, "frog")] == ["task"]
    assert [hit.text for hit in search(store, "outsi*")] == [str(DOOR)]
    assert search(store, "no such words") == []
    with pytest.raises(StoreError, match="search for what"):
        search(store, " * ")


@given(texts(60))
def test_any_search_is_answered(words: str) -> None:
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "clin.db") as store:
        try:
            assert search(store, words) == []
        except StoreError as refused:
            assert "search for what" in str(refused)


def test_a_links_history_shows_versions_and_evidence(store: Store) -> None:
    run = play(
        store,
        None,
        Memory((FROG,)),
        Step("look around", "A frog.", 0.0),
        Step("focus on frog", "ok", 50.0),
    )
    sure = Link(FROG.cause, Hedge.SHOULD, FROG.relation, FROG.effect)
    play(store, run, Memory((sure, EGG)))
    play(store, run, Memory((EGG,)))
    play(store, run, Memory((EGG,)))
    stages = history(store, run, FROG)
    assert [(stage.trial, stage.form) for stage in stages] == [(0, FROG), (1, sure), (2, None)]
    assert [position for position, _ in stages[0].steps] == [1]


def test_merging_copies_whole_runs_once(store: Store, tmp_path: Path) -> None:
    play(store, None, Memory((EGG,)))
    with Store(tmp_path / "other.db") as other:
        run = play(other, None, Memory((DOOR, EGG), ("a note",)))
        play(other, run, Memory((FROG,)))
        other.correct(run, "pin", FROG, who="ann")
        theirs = other.run(run)
        copied = [other.trial(row.id) for row in other.trials(run)]
        versions = [(v.memory, v.writer) for v in other.versions(run)]
        calls = [other.calls(row.id) for row in other.trials(run)]
    assert merge(store, tmp_path / "other.db") == ["r2"]
    assert merge(store, tmp_path / "other.db") == []
    assert (store.run("r2").uid, store.run("r2").config) == (theirs.uid, theirs.config)
    assert [store.trial(row.id) for row in store.trials("r2")] == copied
    assert [(v.memory, v.writer) for v in store.versions("r2")] == versions
    assert [store.calls(row.id) for row in store.trials("r2")] == calls
    assert store.overrides("r2").pinned == (FROG,)
    assert {hit.where for hit in search(store, "frog") if hit.kind == "task"} == {"r1", "r2"}
    play(store, "r2", Memory())
    assert store.current_memory("r2").links == (FROG,)


def test_statistics_and_near_duplicates(store: Store) -> None:
    near = parse("focus on big egg DOES NOT CONTRIBUTE to the task")
    run = play(store, None, Memory((EGG, near, DOOR)))
    play(store, run, Memory((EGG, near, DOOR)), Step("focus on egg", "", 0.0, "as [1] says", (1,)))
    found = stats(store)
    assert (found.runs, found.trials, found.steps, found.versions, found.links) == (1, 2, 2, 2, 3)
    assert found.near_duplicates == ((EGG, near),)
    assert found.never_cited == (near, DOOR)
    assert near_duplicates([EGG, parse("focus on egg MAY BE NECESSARY to the task")]) != ()


def test_compacting_says_what_goes_and_touches_no_trial(store: Store) -> None:
    run = play(store, None, Memory((EGG,)))
    assert removable(store) == []
    store.finish_run(run, "finished")
    before = [store.trial(row.id) for row in store.trials(run)]
    [removal] = removable(store)
    assert (removal.rows, removal.what.split(" (")[0]) == (1, "prompts of finished runs")
    compact(store, [removal])
    assert removable(store) == []
    assert [store.trial(row.id) for row in store.trials(run)] == before
    [call] = store.calls(store.trials(run)[0].id)
    assert (call.parts, call.reply, call.read) == ((), "focus on egg", 10)


def words(text: str) -> int:
    return len(text.split())


@given(memories(), st.integers(0, 60))
def test_what_is_read_fits_and_keeps_its_order(memory: Memory, room: int) -> None:
    read, ranking = select(memory, room, words, "find the red door")
    assert sum(words(f"- {link}\n") for link in read.links) <= room
    assert list(read.links) == [link for link in memory.links if link in read.links]
    assert (ranking == ()) == (read.links == memory.links)
    assert select(memory, room, words, "find the red door") == (read, ranking)
    if ranking:
        assert {each.link for each in ranking if each.read} == set(read.links)
        assert [each.score for each in ranking] == sorted(
            (each.score for each in ranking), reverse=True
        )


def test_the_most_promising_links_are_read_first() -> None:
    def link(cause: str, hedge: Hedge = Hedge.MAY) -> Link:
        return Link(cause, hedge, Relation.NECESSARY, "it")

    goal, sure, cited, plain = (
        link("frog"),
        link("snail", Hedge.SHOULD),
        link("heron"),
        link("toad"),
    )
    memory = Memory((goal, sure, cited, plain))
    _, ranking = select(memory, 9, words, "find a frog", lambda: {cited: Use(5, 100.0)})
    assert [each.link for each in ranking] == [goal, cited, sure, plain]


def test_a_memory_is_named_by_run_trial_or_file(store: Store, tmp_path: Path) -> None:
    run = play(store, None, Memory((EGG,)))
    play(store, run, Memory((DOOR,)))
    assert from_reference(store, run).links == (DOOR,)
    assert from_reference(store, f"{run}:0").links == (EGG,)
    (tmp_path / "m.md").write_text(f"- {FROG}\n")
    assert from_reference(store, str(tmp_path / "m.md")).links == (FROG,)
    for wrong, says in (
        (f"{run}:7", "trials 0 to 1"),
        ("r9", "no run 'r9'"),
        ("r1:x", "none of RUN"),
        ("no.md", "no memory file"),
    ):
        with pytest.raises(StoreError, match=says):
            from_reference(store, wrong)


def test_cursors_feed_readers_what_is_new(store: Store) -> None:
    run = play(store, None, Memory((EGG,)), Step("a", "b", 1.0), Step("c", "d", 2.0))
    seen = store.steps_after(0)
    assert [(row.run, row.trial, row.position, row.step.action) for row in seen] == [
        (run, 0, 0, "a"),
        (run, 0, 1, "c"),
    ]
    versions = store.versions_after(0)
    play(store, run, Memory((DOOR,)), Step("e", "f", 3.0))
    assert [row.step.action for row in store.steps_after(seen[-1].id)] == ["e"]
    assert [version.memory.links for version in store.versions_after(versions[-1].id)] == [(DOOR,)]
    assert len(store.steps_after(0, limit=2)) == 2


def test_a_file_of_the_first_schema_opens_and_gains_search(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    path.write_bytes(lzma.decompress((Path(__file__).parent / "data/schema1.db.xz").read_bytes()))
    with pytest.raises(StoreError, match="older version"):
        Store(path, read_only=True)
    with Store(path) as store:
        assert store.check() == []
        assert [row.score for row in store.trials("r1")] == [-100, -100, 100, 100, 100]
        assert any(hit.kind == "step" for hit in search(store, "hedgehog"))
        store.correct("r1", "add", DOOR, who="ann")
        assert DOOR in store.current_memory("r1").links
        assert json.dumps(store.run("r1").config)
