"""What the world admitted before each step is stored with it, whatever a mask left out, and old
runs are filled in."""

from __future__ import annotations

import json
import lzma
import sqlite3
import tempfile
from pathlib import Path

import pytest
from conftest import ROOT, Clin
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from languages import CAUSAL
from test_return_to_best import PLACE, episode
from test_trial import Ladder

from clin.config import ModelInfo, RunConfig
from clin.exploration.stack import Known, for_run, for_trial
from clin.options import Exploration
from clin.rollout.backfill import Filled, backfill
from clin.rollout.human import Session
from clin.rollout.trial import WorldChanged
from memory.archive import Archive, Route
from memory.links import parse
from memory.store import NewTrial, Store, StoreError
from memory.store.merging import merge, parcel
from memory.store.overview import steps_between
from memory.testing import admissible, stores
from memory.trials import Ending, Memory, Step
from worlds import World, open_world

WARNED = Memory((parse("jump DOES NOT CONTRIBUTE to the task"),))
ALL = frozenset(Ladder().actions())


# --- the wrapper


def test_the_record_has_what_the_masks_leave_out() -> None:
    offered, admitted = for_run(Ladder(), CAUSAL, Exploration(repeats=1))
    known = Known(0, Archive(CAUSAL), WARNED)
    world = for_trial(offered, CAUSAL, Exploration(memory_mask=True), known, route=None)
    world.reset()
    for action in ("count", "up"):
        assert "jump" not in world.actions()
        world.step(action)
        assert admitted.before == ALL


def test_a_step_of_a_route_is_not_asked_for_and_has_no_set() -> None:
    class Counting(Ladder):
        asked = 0

        def actions(self):
            self.asked += 1
            return super().actions()

    inner = Counting()
    offered, admitted = for_run(inner, CAUSAL, Exploration())
    seen = Ladder()
    steps = tuple(
        Step("up", after.text, after.score) for after in (seen.step("up"), seen.step("up"))
    )
    route = Route(0, steps, 50.0, len(steps))
    known = Known(1, Archive(CAUSAL), Memory())
    world = for_trial(offered, CAUSAL, Exploration(), known, route=route)
    world.reset()
    found = []
    for _ in range(4):
        world.step("up" if "up" in world.actions() else "wait")
        found.append(admitted.before)
    assert found == [None, None, ALL, ALL]
    assert inner.asked == 2


def test_what_was_asked_before_a_reset_is_of_no_step_after_it() -> None:
    world, admitted = for_run(Ladder(), CAUSAL, Exploration())
    world.reset()
    world.actions()
    world.reset()
    world.step("up")
    assert admitted.before is None


# --- the store


def begun(store: Store) -> int:
    return store.begin_trial(store.begin_run({}), NewTrial(0, "w", "t", 0, "g", "o"))


