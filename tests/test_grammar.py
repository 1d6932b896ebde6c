"""What a writer's grammar allows: links and nothing else, whatever the world's words are; read by
the real llama.cpp."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from languages import SCIENCE

from clin.llms.llamacpp import LlamaCpp
from memory.grammar import _WORDS, LONGEST, MOST, generalising, literal, revising
from memory.links import Hedge, Link, Relation, joined, parse, read
from memory.testing import links, memories, texts, trials
from memory.trials import Ending, Memory, Step, Trial

HOSTILE = (
    'say "hi"',
    "back\\slash",
    "tab\there",
    "bell\b\f\x7f",
    "nul\x00l",
    "lone \ud800 surrogate",
    "éléphant 象 🐘",
    "it is NECESSARY to go",
    "1. first",
    "<think>no",
    "wait; look",
    "- [x]",
    "",
)


def played(*actions: str) -> Trial:
    steps = tuple(Step(action, f"You {action}.", 0.0) for action in actions)
    return Trial(0, "a goal", "a hall", steps, Ending.BUDGET)


def written(model: LlamaCpp, grammar: str, seed: int, most: int = 120) -> str:
    """What comes of drawing any token that the grammar allows, the end of the text among them."""
    native, drawn = model._native, random.Random(seed)
    automaton, said = native.grammar(grammar), b""
    for _ in range(most):
        logits = np.array([drawn.random() for _ in range(native.vocabulary)])
        token = int(np.argmax(automaton.mask(logits)))
        if native.ends(token):
            break
        automaton.accept(token)
        said += native.piece(token)
    automaton.close()
    return said.decode(errors="ignore")


def whole_lines(text: str) -> list[str]:
    return text.split("\n")[:-1]


@settings(max_examples=40)
@given(trials(), st.integers(0, 99))
@example(played(*HOSTILE), 1)
def test_every_line_that_the_grammar_allows_is_one_link(
    bundled: LlamaCpp, trial: Trial, seed: int
) -> None:
    for line in whole_lines(written(bundled, revising(trial, SCIENCE), seed)):
        reading = read(line)
        assert (len(reading.links), reading.unreadable) == (1, ()), line


@settings(max_examples=20)
@given(st.lists(memories(4), max_size=3), st.integers(0, 99))
def test_a_meta_memory_is_links_too(bundled: LlamaCpp, past: list[Memory], seed: int) -> None:
    for line in whole_lines(written(bundled, generalising(past), seed)):
        reading = read(line)
        assert (len(reading.links), reading.unreadable) == (1, ()), line


@example(said=["\x00"])
@given(said=st.lists(texts(60) | st.sampled_from(HOSTILE), min_size=1, max_size=4))
def test_llama_reads_any_text_that_is_quoted(bundled: LlamaCpp, said: list[str]) -> None:
    grammar = bundled._native.grammar("root ::= " + " | ".join(map(literal, said)) + ' "."')
    logits = np.zeros(bundled._native.vocabulary, dtype=np.float32)
    assert np.isfinite(grammar.mask(logits)).any(), "nothing may be written"
    grammar.close()


@pytest.mark.parametrize("text", ['say "hi"', "back\\slash", "éléphant 象", "tab\tbed"])
def test_a_quoted_text_is_written_as_it_is(bundled: LlamaCpp, text: str) -> None:
    assert written(bundled, f"root ::= {literal(text)}", 0) == text


def test_lines_are_about_what_was_done_and_came_of_it() -> None:
    steps = (
        Step("open door", "It is open.", 0.0),
        Step("pull lever", "It moves.", 40.0),
        Step("eat lamp", "You can't eat that.", 40.0),
        Step("touch wire", "It burns.", 20.0),
    )
    said = revising(Trial(0, "a goal", "", steps, Ending.BUDGET), SCIENCE).splitlines()
    lines = {line.split('"')[1]: line for line in said if line.startswith("rest")}
    rules = dict(line.split(" ::= ", 1) for line in said)
    assert "(helps0" in lines["open door"] and "(helps1" in lines["pull lever"]
    assert rules["helps0"] == 'sure (after0 | "make progress")'
    assert " not " not in lines["pull lever"] and "make progress" in rules["helps1"]
    assert "helps" not in lines["eat lamp"] and "helps" not in lines["touch wire"]
    assert "complete the task" not in "".join(said)
    assert 'after0 ::= "pull lever" | after1' in said and 'after1 ::= "touch wire"' in said


WORKED = [f"{verb} {thing}" for verb in ("oil", "turn", "pull") for thing in ("hinge", "crank")]


@settings(max_examples=40)
@given(st.data())
def test_what_is_needed_together_can_be_written_and_is_read_back(
    bundled: LlamaCpp, data: st.DataObject
) -> None:
    done = data.draw(st.lists(st.sampled_from(WORKED), unique=True, min_size=3))
    steps = tuple(Step(each, "Done.", 100.0 * (n + 1 == len(done))) for n, each in enumerate(done))
    trial = Trial(0, "a goal", "a hall", steps, Ending.WON)
    last = data.draw(st.integers(0, len(done) - 1))
    parts = data.draw(st.sets(st.integers(0, last), max_size=3).map(lambda s: sorted({*s, last})))
    later = st.sampled_from([*done[last + 1 :], "make progress", "complete the task"])
    link = Link(
        joined(done[part] for part in parts),
        data.draw(st.sampled_from(Hedge)),
        data.draw(st.sampled_from([Relation.NECESSARY, Relation.CONTRIBUTE])),
        data.draw(later),
    )
    grammar = revising(trial, SCIENCE)
    assert _accepts(bundled, grammar, f"{link}\n") is (len(parts) <= 3)
    assert read(str(link)).links == (link,)
    backwards = joined(reversed(link.cause.split(" AND ")))
    turned = f"{Link(backwards, link.hedge, link.relation, link.effect)}\n"
    assert _accepts(bundled, grammar, turned) is (len(parts) == 1)


@settings(max_examples=40)
@given(st.lists(links(), min_size=1, max_size=3))
def test_a_conjunction_that_was_known_can_be_said_again(
    bundled: LlamaCpp, known: list[Link]
) -> None:
    kept = known[-1]
    assume(read(str(kept)).links == (kept,))
    said = generalising([Memory(tuple(known))])
    assert _accepts(bundled, said, f"{kept.cause} {kept.between} to {kept.effect}\n")


def test_what_was_found_before_an_action_did_not_come_of_it() -> None:
    steps = (
        Step("look around", "This room is called the hall. In it, you see: \n\ta frog\n", 0.0),
        Step("open door", "It is open.", 0.0),
        Step("go to attic", "You go to the attic.", 0.0),
        Step("look around", "This room is called the attic. In it, you see: \n\ta bee\n", 0.0),
    )
    said = revising(Trial(0, "a goal", "", steps, Ending.BUDGET), SCIENCE).splitlines()
    rules = dict(line.split(" ::= ", 1) for line in said)
    order = ["look around", "find frog", "open door", "go to attic", "find bee"]
    assert [rules[f"after{n}"].split('"')[1] for n in range(4)] == order[1:]
    line = next(line for line in said if line.startswith('rest1 ::= "open door"'))
    assert "(helps1 " in line and "after2" in rules["helps1"]


def test_what_was_read_can_be_said_again_unless_the_scores_contradict_it() -> None:
    read_before = (
        parse("go to attic MAY BE NECESSARY to find frog"),
        parse("touch wire SHOULD BE NECESSARY to make progress"),
        parse("touch wire DOES NOT CONTRIBUTE to the task"),
    )
    trial = Trial(
        0,
        "a goal",
        "",
        (Step("touch wire", "It burns.", -20.0),),
        Ending.LOST,
        Memory(read_before),
    )
    said = revising(trial, SCIENCE)
    assert '"go to attic" (sure) "find frog"' in said  # this trial says nothing of it
    assert '"touch wire" (not) "make progress"' in said
    assert '"touch wire" not "the task"' not in said  # the line about it says that


def test_only_the_latest_actions_that_are_short_enough_are_offered() -> None:
    done = [f"push {n}" for n in range(200)]
    said = revising(played(*done, "x" * (LONGEST + 1)), SCIENCE)
    assert '"push 199"' in said and f'"push {199 - MOST}"' not in said
    assert "xxx" not in said and len(said) < 25_000


def test_a_word_of_a_free_line_spells_no_relation(bundled: LlamaCpp) -> None:
    """The ways in which "necessary to" and "contribute to" could be spelled lead nowhere; words
    that begin like them do."""
    rules = "".join(f"{name} ::= {rule}\n" for name, rule in _WORDS.items())
    automaton = f'root ::= word "."\n{rules}'
    for word, allowed in {
        "nectar": True,
        "3": False,
        "container": True,
        "document": True,
        "Contents": True,
        "necessary": False,
        "necesary": False,
        "contribute": False,
        "Contributes": False,
        "maycontribute": False,
        "doescontribute": False,
    }.items():
        assert _accepts(bundled, automaton, f"{word}.") is allowed, word


def _accepts(model: LlamaCpp, grammar: str, text: str) -> bool:
    native = model._native
    automaton = native.grammar(grammar)
    try:
        for token in native.tokenize(text):
            if not automaton.allows(token):
                return False
            automaton.accept(token)
        return True
    finally:
        automaton.close()


def test_a_meta_memory_turns_nothing_round_that_all_agree_on() -> None:
    past = [
        Memory((parse("a MAY CONTRIBUTE to b"), parse("c DOES NOT CONTRIBUTE to d"))),
        Memory((parse("a SHOULD BE NECESSARY to b"), parse("c MAY CONTRIBUTE to d"))),
        Memory((parse("e DOES NOT CONTRIBUTE to f"),)),
    ]
    said = generalising(past)
    for line in ('"a" (sure) "b"', '"c" (not | sure) "d"', '"e" (not) "f"'):
        assert line in said
