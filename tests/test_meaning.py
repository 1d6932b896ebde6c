"""When two links mean the same, and when one denies the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from languages import CAUSAL, SCIENCE

from memory.corrections import Overrides
from memory.links import Hedge, Link, Relation, parse
from memory.meaning import contradict, meaning
from memory.testing import links
from memory.verbs import base_form

VERBS = (
    ("focus on", "focusing on"),
    ("open", "opening"),
    ("pick up", "picking up"),
    ("move", "moving"),
    ("mix", "mixing"),
    ("put", "putting"),
    ("heat", "heating"),
    ("use", "using"),
)
HELPS = st.sampled_from([Relation.NECESSARY, Relation.CONTRIBUTE])


@st.composite
def wordings(draw: st.DrawFn, deed: tuple[str, str], thing: str) -> str:
    """One way to say "VERB the THING" in ScienceWorld."""
    article = draw(st.sampled_from(["", "a ", "the ", "The "]))
    doubled = draw(st.sampled_from(["", thing.split()[0] + " "]))
    return f"{draw(st.sampled_from(deed))} {article}{doubled}{thing}"


@st.composite
def said_twice(draw: st.DrawFn) -> tuple[Link, Link]:
    """Two links of one meaning in two wordings."""
    deed, done = draw(st.sampled_from(VERBS)), draw(st.sampled_from(VERBS))
    thing, other = "baby hedgehog", draw(st.sampled_from(["red box", "green jar"]))
    against = draw(st.booleans())
    made = [
        Link(
            draw(wordings(deed, thing)),
            draw(st.sampled_from(Hedge)),
            Relation.NOT_CONTRIBUTE if against else draw(HELPS),
            draw(wordings(done, other)),
        )
        for _ in range(2)
    ]
    return made[0], made[1]


@given(said_twice())
def test_all_wordings_of_a_link_mean_the_same(said: tuple[Link, Link]) -> None:
    one, other = said
    assert meaning(one, SCIENCE) == meaning(other, SCIENCE)
    assert not contradict(one, other, SCIENCE)


@given(said_twice(), st.lists(links(), max_size=4))
def test_a_ban_of_one_wording_bans_all_and_a_pin_of_one_replaces_all(
    said: tuple[Link, Link], rest: list[Link]
) -> None:
    one, other = said
    banned = Overrides.of([("ban", one)], SCIENCE)
    assert banned.bans(other)
    assert not {one, other} & set(banned.applied([other, *rest, one]))
    pinned = Overrides.of([("pin", one)], SCIENCE).applied([other, *rest])
    assert one in pinned and (other == one or other not in pinned)


@given(links())
def test_a_link_means_itself_and_never_denies_itself(link: Link) -> None:
    for language in (SCIENCE, CAUSAL):
        assert meaning(link, language) == meaning(Link(*link.__dict__.values()), language)
        assert not contradict(link, link, language)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tape pipe MAY CONTRIBUTE to the task", "tapping pipe MAY CONTRIBUTE to the task"),
        ("open keys MAY CONTRIBUTE to the task", "open key MAY CONTRIBUTE to the task"),
        ("open box MAY CONTRIBUTE to the task", "opened box MAY CONTRIBUTE to the task"),
        ("open box MAY CONTRIBUTE to the task", "open box MAY NOT CONTRIBUTE to the task"),
        ("open box MAY CONTRIBUTE to the task", "open box MAY CONTRIBUTE to completing the task"),
    ],
)
def test_what_is_another_claim_stays_another(one: str, other: str) -> None:
    assert meaning(parse(one), SCIENCE) != meaning(parse(other), SCIENCE)


def test_names_are_folded_in_the_world_that_has_them_and_in_no_other() -> None:
    one = parse("focus on baby baby hedgehog DOES NOT CONTRIBUTE to the task")
    other = parse("focusing on the baby hedgehog DOES NOT CONTRIBUTE to making progress")
    assert meaning(one, SCIENCE) == meaning(other, SCIENCE)
    assert meaning(one, CAUSAL) != meaning(other, CAUSAL)


IN_ING = """
focus focusing, move moving, mix mixing, cut cutting, put putting, use using, tape taping,
tap tapping, examine examining, heat heating, open opening, light lighting, grow growing,
dice dicing, tie tying, fill filling, press pressing, add adding, see seeing, be being,
travel travelling, unlock unlocking, activate activating, combine combining,
stop stopping, sing singing, carry carrying
"""
VERB_OF = {done: verb for verb, done in (each.split() for each in IN_ING.split(","))}


@pytest.mark.parametrize("word", VERB_OF)
def test_a_verb_in_ing_is_folded_to_its_verb(word: str) -> None:
    assert base_form(word) == VERB_OF[word] == base_form(VERB_OF[word])


@pytest.mark.parametrize(
    "word", ["ring", "string", "king", "thing", "nothing", "open", "opened", "keys", "qwxing", ""]
)
def test_any_other_word_stays(word: str) -> None:
    assert base_form(word) == word


@given(st.text(max_size=12))
def test_any_text_has_a_base_form(text: str) -> None:
    assert base_form(text) == base_form(text)
    assert base_form(f"{text}ing")


def test_a_contradiction_is_about_one_cause_and_one_effect() -> None:
    helps = parse("waiting SHOULD BE NECESSARY to complete the task")
    denied = parse("wait DOES NOT CONTRIBUTE to the task")
    assert contradict(helps, denied) and contradict(denied, helps)
    assert not contradict(helps, parse("wait DOES NOT CONTRIBUTE to open door"))
    assert not contradict(helps, parse("look around DOES NOT CONTRIBUTE to the task"))
    assert not contradict(helps, parse("wait MAY CONTRIBUTE to the task"))
