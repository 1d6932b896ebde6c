"""Hypothesis strategies for links, memories, steps, calls and trials; for our tests and for yours.

>>> from hypothesis import given
>>> from memory.links import parse
>>> from memory.testing import links
>>> @given(links())
... def test_round_trip(link):
...     assert parse(str(link)) == link
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from hypothesis import assume
from hypothesis import strategies as st

from memory.links import Hedge, Link, LinkError, Relation, joined
from memory.store import NewTrial, NewVersion, Store
from memory.trials import Call, Ending, Memory, Scope, Step, Trial

_VOCABULARY = (
    "the door to kitchen open opening on focus red box a an flower pot 3 stove water is not may be "
    "necessary contribute"
)
_WORDS = st.sampled_from(_VOCABULARY.split())


@cache
def phrases() -> st.SearchStrategy[str]:
    """Causes and effects: phrases of a text world, and any text that might pass for one."""
    told = st.lists(_WORDS, min_size=1, max_size=6).map(" ".join)
    return st.one_of(told, st.text(min_size=1, max_size=40).filter(_is_phrase))


def _is_phrase(text: str) -> bool:
    """Whether a link may have ``text`` on either side: most text of any script may not."""
    try:
        Link(text, Hedge.MAY, Relation.NECESSARY, text)
    except LinkError:
        return False
    return True


@st.composite
def links(draw: st.DrawFn) -> Link:
    """Valid links with any hedge and relation; some causes are conjunctions."""
    parts = draw(st.lists(phrases(), min_size=1, max_size=3))
    try:
        return Link(
            joined(parts),
            draw(st.sampled_from(Hedge)),
            draw(st.sampled_from(Relation)),
            draw(phrases()),
        )
    except LinkError:
        assume(False)
        raise


@st.composite
def memories(draw: st.DrawFn, most: int = 8) -> Memory:
    """Memories of up to ``most`` distinct links, some of which held in one place only, and a few
    notes."""
    held = draw(st.lists(links(), max_size=most, unique=True))
    scoped = draw(st.lists(st.sampled_from(held), max_size=2, unique=True)) if held else []
    notes = draw(st.lists(texts(60), max_size=2))
    return Memory(tuple(held), tuple(notes), tuple((link, draw(scopes())) for link in scoped))


@cache
def scopes() -> st.SearchStrategy[Scope]:
    """Places in which a link may have held."""
    return st.builds(Scope, texts(10), texts(20), st.integers(0, 99), st.integers(1, 10))


@cache
def texts(most: int = 200) -> st.SearchStrategy[str]:
    """Text as worlds and models may write it: control characters, escapes, markup, SQL, any
    script."""
    hostile = st.sampled_from(
        [
            "\x1b[31mred",
            "[bold]x[/bold]",
            "'; drop table runs; --",
            "a\x00b",
            "\u202eabc",
            "<think>",
            "{}%s\\",
        ]
    )
    return st.one_of(st.text(max_size=most), hostile)


@cache
def scores() -> st.SearchStrategy[float]:
    """Points from -100 to 100."""
    return st.integers(-100, 100).map(float)


@cache
def steps() -> st.SearchStrategy[Step]:
    """Steps with any text, some with thoughts and citations."""
    cited = st.lists(st.integers(1, 20), max_size=3).map(tuple)
    return st.builds(Step, texts(40), texts(), scores(), texts(40), cited)


@cache
def calls() -> st.SearchStrategy[Call]:
    """Model calls whose prompts share beginnings, as append-only prompts do."""
    parts = st.lists(
        st.sampled_from(["head\n", "> go\n", "You go.\n", "> look\n", "tail"]), max_size=6
    ).map(tuple)
    counts = st.integers(0, 5000)
    return st.builds(
        Call,
        st.sampled_from(["act", "revise"]),
        parts,
        texts(40),
        counts,
        counts,
        counts,
        choices=counts,
        recalled=texts(40),
    )


@st.composite
def admissible(draw: st.DrawFn, count: int) -> tuple[frozenset[str] | None, ...]:
    """What was admissible before each of ``count`` steps: sets that share actions, as they do from
    step to step; None for some; nothing at all for some trials."""
    actions = draw(st.lists(texts(30), min_size=1, max_size=12))
    listed = st.frozensets(st.sampled_from(actions))
    sets = draw(st.lists(st.none() | listed, min_size=count, max_size=count))
    return () if sets.count(None) == count else tuple(sets)


@st.composite
def trials(draw: st.DrawFn) -> Trial:
    """Whole trials; endings need not fit the scores, as a reader of stored trials cannot rely on
    that."""
    made = draw(st.lists(steps(), max_size=8).map(tuple))
    return Trial(
        draw(st.integers(0, 9)),
        draw(texts(60)),
        draw(texts(60)),
        made,
        draw(st.sampled_from(Ending)),
        draw(memories(4)),
        draw(admissible(len(made))),
    )


@st.composite
def stores(draw: st.DrawFn, most_runs: int = 2) -> Store:
    """Open stores in fresh files, with up to ``most_runs`` runs of up to three ended trials; the
    caller closes them."""
    configs = st.fixed_dictionaries({"task": texts(20), "variation": st.integers(0, 9)})
    store = Store(Path(tempfile.mkdtemp(prefix="clin-store-")) / "clin.db")
    for config in draw(st.lists(configs, max_size=most_runs)):
        run = store.begin_run(config)
        for number, trial in enumerate(draw(st.lists(trials(), max_size=3))):
            made = store.begin_trial(run, _beginning(store, run, number, trial))
            sets = trial.admissible or (None,) * len(trial.steps)
            for step, listed in zip(trial.steps, sets, strict=True):
                called = draw(st.lists(calls(), max_size=1))
                store.append_step(made, step, called, admissible=listed)
            store.finish_trial(made, trial.ending, NewVersion(draw(memories(4)), "w"))
    return store


def _beginning(store: Store, run: str, number: int, trial: Trial) -> NewTrial:
    before = store.latest_version(run, number - 1)
    return NewTrial(
        number,
        world="w",
        task="t",
        variation=0,
        goal=trial.goal,
        opening=trial.opening,
        recalled=trial.recalled,
        version=before.id if before else None,
    )
