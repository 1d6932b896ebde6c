"""The real bundled model under the real llama.cpp: choices, cache, errors."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import tiny

from clin.cli.run import run
from clin.errors import ModelError
from clin.llms import Answer, Question
from clin.llms.native import KV_TYPES
from clin.llms.open import open_model
from clin.llms.trie import Node, Trie
from clin.options import Engine
from memory.grammar import generalising
from memory.links import parse, read
from memory.trials import Memory

HEAD = ("Task: find a(n) living thing. First, focus on the thing.\n", "Memory:\n", "none\n")
TURNS = (
    ">",
    " teleport to outside\n",
    "You teleport to the outside.\n",
    ">",
    " look around\n",
    "outside: bee; frog\n",
)


def ask(model, question: Question, lane: int = 0) -> Answer:
    model.submit(question, lane=lane)
    [(answered, answer)] = model.ready()
    assert answered == lane
    return answer


def test_the_bundled_model_declares_what_it_can(bundled) -> None:
    assert bundled.card.roles == ("act", "revise", "generalise")
    assert bundled.card.prompt == "compact-2"
    assert bundled.card.context == 2048
    assert len(bundled.card.sha256) == 64


def test_a_choice_is_one_of_the_choices(bundled) -> None:
    choices = (" look around\n", " focus on frog\n", " open door to kitchen\n")
    answer = ask(bundled, Question((*HEAD, *TURNS, ">"), choices))
    assert answer.text in choices
    assert answer.logprob <= 0
    assert answer.finish == "choice"


def test_what_was_cached_does_not_change_an_answer(bundled) -> None:
    """The law behind resuming: cold, warm and after other questions, the same bytes and the same
    log-probability."""
    choices = tuple(
        f" {verb} {thing}\n"
        for verb in ("focus on", "pick up", "look at")
        for thing in ("bee", "frog", "tree")
    )
    questions = [Question((*HEAD, *TURNS[: 3 * n], ">"), choices) for n in range(3)]
    questions += [Question((*HEAD, *TURNS, ">"), stop=("\n",), max_tokens=20)]
    cold = []
    for question in questions:
        model = open_model("bundled", threads=1)
        cold.append(ask(model, question))
        model.close()
    order = [*questions, *reversed(questions), *random.Random(0).choices(questions, k=8)]
    for question in order:
        warm, alone = ask(bundled, question), cold[questions.index(question)]
        assert (warm.text, warm.logprob, warm.written) == (alone.text, alone.logprob, alone.written)


def test_a_step_reads_only_what_is_new(bundled) -> None:
    choices = (" look around\n", " focus on frog\n")
    ask(bundled, Question((*HEAD, ">"), choices))
    answer = ask(bundled, Question((*HEAD, *TURNS[:3], ">"), choices))
    assert answer.reused >= bundled.count(HEAD[0])
    assert answer.read - answer.reused <= sum(map(bundled.count, TURNS[1:3])) + 1


def test_free_text_ends_at_a_stop_or_at_the_bound(bundled) -> None:
    parts = (*HEAD, ">")
    stopped = ask(bundled, Question(parts, stop=("\n",), max_tokens=40))
    assert "\n" not in stopped.text
    assert stopped.finish == "stop"
    bounded = ask(bundled, Question(parts, max_tokens=3))
    assert (bounded.written, bounded.finish) == (3, "length")


def test_a_grammar_is_kept(bundled) -> None:
    known = Memory((parse("open door MAY BE NECESSARY to go to hall"),))
    question = Question((*HEAD, "A learning: "), grammar=generalising([known]), max_tokens=120)
    answer = ask(bundled, question)
    lines = answer.text.split("\n")
    whole = lines[:-1] if answer.finish == "length" else lines
    assert read("\n".join(whole)).unreadable == ()


def test_a_reply_that_was_begun_goes_on(bundled) -> None:
    whole = ask(bundled, Question((*HEAD, ">", " focus"), stop=("\n",), max_tokens=20))
    begun = ask(bundled, Question((*HEAD, ">"), begun=(" focus",), stop=("\n",), max_tokens=20))
    assert begun.text == whole.text


def test_many_lanes_answer_like_one(bundled) -> None:
    """Batching changes the order of floating-point sums, so near ties may fall otherwise; a clear
    choice may not."""
    choices = (" focus on frog\n", " open door to kitchen\n", " look around\n")
    questions = [Question((*HEAD, *TURNS[: 3 * (n % 3)], ">"), choices) for n in range(6)]
    alone = [ask(bundled, question) for question in questions]
    many = open_model("bundled", threads=1, lanes=6)
    for lane, question in enumerate(questions):
        many.submit(question, lane=lane)
    together: dict[int, Answer] = {}
    while len(together) < len(questions):
        together.update(dict(many.ready()))
    many.close()
    for lane, one in enumerate(alone):
        assert together[lane].logprob == pytest.approx(one.logprob, abs=0.05)
        if one.logprob > -0.5:
            assert together[lane].text == one.text


def held(node: Node) -> list[str]:
    return [*node.choices, *(text for child in node.children.values() for text in held(child))]


CLOSED = st.lists(st.integers(0, 5), min_size=1, max_size=5).map(
    lambda t: "".join(map(str, t)) + "9"
)


@given(st.lists(st.sets(CLOSED, min_size=1, max_size=20), min_size=1, max_size=6))
def test_a_trie_admits_exactly_the_given_set_whatever_it_held_before(sets: list[set[str]]) -> None:
    kept = Trie(lambda text: tuple(map(int, text)))
    for choices in sets:
        root = kept.update(choices)
        assert root == Trie(lambda text: tuple(map(int, text))).update(choices)
        assert sorted(held(root)) == sorted(choices)
        for text in choices:
            node = root
            for token in map(int, text):
                node = node.children[token]
            assert node.choices == [text]


def test_choices_that_cannot_be_told_apart_are_refused_and_leave_the_trie_usable(bundled) -> None:
    kept = Trie(lambda text: tuple(map(ord, text)))
    for clash in (["ab", "a"], ["a", "ab"], [""]):
        with pytest.raises(ValueError, match=r"is the beginning of|is empty"):
            kept.update(clash)
        assert held(kept.update(["ab", "ac"])) == ["ab", "ac"]


def bad_models(folder: Path) -> dict[str, tuple[str, str]]:
    """Reference and what the error must say."""
    whole = (Path(__file__).parent.parent / "clin/llms/bundled/clin-5m-4-f16.gguf").read_bytes()
    (folder / "notes.gguf").write_text("not a model")
    (folder / "none.gguf").write_bytes(b"")
    (folder / "short.gguf").write_bytes(whole[: len(whole) // 2])
    (folder / "header.gguf").write_bytes(whole[:40])
    (folder / "strange.gguf").write_bytes(
        whole.replace(
            b"general.architecture\x08\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00llama",
            b"general.architecture\x08\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00lalma",
        )
    )
    return {
        "missing": (str(folder / "nots.gguf"), "did you mean 'notes.gguf'"),
        "not a GGUF": (str(folder / "notes.gguf"), "is not a GGUF file"),
        "an empty file": (str(folder / "none.gguf"), "none.gguf' is empty"),
        "truncated": (str(folder / "short.gguf"), "cannot be loaded"),
        "cut in its header": (str(folder / "header.gguf"), "cannot be loaded"),
        "unknown architecture": (str(folder / "strange.gguf"), "cannot be loaded"),
        "a folder": (str(folder), "is a folder"),
        "hub reference": ("hf:nothing", "hf:ORG/REPO:FILE"),
        "empty": ("", "empty model reference"),
        "missing script": (f"scripted:{folder}/no.json", "no script file"),
    }


@pytest.mark.parametrize(
    "case",
    [
        "missing",
        "not a GGUF",
        "an empty file",
        "truncated",
        "cut in its header",
        "unknown architecture",
        "a folder",
        "hub reference",
        "empty",
        "missing script",
    ],
)
def test_a_bad_model_is_one_line(case: str, tmp_path: Path, capfd) -> None:
    reference, says = bad_models(tmp_path)[case]
    with pytest.raises(ModelError) as refused:
        open_model(reference)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert capfd.readouterr() == ("", "")


def test_a_question_that_can_never_fit_is_refused(bundled) -> None:
    with pytest.raises(ModelError, match="does not fit the context of 2048"):
        bundled.submit(Question(("word " * 3000,), max_tokens=5), lane=0)
    assert ask(bundled, Question((*HEAD, ">"), (" look around\n",))).text == " look around\n"


def test_more_context_than_the_model_was_made_for_is_refused() -> None:
    with pytest.raises(ModelError, match="--ctx 100000 is more than"):
        open_model("bundled", ctx=100_000)


@pytest.mark.parametrize("kind", KV_TYPES)
def test_every_cache_type_of_llama_cpp_answers(kind: str, bundled) -> None:
    """A quantised cache needs flash attention, which is then switched on by itself."""
    question = Question(
        (*HEAD, *TURNS, ">"), (" look around\n", " focus on frog\n", " open door to kitchen\n")
    )
    model = open_model("bundled", threads=1, kv_type=kind)
    assert ask(model, question).logprob == pytest.approx(ask(bundled, question).logprob, abs=0.5)
    model.close()


def test_the_command_line_and_experiments_know_the_same_cache_types() -> None:
    [option] = [each for each in run.params if each.name == "kv_type"]
    assert (
        set(option.type.choices)
        == set(get_args(Engine.model_fields["kv_type"].annotation))
        == set(KV_TYPES)
    )


def test_a_cache_type_that_cannot_be_had_is_one_line_with_the_reason(tmp_path: Path, capfd) -> None:
    with pytest.raises(ModelError, match="--kv-type q8_0 needs flash attention"):
        open_model("bundled", kv_type="q8_0", flash_attention=False)
    with pytest.raises(ModelError, match="no cache type 'q8'; did you mean 'q8_0'"):
        open_model("bundled", kv_type="q8")
    try:
        model = open_model(str(tiny(tmp_path / "tiny.gguf")), kv_type="q8_0")
    except ModelError as refused:
        assert re.search(r"block size 32 does not divide .*--kv-type f16", str(refused))
        assert "\n" not in str(refused)
        assert capfd.readouterr() == ("", "")
    else:  # the lowest llama.cpp allows it
        question = Question((*HEAD, ">"), (" look around\n", " focus on frog\n"))
        assert ask(model, question).text in question.choices
        model.close()


@pytest.mark.slow
def test_more_threads_than_processors_are_not_started(bundled) -> None:
    """A stored run may come from a larger machine; llama.cpp would stand still."""
    model = open_model("bundled", threads=10_000)
    question = Question((*HEAD, ">"), (" look around\n", " focus on frog\n"))
    assert ask(model, question).text == ask(bundled, question).text
    model.close()