def stored(path: Path, sets: tuple[frozenset[str] | None, ...]) -> int:
    """A file with one trial of as many steps as there are ``sets``; the trial's id."""
    with Store(path) as store:
        trial = begun(store)
        for each in sets:
            store.append_step(trial, Step("a", "b", 0.0), admissible=each)
    return trial


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 8).flatmap(admissible), st.data())
def test_sets_come_back_as_they_went(
    sets: tuple[frozenset[str] | None, ...], data: st.DataObject
) -> None:
    """Whichever steps have one, and whether the process goes on or another one does."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clin.db"
        with Store(path) as store:
            trial = begun(store)
        for part in (data.draw(st.integers(0, len(sets))), len(sets)):
            with Store(path) as store:
                done = len(store.steps(trial))
                for each in sets[done:part]:
                    store.append_step(trial, Step("a", "b", 0.0), admissible=each)
        with Store(path, read_only=True) as store:
            assert store.admissible(trial) == store.trial(trial).admissible == sets
            assert store.check() == []


def test_trials_that_are_played_at_once_do_not_mix(tmp_path: Path) -> None:
    with Store(tmp_path / "clin.db") as store:
        one, other = begun(store), begun(store)
        for number in range(3):
            for trial in (one, other):
                listed = frozenset({f"{trial}", f"step {number}"})
                store.append_step(trial, Step("a", "b", 0.0), admissible=listed)
        for trial in (one, other):
            assert store.admissible(trial) == tuple(
                frozenset({f"{trial}", f"step {number}"}) for number in range(3)
            )


def test_half_a_surrogate_pair_is_stored_as_other_text_is(tmp_path: Path) -> None:
    trial = stored(tmp_path / "clin.db", (frozenset({"go \ud800"}), frozenset({"go \ud800", "x"})))
    with Store(tmp_path / "clin.db") as store:
        assert store.admissible(trial) == (frozenset({"go \ufffd"}), frozenset({"go \ufffd", "x"}))


def test_a_step_that_is_rolled_back_leaves_no_set_behind(tmp_path: Path) -> None:
    with Store(tmp_path / "clin.db") as store:
        trial = begun(store)
        listed = frozenset({"a", "b"})
        store.append_step(trial, Step("a", "b", 0.0), admissible=listed)
        pages = store.connection.db.execute("pragma page_count").fetchone()[0]
        store.connection.db.execute(f"pragma max_page_count = {pages}")
        with pytest.raises(StoreError, match="no space left"):
            store.append_step(trial, Step("a", "b" * 100_000, 0.0), admissible=frozenset("xyz"))
        store.connection.db.execute("pragma max_page_count = 100000")
        store.append_step(trial, Step("a", "b", 0.0), admissible=listed | {"c"})
        assert store.admissible(trial) == (listed, listed | {"c"})


MANY = frozenset(f"move thing {number} to place {number % 7}" for number in range(200))


def test_a_set_like_the_one_before_it_takes_few_bytes(tmp_path: Path) -> None:
    trial = stored(tmp_path / "clin.db", (MANY, MANY | {"look"}, frozenset({"look"})))
    with Store(tmp_path / "clin.db") as store:
        sizes = [
            size
            for (size,) in store.connection.rows(
                "select length(packed) from admissible order by step"
            )
        ]
        assert store.admissible(trial)[2] == {"look"}
    assert sizes[1] < 60 < sizes[0]
    assert sizes[2] < 60  # whole: what was removed would be longer


@pytest.mark.parametrize(
    ("position", "value"),
    [
        (0, b"no zlib"),
        (0, 7),
        (0, b""),
        (1, {"added": [], "removed": ["never there"]}),
        (1, {"added": ["look"], "removed": []}),
        (0, {"added": ["look"], "removed": []}),
        (1, {"added": []}),
        (1, ["look", 3]),
        (1, "look"),
    ],
    ids=str,
)
def test_a_row_that_cannot_be_read_is_told(tmp_path: Path, position: int, value: object) -> None:
    import zlib

    path = tmp_path / "clin.db"
    trial = stored(path, (frozenset({"look", "go"}), frozenset({"look", "go", "wait"})))
    raw = value if isinstance(value, bytes | int) else zlib.compress(json.dumps(value).encode())
    with sqlite3.connect(path) as db:
        db.execute("update admissible set packed = ? where step = ?", [raw, position + 1])
    with Store(path, read_only=True) as store:
        with pytest.raises(StoreError, match=f"before step {position} of trial {trial}") as error:
            store.trial(trial)
        assert store.check() == [str(error.value)]
        assert "\n" not in str(error.value)
        assert len(store.steps(trial)) == 2


def test_what_lists_steps_does_not_read_the_sets(tmp_path: Path) -> None:
    path = tmp_path / "clin.db"
    trial = stored(path, (MANY, MANY | {"look"}))
    with Store(path, read_only=True) as store:
        asked: list[str] = []
        store.connection.db.conn.set_trace_callback(asked.append)
        assert len(store.steps(trial)) == len(steps_between(store, trial, 0, 2)) == 2
        assert len(store.steps_after(0)) == 2 and store.trials("r1") and store.runs()
        assert asked and not [each for each in asked if "admissible" in each]
        store.trial(trial)
        assert [each for each in asked if "admissible" in each]


def test_a_file_from_before_reads_as_empty(tmp_path: Path) -> None:
    path = tmp_path / "clin.db"
    trial = stored(path, (MANY, None))
    with sqlite3.connect(path) as db:
        db.execute("drop table admissible")
        db.execute("delete from _sqlite_migrations where name like '8 %'")
    with Store(path, read_only=True) as store:
        assert store.trial(trial).admissible == ()
        assert store.check() == []
    with Store(path) as store:  # migrates it
        assert store.trial(trial).admissible == ()
        store.append_step(trial, Step("a", "b", 0.0), admissible=MANY)
        assert store.trial(trial).admissible == (None, None, MANY)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(stores(), stores())
def test_merged_runs_and_parcels_carry_it(one: Store, other: Store) -> None:
    with one, other, tempfile.TemporaryDirectory() as folder:
        theirs = [
            other.trial(row.id).admissible for run in other.runs() for row in other.trials(run.name)
        ]
        packed = Path(folder) / "parcel.db"
        packed.write_bytes(parcel(other))
        names = merge(one, packed)
        ours = [one.trial(row.id).admissible for name in names for row in one.trials(name)]
        assert ours == theirs
        assert one.check() == []


# --- runs


def replayed(store: Store, trial_id: int, world: World) -> list[frozenset[str]]:
    """What ``world`` admits before each stored step."""
    world.reset()
    sets = []
    for step in store.steps(trial_id):
        sets.append(frozenset(world.actions()))
        world.step(step.action)
    return sets


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An episode in ``causal`` whose later trials go back first."""
    path = tmp_path_factory.mktemp("played") / "e.db"
    episode(path, 3, trials=3).close()
    return path


