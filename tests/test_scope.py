"""A link that held in one place only says where, beside its words: in the store, the listings and
the prompts of larger models."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from conftest import Clin
from hypothesis import given
from languages import COMPACT, SCIENCE
from test_strategies import LOST, WON, answered, told, words

from clin.cli.tables import memory_lines
from clin.prompts import style
from clin.prompts.full import Full, recollection
from memory.links import Hedge, Relation, parse
from memory.retrieval import select
from memory.store import NewTrial, NewVersion, Store
from memory.store.merging import merge
from memory.strategies import Episode, open_strategy
from memory.testing import memories
from memory.trials import Memory, Scope

FROG = parse("focus on frog MAY BE NECESSARY to complete the task")
DOOR = parse("opening the door SHOULD BE NECESSARY to going outside")
IN_VAIN = told(("focus on frog", "You focus on the frog.", 0.0))
PLACE = Scope("scienceworld", "find-plant", 12)
HELD = Memory((DOOR, FROG), scopes=((FROG, PLACE),))


def learned(*trials, variation: int) -> Episode:
    strategy = open_strategy("evidence", SCIENCE, writer="rules")
    memory = answered(strategy.revise(Memory(), trials, words), [])[0].memory
    return Episode(
        "scienceworld",
        "find-plant",
        variation,
        tuple(trials),
        (Memory(),) * (len(trials) - 1) + (memory,),
    )


def generalised(*episodes: Episode) -> Memory:
    return answered(
        open_strategy("evidence", SCIENCE, writer="rules").generalise(
            episodes, "g", "gen-env", words
        ),
        [],
    )[0].memory


def test_what_held_in_one_place_is_offered_with_that_place_and_what_held_in_two_without() -> None:
    alone = generalised(learned(WON, variation=12))
    assert (
        alone.links
        and {scope for _, scope in alone.scopes} == {PLACE}
        and [link for link, _ in alone.scopes] == list(alone.links)
    )
    assert str(PLACE) == "seen in one place only: find-plant 12"
    assert generalised(learned(WON, variation=12), learned(WON, variation=13)).scopes == ()
    mixed = generalised(learned(WON, variation=12), learned(LOST, variation=13))
    assert {str(scope) for _, scope in mixed.scopes} == {
        "seen in one place of 2 only: find-plant 12"
    }
    tried = generalised(learned(WON, variation=12), learned(IN_VAIN, variation=13))
    assert FROG.claim in {link.claim for link, _ in tried.scopes}
    assert all(link.hedge is Hedge.MAY for link, _ in (*mixed.scopes, *tried.scopes))
    assert not [
        link
        for link, _ in (*mixed.scopes, *tried.scopes)
        if link.relation is Relation.NOT_CONTRIBUTE
    ]
    assert all(parse(str(link)) == link for link in mixed.links)


def test_a_link_loses_its_scope_when_it_holds_here_too() -> None:
    strategy = open_strategy("evidence", SCIENCE, writer="rules")
    begun = generalised(learned(WON, variation=12))
    assert FROG.claim in {link.claim for link, _ in begun.scopes}
    nothing = answered(strategy.revise(begun, [LOST], words), [])[0].memory
    assert {link.claim for link, _ in nothing.scopes} >= {FROG.claim}
    here = answered(strategy.revise(nothing, [LOST, WON], words), [])[0].memory
    assert FROG.claim in {link.claim for link in here.links} - {
        link.claim for link, _ in here.scopes
    }


@given(memories())
def test_the_bundled_models_prompt_is_the_same_with_and_without_scopes(memory: Memory) -> None:
    bare = Memory(memory.links, memory.notes)
    assert COMPACT.head("goal", memory, "") == COMPACT.head("goal", bare, "")
    told = style("compact-2")(SCIENCE)
    for room in (5, 20, 60):
        read, _ = select(
            memory, room, words, "goal", dict, lambda link: told.learning(memory, link)
        )
        assert (read.links, read.notes) == (
            (same := select(bare, room, words, "goal")[0]).links,
            same.notes,
        )
        assert {link for link, _ in read.scopes} == {link for link, _ in memory.scopes} & set(
            read.links
        )


def test_a_larger_model_reads_where_a_link_held_and_its_words_count() -> None:
    assert recollection(HELD) == (
        "\nLearnings from earlier trials (SHOULD BE NECESSARY is well supported, MAY is less "
        'certain, "X DOES NOT CONTRIBUTE to Y" says what to avoid):\n'
        "1. opening the door SHOULD BE NECESSARY to going outside\n"
        "2. focus on frog MAY BE NECESSARY to complete the task (seen in one place only: "
        "find-plant 12)\n"
    )
    bare = Memory(HELD.links)
    assert recollection(bare) == recollection(HELD).replace(f" ({PLACE})", "")
    room = sum(words(f"- {link}\n") for link in HELD.links)
    assert select(bare, room, words, "g")[0] == bare
    assert select(HELD, room, words, "g", dict, lambda link: Full(SCIENCE).learning(HELD, link))[
        0
    ].links == (DOOR,)


def test_a_scope_leaves_with_its_link_and_with_its_words() -> None:
    assert Memory((DOOR,), scopes=HELD.scopes) == Memory((DOOR,))
    assert (HELD.scope(FROG), HELD.scope(DOOR)) == (PLACE, None)
    two = ((FROG, PLACE), (DOOR, PLACE))
    assert Memory(HELD.links, scopes=two) == Memory(HELD.links, scopes=two[::-1])


def begun(path: Path) -> Store:
    """A run that began with HELD and has one trial under way."""
    store = Store(path)
    begun = NewVersion(HELD, "from find-plant:12")
    run = store.begin_run({"world": "causal", "strategy": "evidence", "task": "t"}, begun)
    version = store.version_after(run, -1).id
    store.begin_trial(run, NewTrial(0, "w", "t", 0, "g", "o", recalled=HELD, version=version))
    return store


def test_scopes_are_stored_with_the_version_and_with_what_a_trial_read_and_merged_with_their_run(
    tmp_path: Path,
) -> None:
    with begun(tmp_path / "a.db") as a, Store(tmp_path / "b.db") as b:
        assert a.version_after("r1", -1).memory == a.trial(1).recalled == a.recalled(1) == HELD
        b.begin_run({})
        [run] = merge(b, tmp_path / "a.db")
        assert b.version_after(run, -1).memory == HELD and b.check() == []
        assert b.correct(run, "pin", FROG).scope(FROG) == PLACE
        assert b.correct(run, "edit", FROG, new=DOOR).scopes == ()


def test_a_file_from_before_scopes_is_read_as_it_is_and_gains_them_when_it_is_written(
    tmp_path: Path,
) -> None:
    path = tmp_path / "old.db"
    with begun(path):
        pass
    with sqlite3.connect(path) as db:
        db.execute("drop table scopes")
        db.execute("delete from _sqlite_migrations where name = '6 scopes of links'")
    db.close()
    with Store(path, read_only=True) as store:
        assert store.version_after("r1", -1).memory == Memory(HELD.links)
    with Store(path) as store:
        assert store.version_after("r1", -1).memory == Memory(HELD.links)
        run = store.begin_run({}, NewVersion(HELD, "given"))
        assert store.version_after(run, -1).memory == HELD and store.check() == []


def test_memory_show_and_export_tell_where_a_link_held(tmp_path: Path, clin: Clin) -> None:
    with begun(tmp_path / "clin.db") as store:
        assert memory_lines(HELD)[1].endswith(
            "complete the task (seen in one place only: find-plant 12)"
        )
        strange = Memory((FROG,), scopes=((FROG, Scope("w", "\x1b[31m", 0)),))
        store.begin_run({"task": "t"}, NewVersion(strange, "given"))
    shown = clin("memory", "show", "r1", "--trial", "-1")
    assert (
        shown.returncode == 0
        and (
            "  2. focus on frog MAY BE NECESSARY to complete the task (seen in one place only: "
            "find-plant 12)"
        )
        in shown.stdout
    )
    found = json.loads(clin("memory", "show", "r1", "--trial", "-1", "--json").stdout)
    assert found["links"][1] == str(FROG)
    assert found["scopes"] == {
        str(FROG): {"world": "scienceworld", "task": "find-plant", "variation": 12, "places": 1}
    }
    assert "\x1b[31m" not in clin("memory", "show", "r2", "--trial", "-1").stdout
    assert "find-plant 12" in clin("show", "r1", "--trial", "0").stdout


@pytest.mark.parametrize(
    "scope", ["12", '{"task": "t"}', '{"world": "w", "task": "t", "variation": "x", "places": 1}']
)
def test_a_wrong_scope_in_a_file_is_one_line(scope: str, tmp_path: Path, clin: Clin) -> None:
    (tmp_path / "m.jsonl").write_text(f'{{"link": "{FROG}", "scope": {scope}}}\n')
    done = clin("run", "--from", "m.jsonl", "--world", "causal", "--task", "make")
    assert (
        done.returncode == 2
        and "line 1 is neither" in done.stderr
        and len(done.stderr.strip().splitlines()) == 1
    )
