"""What a model is trained on: recorded on train places only, imperfect on purpose, in the prompt of
run time."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner
from conftest import Clin
from hypothesis import given, settings
from hypothesis import strategies as st
from languages import CAUSAL

from clin.cli import main
from clin.distill import collect, rename
from clin.distill.copies import NOWHERE, copies
from clin.distill.drills import drill
from clin.distill.episodes import INDEX, Episode, Shards, Taken
from clin.distill.form import Act, Sample, Window, windows
from clin.distill.imported import from_paths, from_store
from clin.distill.mix import Bank, Mixer, good
from clin.distill.places import Place, split
from clin.distill.practice import practice_of
from clin.distill.saying import with_sayings
from clin.distill.writing import generalising, revising
from clin.errors import UserError
from clin.prompts import compact
from clin.prompts.compact import Compact, Recalled
from clin.prompts.compact_writer import asked
from clin.rollout.context import Context
from memory.links import Relation, parse, read
from memory.strategies import RevisionRequest
from memory.trials import Ending, Memory, Step, Trial
from worlds import find_task, world_module


def quiet(*_: object) -> None:
    """A tell that says nothing."""


def letters(part: str) -> list[int]:
    """A tokeniser for tests: a token per character."""
    return [ord(each) for each in part]


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Shards:
    out = tmp_path_factory.mktemp("shards")
    wanted = collect.places(["causal"], 2, 0, ["repair", "deliver", "make"])
    return collect.collect(out, wanted, imperfect=4, seed=0, tell=quiet)


HELD_OUT = [
    Place.of("scienceworld", "boil", 21, {}),
    Place.of("scienceworld", "boil", 14, {}),
    Place.of("textworldexpress", "coin", 2000, {}),
    Place.of("textworldexpress", "coin", 1000, {}),
    Place.of("causal", "make", 3, {"rules": 900}),
    Place.of("causal", "make", 3, {"rules": 850}),
    Place.of("causal", "make", 203, {"rules": 1}),
]


@pytest.mark.parametrize("place", HELD_OUT, ids=lambda place: place.key)
def test_a_held_out_place_is_refused_when_it_is_recorded_and_when_it_is_read(
    place: Place, tmp_path: Path
) -> None:
    assert split(place) in ("dev", "test")
    episode = Episode(
        place, "expert", "goal", "", (Taken("wait", "Time passes.", 100.0, True),), Ending.WON
    )
    with pytest.raises(UserError, match="held out"):
        Shards(tmp_path).add([episode])
    row = {
        "world": place.world,
        "task": place.task,
        "variation": place.variation,
        "options": dict(place.options),
        "file": "x",
        "at": 0,
        "bytes": 1,
    }
    (tmp_path / INDEX).write_text(json.dumps(row) + "\n")
    with pytest.raises(UserError, match="held out"):
        list(Shards(tmp_path))


@pytest.mark.slow
@settings(max_examples=8)
@given(seed=st.integers(0, 10**6), per_task=st.integers(1, 40))
def test_no_dev_or_test_place_is_ever_wanted(seed: int, per_task: int) -> None:
    for place in collect.places(collect.WORLDS, per_task, seed):
        splits = find_task(place.world, place.task).splits
        assert place.variation in splits["train"]
        assert place.variation not in {*splits["dev"], *splits["test"]}
        if place.world == "causal":
            assert dict(place.options)["rules"] in world_module("causal").RULE_SPLITS["train"]


def test_the_index_of_what_was_recorded_names_train_places_only(shards: Shards) -> None:
    rows = [json.loads(line) for line in (shards.folder / INDEX).read_text().splitlines()]
    assert len(rows) == 6
    for row in rows:
        assert row["split"] == "train"
        assert row["variation"] < 100 and row["options"]["rules"] < 800


def test_experts_reach_the_goal_and_imperfect_episodes_are_imperfect(shards: Shards) -> None:
    for episodes in shards:
        kinds = [each.kind for each in episodes]
        assert (
            kinds[:5] == ["expert", "mistakes", "detours", "loops", "mistakes"]
            and "search" in kinds[5:]
        )
        assert set(kinds[5:]) <= {"search", "informed"}
        assert episodes[0].score == 100 and all(step.right for step in episodes[0].steps)
        assert episodes[0] in good(episodes)
    every = [each for episodes in shards for each in episodes]
    wrong = [
        step
        for each in every
        if each.kind in ("mistakes", "detours")
        for step in each.steps
        if not step.right
    ]
    assert len(wrong) >= len(every) / 3
    assert any(each.score < 100 for each in every)


def test_collecting_goes_on_after_a_kill_and_gives_the_same(shards: Shards, tmp_path: Path) -> None:
    wanted = collect.places(["causal"], 2, 0, ["repair", "deliver", "make"])
    collect.collect(tmp_path, wanted[:2], imperfect=4, seed=0, tell=quiet)
    index = tmp_path / INDEX
    index.write_text(index.read_text()[:-20])  # killed while the second line was written
    again = collect.collect(tmp_path, wanted, imperfect=4, seed=0, tell=quiet)
    assert list(again) == list(shards)


def test_a_path_that_starts_in_the_right_room_goes_there_first() -> None:
    opening = "This room is called the kitchen. In it, you see: \n\tthe agent\n"
    begun = practice_of("scienceworld").begun
    assert begun(opening, ["focus on ant", "wait1"]) == [
        "teleport to kitchen",
        "look around",
        "focus on ant",
        "wait1",
    ]
    assert begun(opening, ["teleport to hallway", "focus on ant"]) == [
        "teleport to hallway",
        "focus on ant",
    ]
    begun = practice_of("textworldexpress").begun
    assert begun("You are in the hall.", ["take coin"]) == ["take coin"]


WORDS = st.text("abc ", min_size=1, max_size=30)
SAID = st.sampled_from(["", "Memory says: b MAY CONTRIBUTE to c.\n"])
ACTS = st.lists(st.builds(Act, WORDS, WORDS, st.sampled_from([0.0, 1.0, 3.0]), SAID), max_size=25)


@given(
    acts=ACTS,
    memory=st.lists(WORDS, max_size=3),
    room=st.integers(300, 600),
    layout=st.sampled_from([Compact, Recalled]),
)
def test_windows_are_the_prompts_of_run_time_and_each_action_is_learned_once(
    acts: list[Act], memory: list[str], room: int, layout: type[Compact]
) -> None:
    if not layout.recalls:
        acts = [replace(act, said="") for act in acts]
    sample = Sample("own", "causal", "win", tuple(memory), tuple(acts))
    style = layout(CAUSAL)
    context = Context(
        style,
        room,
        lambda part: len(letters(part)),
        style.head("win", Memory(notes=sample.memory), ""),
    )
    read = []
    for act in acts:
        # What the model reads when it must write this action, and what it shall write.
        if act.weight:
            prompt = [
                0,
                *letters("".join((*context.parts(), act.said, compact.ASK))),
            ]
            read.append((prompt, letters(compact.choice(act.action)), act.weight))
        context.append(Step(act.action, act.observation, 0.0))
    learned = []
    for window in windows(sample, letters, room, layout=layout):
        assert len(window.tokens) == len(window.weights)
        at = 0
        while at < len(window.tokens):
            weight = window.weights[at]
            if weight:
                end = window.tokens.index(ord("\n"), at) + 1
                assert set(window.weights[at:end]) == {weight}
                learned.append((read_before(window, at), list(window.tokens[at:end]), weight))
                at = end
            else:
                at += 1
    assert learned == read


def read_before(window: Window, at: int) -> list[int]:
    """The tokens that are read before that of the index ``at``."""
    if not window.parents:
        return list(window.tokens[:at])
    found = []
    while (at := window.parents[at]) >= 0:
        found.append(window.tokens[at])
    return found[::-1]


def test_memory_says_before_a_choice_what_it_would_at_run_time_and_only_of_what_helps() -> None:
    memory = (
        "pick up glass key SHOULD BE NECESSARY to unlock door with glass key",
        "unlock door with glass key SHOULD BE NECESSARY to make progress",
        "eat bread DOES NOT CONTRIBUTE to the task",
    )
    acts = tuple(
        Act(action, "Done.", 1.0)
        for action in ("pick up glass key", "unlock door with glass key", "wait")
    )
    sample = Sample("own", "causal", "win", memory, acts)
    told = [with_sayings(Random(number), sample) for number in range(40)]
    said = [tuple(act.said for act in each.acts) for each in told]
    first = f"Memory says: {memory[0]}.\n"
    then = f"Memory says: {memory[1]}.\n"
    assert (first, then) in [each[:2] for each in said] and ("", "", "") in said
    assert not any("eat bread" in line for each in said for line in each)
    assert with_sayings(Random(0), replace(sample, memory=())).acts == acts


def test_samples_come_again_with_the_seed_and_without_memory_where_there_is_none(
    shards: Shards,
) -> None:
    mixer = Mixer(Bank.of(shards))
    drawn = [mixer.draw(Random(n)) for n in range(150)]
    assert drawn == [mixer.draw(Random(n)) for n in range(150)]
    assert all(not sample.memory for sample in drawn if sample.kind == "none")
    assert {"none", "own", "elimination", "revise", "generalise"} <= {
        sample.kind for sample in drawn
    }
    assert all(
        any(act.weight for act in sample.acts)
        for sample in drawn
        if not (sample.ended or sample.elsewhere)
    )


def test_a_writer_is_asked_as_it_was_trained(shards: Shards) -> None:
    """The sample of a trial is the prompt that the trial would give at run time, then what the
    rules write."""

    def encode(part: str) -> list[int]:
        return [ord(letter) for letter in part]

    for number, episodes in enumerate(shards):
        sample = revising(Random(number), episodes)
        steps = tuple(Step(act.action, act.observation, 0.0) for act in sample.acts)
        last = next(
            each
            for each in episodes
            if [(step.action, step.observation) for step in each.steps]
            == [(s.action, s.observation) for s in steps]
        )
        trial = Trial(
            0,
            last.goal,
            last.opening,
            last.trial().steps,
            last.ending,
            Memory(tuple(map(parse, sample.memory))),
        )
        prompt = "".join(asked(RevisionRequest(trial, CAUSAL), len, 20_000))
        (window,) = windows(sample, encode, 20_000)
        text = "".join(map(chr, window.tokens[1:]))
        assert text == prompt + "".join(f"- {line}\n" for line in sample.written) + "\n"
        assert (
            "".join(
                chr(token)
                for token, weight in zip(window.tokens, window.weights, strict=True)
                if weight
            )
            == text[len(prompt) :]
        )
        assert not set(sample.written) - set(map(str, read(text[len(prompt) :]).links))


def test_a_generaliser_writes_what_its_sources_say_and_the_place_bears_out(shards: Shards) -> None:
    places = list(shards)
    for number in range(40):
        here, *others = Random(number).sample(places, len(places))
        sample = generalising(Random(number), here, others)
        said = {parse(line).claim for lines in sample.elsewhere for line in lines}
        assert {parse(line).claim for line in sample.written} <= said
        assert not sample.acts and sample.goal == here[0].goal


def test_nothing_to_imitate_is_one_line() -> None:
    place = Place.of("causal", "make", 1, {"rules": 1})
    with pytest.raises(UserError, match="nothing to imitate"):
        Bank.of(
            [
                [
                    Episode(
                        place,
                        "cut",
                        "goal",
                        "",
                        (Taken("wait", "Time passes.", 0.0, True),),
                        Ending.BUDGET,
                    )
                ]
            ]
        )


@given(st.integers(0, 10**9))
def test_a_drill_has_one_answer_that_nothing_speaks_against(seed: int) -> None:
    sample = drill(Random(seed))
    *before, last = sample.acts
    assert last.weight == 1.0
    links = map(parse, sample.memory)
    assert last.action not in [
        link.cause for link in links if link.relation is Relation.NOT_CONTRIBUTE
    ]
    assert last.action not in [act.action for act in before]


@given(st.integers(0, 10**9))
def test_renaming_is_one_to_one(seed: int) -> None:
    other = rename.shuffled(Random(seed), rename.CLASSES)
    for names in rename.CLASSES:
        assert sorted(map(other, names)) == sorted(names)
    text = "focus on apples, put the wolf into the red box"
    assert other(text).startswith("focus on apples, put the ")


@given(st.integers(0, 10**9))
def test_the_copy_drill_points_at_what_is_copied(seed: int) -> None:
    row = copies(Random(seed), letters, 500)
    assert len(row.tokens) == len(row.weights) == len(row.sources)
    for number, source in enumerate(row.sources):
        if source != NOWHERE:
            assert (
                source < number
                and row.tokens[source] == row.tokens[number + 1]
                and row.weights[number + 1] > 0
            )


def test_a_store_gives_its_train_trials_and_leaves_out_the_others(
    bundled: object, tmp_path: Path
) -> None:
    from clin.config import ModelInfo, RunConfig
    from clin.learner import Learner
    from clin.rollout.scheduler import drive
    from memory.store import Store

    with Store(tmp_path / "clin.db") as store:
        for rules, variation in ((3, 5), (901, 5), (3, 205)):
            config = RunConfig.checked(
                world="causal",
                task="repair",
                variation=variation,
                world_options={"rules": rules},
                trials=1,
                budget=4,
                writer="rules",
                model=ModelInfo.of("bundled", bundled.card),
            )
            drive([Learner(store, config, bundled.card, bundled.count).adapt()], bundled)
    shards = Shards(tmp_path / "shards")
    assert (
        str(from_store(shards, tmp_path / "clin.db"))
        == "1 episodes taken; left out: 2 of held-out places, 0 places already there"
    )
    ((episode,),) = shards
    assert (
        episode.kind == "played"
        and len(episode.steps) == 4
        and not any(step.right for step in episode.steps)
    )


def test_an_evaluation_plays_once_and_tells_of_what_was_asked_for(clin: Clin) -> None:
    words = ("distill", "evaluate", "--world", "causal", "--tasks", "make", "--per-task", "1")
    words = (*words, "--trials", "2", "--budget", "8", "--strategies", "none,evidence", "--json")
    first = clin(*words)
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout)
    assert [each["strategy"] for each in told] == ["none", "evidence"]
    assert {len(each["trials"]) for each in told} == {2} and told[0]["what"].endswith("split dev")
    assert all(
        trial["n"] == 1 and trial["low"] == trial["mean"] == trial["high"]
        for each in told
        for trial in (*each["trials"], each["gain"])
    )
    assert json.loads(clin(*words).stdout) == told
    assert clin(*words, "--no-go-back", "--lanes", "2").returncode == 0
    assert json.loads(clin(*words).stdout) == told, "other runs of the file are not mixed in"
    runs = json.loads(clin("runs", "--db", "distill.db", "--json").stdout)
    assert [run["strategy"] for run in runs] == ["none", "evidence", "evidence"]


def test_recorded_paths_leave_out_test_variations_and_visits_to_wrong_rooms(tmp_path: Path) -> None:
    step = ["teleport to kitchen", "You teleport to the kitchen.", 0, 0, 0]
    rows = [
        {
            "task": "boil",
            "var": variation,
            "desc": "Your task is to boil lead.",
            "gold": [step, ["focus on lead", "You focus on the lead.", 100, 1, 0]],
            "expl": [[["teleport to hallway", "You teleport to the hallway.", 0, 0, 1], step]],
        }
        for variation in (3, 25)
    ]
    (tmp_path / "paths.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    shards = Shards(tmp_path / "shards")
    assert from_paths(shards, tmp_path / "paths.jsonl").held_out == 2
    (episodes,) = shards
    assert [[each.right for each in episode.steps] for episode in episodes] == [
        [True, True],
        [False, True],
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["collect", "--out", "x", "--worlds", "causl"], "did you mean 'causal'"),
        (["collect", "--out", "x", "--worlds", "causal", "--tasks", "mak"], "did you mean 'make'"),
        (["collect", "--out", "x", "--from", "none.db"], "no database 'none.db'"),
        (["collect", "--out", "x", "--paths", "none.xz"], "no file 'none.xz'"),
        (
            ["evaluate", "--world", "causal", "--tasks", "make", "--split", "tst"],
            "did you mean 'test'",
        ),
        (["evaluate", "--strategies", "refexion"], "did you mean 'reflexion'"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_two(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["distill", *words])
    assert result.exit_code == 2, result.output
    assert said in result.output and len(result.output.strip().splitlines()) == 1