def copied(played: Path, tmp_path: Path) -> Path:
    path = tmp_path / "copy.db"
    path.write_bytes(played.read_bytes())
    return path


def forgotten(path: Path, which: str = "true") -> None:
    """The file without some rows, as an older version would have left it. What stays is whole: a
    difference would miss what it is one to."""
    with sqlite3.connect(path) as db:
        db.execute(f"delete from admissible where {which}")


def test_a_run_stores_what_its_world_admitted(played: Path) -> None:
    world = open_world(PLACE["world"], PLACE["task"], PLACE["variation"], **PLACE["world_options"])
    with Store(played, read_only=True) as store:
        lengths = []
        for row in store.trials("r1"):
            route = store.route(row.id)
            sets = store.admissible(row.id)
            for position, (mine, true) in enumerate(
                zip(sets, replayed(store, row.id, world), strict=True)
            ):
                assert mine == true or (mine is None and route and position < route.steps)
            lengths.append(sets.count(None))
    assert lengths[0] == 0 and sum(lengths) > 0


@pytest.mark.parametrize("stop", [1, 7, 40])
def test_an_interrupted_trial_keeps_what_was_stored(
    played: Path, tmp_path: Path, stop: int
) -> None:
    cut = tmp_path / "cut.db"
    episode(cut, 3, trials=3, stop=stop).close()
    with episode(cut, 3, trials=3) as again, Store(played, read_only=True) as whole:
        for mine, undisturbed in zip(again.trials("r1"), whole.trials("r1"), strict=True):
            assert again.steps(mine.id) == whole.steps(undisturbed.id)
            assert again.admissible(mine.id) == whole.admissible(undisturbed.id)


def test_a_person_is_stored_with_it_and_takes_it_back_with_the_step(tmp_path: Path) -> None:
    config = RunConfig.checked(
        **PLACE, strategy="clin", writer="rules", trials=1, model=ModelInfo(reference="person")
    )
    options = PLACE["world_options"]
    world = open_world(PLACE["world"], PLACE["task"], PLACE["variation"], **options)
    with Store(tmp_path / "p.db") as store:
        session = Session(store, config, world)
        for _ in range(3):
            session.do(world.actions()[0])
        session.undo()
        session.do(world.actions()[-1])
        session.close(Ending.STOPPED)
        again = open_world(PLACE["world"], PLACE["task"], PLACE["variation"], **options)
        first, second = store.trials("r1")
        for row in (first, second):
            assert list(store.admissible(row.id)) == replayed(store, row.id, again)
        assert store.admissible(second.id)[:2] == store.admissible(first.id)[:2]
        assert len(store.admissible(second.id)) == 3


# --- filling in


def test_filling_in_gives_what_a_live_run_stores(played: Path, tmp_path: Path) -> None:
    path = copied(played, tmp_path)
    forgotten(path)
    with Store(path) as store, Store(played, read_only=True) as live:
        rows = store.trials("r1")
        assert [store.admissible(row.id) for row in rows] == [()] * 3
        assert backfill(store, "r1") == Filled(sum(row.steps for row in rows), 3)
        for row in rows:
            sets = store.admissible(row.id)
            assert None not in sets
            for mine, theirs in zip(sets, live.admissible(row.id), strict=True):
                assert theirs in (mine, None)
        assert backfill(store, "r1") == Filled(0, 0)
        assert store.check() == []


def test_only_what_is_missing_is_filled_in(played: Path, tmp_path: Path) -> None:
    path = copied(played, tmp_path)
    with Store(path) as store:
        before = [store.admissible(row.id) for row in store.trials("r1")]
        missing = sum(sets.count(None) for sets in before)
        lacking = sum(None in sets for sets in before)
        assert backfill(store, "r1") == Filled(missing, lacking)
        for sets, row in zip(before, store.trials("r1"), strict=True):
            after = store.admissible(row.id)
            assert [a for a, b in zip(after, sets, strict=True) if b is not None] == [
                b for b in sets if b is not None
            ]


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(1, 8).flatmap(lambda n: st.tuples(admissible(n), admissible(n), st.just(n))))
def test_a_set_that_is_filled_in_changes_no_other(
    drawn: tuple[tuple[frozenset[str] | None, ...], tuple[frozenset[str] | None, ...], int],
) -> None:
    there, given_, count = drawn
    there, given_ = (each or (None,) * count for each in (there, given_))
    expected = tuple(b if a is None else a for a, b in zip(there, given_, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        trial = stored(Path(folder) / "clin.db", there)
        with Store(Path(folder) / "clin.db") as store:
            filled = store.fill_in_admissible(trial, given_)
            assert filled == tuple(
                at for at in range(count) if there[at] is None and given_[at] is not None
            )
            store.append_step(trial, Step("a", "b", 0.0), admissible=MANY)
            assert store.admissible(trial) == (*expected, MANY)
            assert store.check() == []


def test_a_trial_that_goes_otherwise_is_not_filled_in(played: Path, tmp_path: Path) -> None:
    path = copied(played, tmp_path)
    forgotten(path)
    with sqlite3.connect(path) as db:
        db.execute(
            "update steps set observation = 'You fly.' where position = 4 and trial ="
            " (select id from trials where number = 1)"
        )
    with Store(path) as store:
        first, second, third = (row.id for row in store.trials("r1"))
        with pytest.raises(WorldChanged, match="step 4 of trial 1"):
            backfill(store, "r1")
        assert None not in store.admissible(first) != ()
        assert store.admissible(second) == store.admissible(third) == ()


def test_a_trial_under_way_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "cut.db"
    episode(path, 3, trials=1, stop=5).close()
    forgotten(path)
    with Store(path) as store:
        assert backfill(store, "r1") == Filled(0, 0)
        assert store.admissible(store.trials("r1")[0].id) == ()


def test_the_command_says_what_it_filled_in(played: Path, tmp_path: Path, clin: Clin) -> None:
    path = copied(played, tmp_path)
    forgotten(path)
    with Store(path, read_only=True) as store:
        steps = sum(row.steps for row in store.trials("r1"))
    told = clin("memory", "recount", "r1", "--db", str(path))
    assert (told.returncode, told.stderr) == (0, "")
    assert f"before {steps} of {steps} steps, in 3 of 3 trials of r1" in told.stdout
    again = clin("memory", "recount", "r1", "--db", str(path))
    assert again.returncode == 0 and "Nothing to fill in" in again.stdout
    coded = clin("memory", "recount", "r1", "--db", str(path), "--json")
    assert json.loads(coded.stdout) == {"run": "r1", "trials": 0, "steps": 0}
    assert "recount" in clin("memory", "--help").stdout


def test_the_command_ends_with_1_where_a_trial_goes_otherwise(
    played: Path, tmp_path: Path, clin: Clin
) -> None:
    path = copied(played, tmp_path)
    forgotten(path)
    with sqlite3.connect(path) as db:
        db.execute("update steps set observation = 'You fly.' where position = 0")
    told = clin("memory", "recount", "r1", "--db", str(path))
    assert (told.returncode, told.stdout, told.stderr.count("\n")) == (1, "", 1)
    assert "another observation than the stored one" in told.stderr
    for wrong, says in (("r9", "no run 'r9'"), ("boil", "no run 'boil'")):
        told = clin("memory", "recount", wrong, "--db", str(path))
        assert told.returncode == 2 and says in told.stderr


@pytest.mark.slow
def test_a_stored_file_of_the_first_schema_is_filled_in(tmp_path: Path, clin: Clin) -> None:
    path = tmp_path / "old.db"
    path.write_bytes(lzma.decompress((ROOT / "tests/data/schema1.db.xz").read_bytes()))
    told = clin("memory", "recount", "r1", "--db", str(path), "--json")
    assert json.loads(told.stdout) == {"run": "r1", "trials": 5, "steps": 15}
    with Store(path, read_only=True) as store:
        for row in store.trials("r1"):
            trial = store.trial(row.id)
            assert None not in trial.admissible and len(trial.admissible) == len(trial.steps)


def test_a_trial_as_json_is_as_it_was(played: Path, clin: Clin) -> None:
    told = clin("show", "r1", "--trial", "0", "--json", "--db", str(played))
    assert told.returncode == 0 and "admissible" not in json.loads(told.stdout)
