"""Guidance: a choice by what a recalled line changes (Shi et al. 2023, arXiv 2305.14739), held
against the rule worked out with two questions that are not guided."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import tiny

from clin.errors import ModelError
from clin.llms import LLM, Answer, Question
from clin.llms.choosing import contrasted, log_softmax
from clin.llms.llamacpp import LlamaCpp
from clin.llms.open import open_model
from clin.llms.server import Server

HEAD = ("Task: find a(n) living thing. First, focus on the thing.\n", "Memory:\n", "none\n")
TURNS = (">", " look around\n", "You are in the kitchen. You see a frog and a door.\n")
LINES = ("Now: focus on frog\n", "Now: open door to kitchen\n", "Now: look at bee\n", "wait\n")
CHOICES = (
    " look around\n",
    " look at bee\n",
    " look at frog\n",
    " focus on frog\n",
    " focus on bee\n",
    " open door to kitchen\n",
    " open door to hall\n",
)
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
THINKER = (
    "[INST]{{ messages[0].content }}[/INST]"
    "{% if enable_thinking %}<think>\n{% else %}<think>\n\n</think>\n\n{% endif %}"
)


def asked(line: str, guidance: float, turns: int = 1, **more) -> Question:
    """A question whose recalled line stands before the last piece."""
    before = (*HEAD, *TURNS * turns)
    return Question((*before, line, ">"), CHOICES, plain=(*before, ">"), guidance=guidance, **more)


def ask(model: LLM, question: Question, lane: int = 0) -> Answer:
    model.submit(question, lane=lane)
    [(_, answer)] = model.ready()
    return answer


def ask_all(model: LLM, questions: list[Question]) -> list[Answer]:
    """The answers of as many lanes as there are questions, asked at once."""
    for lane, question in enumerate(questions):
        model.submit(question, lane=lane)
    found: dict[int, Answer] = {}
    while len(found) < len(questions):
        found.update(dict(model.ready()))
    return [found[lane] for lane in range(len(questions))]


def told(answer: Answer) -> Answer:
    """An answer without how long it took and what the cache held."""
    return replace(answer, seconds=0.0, reused=0)


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return tiny(tmp_path_factory.mktemp("guided") / "tiny.gguf")


@pytest.fixture(scope="module", params=["bundled", "tiny"])
def pair(request, path: Path) -> Iterator[tuple[LlamaCpp, LlamaCpp]]:
    """A model with room for guidance, and one without."""
    reference = "bundled" if request.param == "bundled" else str(path)
    models = [open_model(reference, threads=1, ctx=512, guided=each) for each in (True, False)]
    yield models[0], models[1]
    for model in models:
        model.close()


def shares(plain: LlamaCpp, question: Question) -> dict[tuple[int, ...], dict[int, float]]:
    """For each beginning of a choice, in tokens, the log-probability of each token that may follow,
    from the scores of whole choices."""
    bare = replace(question, plain=(), guidance=0.0, score_choices=True)
    scores = ask(plain, bare).scores
    tokens = [plain._piece(choice) for choice in CHOICES]
    mass: dict[tuple[int, ...], float] = {}
    for text, score in zip(tokens, scores, strict=True):
        for end in range(len(text) + 1):
            mass[text[:end]] = mass.get(text[:end], 0.0) + math.exp(score)
    found: dict[tuple[int, ...], dict[int, float]] = {}
    for start in sorted(mass):
        if start:
            share = math.log(mass[start] / mass[start[:-1]])
            found.setdefault(start[:-1], {})[start[-1]] = share
    return found


def by_hand(plain: LlamaCpp, question: Question) -> tuple[str, float, float, float]:
    """The guided choice from two questions without guidance: its text, both log-probabilities, and
    the smallest lead of a decision."""
    recalled = shares(plain, question)
    without = shares(plain, replace(question, parts=question.plain))
    path: tuple[int, ...] = ()
    lead, logprobs = math.inf, [0.0, 0.0]
    while path in recalled:
        weights = {
            token: (1 + question.guidance) * share - question.guidance * without[path][token]
            for token, share in recalled[path].items()
        }
        best = max(weights, key=lambda token: weights[token])
        lead = min([lead, *(weights[best] - each for t, each in weights.items() if t != best)])
        logprobs[0] += recalled[path][best]
        logprobs[1] += without[path][best]
        path = (*path, best)
    [text] = [choice for choice in CHOICES if plain._piece(choice) == path]
    return text, *logprobs, lead


@pytest.mark.parametrize("guidance", [0.5, 2.0, 4.0])
@pytest.mark.parametrize("line", LINES)
def test_the_choice_is_the_one_worked_out_by_hand(pair, line: str, guidance: float) -> None:
    guided, plain = pair
    question = asked(line, guidance)
    answer = ask(guided, question)
    text, recalled, without, lead = by_hand(plain, question)
    assert lead > 1e-3, "a near tie shows nothing"
    assert answer.text == text and answer.finish == "choice"
    assert answer.logprob == pytest.approx(recalled, abs=1e-3)
    assert answer.plain_logprob == pytest.approx(without, abs=1e-3)


@given(
    st.lists(st.floats(-20, 20, width=32), min_size=2, max_size=6),
    st.lists(st.floats(-20, 20, width=32), min_size=6, max_size=6),
    st.floats(0, 100),
)
def test_contrasted_is_the_formula(one: list[float], other: list[float], guidance: float) -> None:
    recalled = log_softmax(np.array(one, dtype=np.float32))
    plain = log_softmax(np.array(other[: len(one)], dtype=np.float32))
    weights = (1 + guidance) * recalled.astype(np.float64) - guidance * plain.astype(np.float64)
    found = contrasted(recalled, plain, guidance)
    assert found == pytest.approx(weights - np.logaddexp.reduce(weights), abs=1e-4)
    assert np.exp(found).sum() == pytest.approx(1.0)
    assert contrasted(recalled, recalled, guidance).argmax() == recalled.argmax()


@pytest.mark.parametrize("turns", [0, 1, 3])
def test_guidance_of_0_and_an_empty_plain_are_no_guidance(pair, turns: int) -> None:
    guided, plain = pair
    bare = Question(asked(LINES[0], 1.0, turns).parts, CHOICES)
    expected = told(ask(plain, bare))
    for question in (asked(LINES[0], 0.0, turns), replace(bare, guidance=4.0), bare):
        assert told(ask(guided, question)) == expected
        assert told(ask(plain, question)) == expected
    text = replace(bare, choices=(), max_tokens=5)
    guided_text = replace(text, plain=HEAD, guidance=4.0)
    assert told(ask(guided, guided_text)) == told(ask(plain, text))


def test_a_line_that_says_nothing_changes_nothing(pair) -> None:
    guided, plain = pair
    parts = (*HEAD, *TURNS, ">")
    alone = ask(plain, Question(parts, CHOICES))
    answer = ask(guided, Question(parts, CHOICES, plain=parts, guidance=8.0))
    assert told(answer) == told(replace(alone, plain_logprob=alone.logprob))


def test_more_guidance_takes_what_the_line_favours_more(pair) -> None:
    """What the line adds to the log-probability of the choice grows with the guidance."""
    guided, _ = pair
    for line in LINES:
        answers = [ask(guided, asked(line, a)) for a in (0.01, 1.0, 4.0, 50.0)]
        gains = [answer.logprob - answer.plain_logprob for answer in answers]
        assert gains[-1] >= gains[0]
    moved = {ask(guided, asked(line, 50.0)).text for line in LINES}
    unmoved = {ask(guided, asked(line, 0.0)).text for line in LINES}
    assert moved != unmoved


def whole_by_hand(plain: LlamaCpp, question: Question) -> np.ndarray:
    """The guided scores from two questions without guidance."""
    bare = replace(question, plain=(), guidance=0.0, score_choices=True)
    recalled = np.array(ask(plain, bare).scores)
    without = np.array(ask(plain, replace(bare, parts=question.plain)).scores)
    weights = (1 + question.guidance) * recalled - question.guidance * without
    return weights - np.logaddexp.reduce(weights)


@pytest.mark.parametrize("guidance", [0.5, 2.0, 4.0])
@pytest.mark.parametrize("line", LINES)
def test_whole_choices_are_weighed_as_worked_out_by_hand(pair, line: str, guidance: float) -> None:
    guided, plain = pair
    question = asked(line, guidance, score_choices=True)
    answer, expected = ask(guided, question), whole_by_hand(plain, question)
    assert answer.scores == pytest.approx(expected, abs=1e-2)
    assert np.exp(answer.scores).sum() == pytest.approx(1.0)
    best = int(np.argmax(answer.scores))
    assert answer.text == CHOICES[best] and answer.finish == "choice"
    assert answer.written == plain.count(answer.text)
    bare = replace(question, plain=(), guidance=0.0)
    alone, without = (ask(plain, replace(bare, parts=p)) for p in (question.parts, question.plain))
    assert answer.logprob == pytest.approx(alone.scores[best], abs=1e-3)
    assert answer.plain_logprob == pytest.approx(without.scores[best], abs=1e-3)


def test_scores_without_guidance_are_those_of_a_model_without_room_for_it(pair) -> None:
    """They leave the choice to the walk from token to token."""
    guided, plain = pair
    for line in LINES:
        bare = replace(asked(line, 0.0), plain=())
        expected = told(ask(plain, replace(bare, score_choices=True)))
        assert told(ask(guided, asked(line, 0.0, score_choices=True))) == expected
        assert replace(expected, scores=()) == told(ask(plain, bare))


def test_a_single_choice_and_one_that_is_told_twice_can_be_weighed(pair) -> None:
    guided, _ = pair
    lone = replace(asked(LINES[0], 4.0, score_choices=True), choices=CHOICES[:1])
    assert ask(guided, lone).scores == (0.0,)
    twice = replace(lone, choices=(*CHOICES, CHOICES[0]))
    assert ask(guided, twice).scores[:-1] == ask(guided, replace(lone, choices=CHOICES)).scores


def test_both_tails_are_counted_and_their_beginning_once(pair) -> None:
    guided, _ = pair
    first, again = (ask(guided, asked(LINES[0], 2.0, turns=5)) for _ in range(2))
    line, last, whole = (
        sum(map(guided.count, parts))
        for parts in ([LINES[0]], [">"], (*HEAD, *TURNS * 5, LINES[0], ">"))
    )
    opening = first.read - whole - last
    assert opening in (0, 1), "the token that every prompt of this model begins with"
    assert again.read == first.read
    assert again.read - again.reused == 2 * last
    assert ask(guided, asked(LINES[1], 2.0, turns=5)).reused == whole - line - last + opening


ROUNDS = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from(LINES),
            st.sampled_from([0.0, 1.0, 4.0]),
            st.integers(0, 3),
            st.booleans(),
        ),
        min_size=1,
        max_size=3,
    ),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def layouts(path: Path) -> Iterator[dict[str, LlamaCpp]]:
    options = {
        "alone": {},
        "separate": {"lanes": 3},
        "unified": {"lanes": 3, "kv_unified": True},
        "deterministic": {"lanes": 3, "deterministic": True},
    }
    models = {
        name: open_model(str(path), threads=1, ctx=256, guided=True, **each)
        for name, each in options.items()
    }
    yield models
    for model in models.values():
        model.close()


@settings(max_examples=20)
@given(ROUNDS)
def test_many_lanes_answer_like_one(layouts, rounds: list) -> None:
    """Guided and unguided questions side by side: deterministic lanes byte for byte; others where
    no decision is near a tie."""
    for each in rounds:
        questions = [asked(*given, score_choices=whole) for *given, whole in each]
        alone = [ask(layouts["alone"], question) for question in questions]
        exact = ask_all(layouts["deterministic"], questions)
        assert list(map(told, exact)) == list(map(told, alone))
        for name in ("separate", "unified"):
            for one, other in zip(alone, ask_all(layouts[name], questions), strict=True):
                assert other.read == one.read
                if other.text == one.text:
                    assert other.logprob == pytest.approx(one.logprob, abs=0.02)
                    assert other.plain_logprob == pytest.approx(one.plain_logprob, abs=0.02)


def test_an_answer_does_not_depend_on_what_was_guided_before(pair) -> None:
    guided, plain = pair
    bare = Question((*HEAD, *TURNS, ">"), CHOICES, score_choices=True)
    before = told(ask(plain, bare))
    for line in LINES:
        ask(guided, asked(line, 4.0))
        assert told(ask(guided, bare)) == before


@pytest.mark.parametrize("options", [{}, {"lanes": 2}, {"lanes": 2, "kv_unified": True}])
def test_a_question_can_be_cancelled_at_any_moment(path: Path, options: dict) -> None:
    """After so many pieces of work the question is forgotten; the same question then has the answer
    that it has at first."""
    model = open_model(str(path), threads=1, ctx=256, guided=True, **options)
    question = asked(LINES[1], 4.0)
    expected = ask(model, question)
    ended = 0
    for work in range(1, 40):
        left = iter(range(work))
        model.submit(asked(LINES[2], 4.0, turns=2), lane=0)
        while (step := next(left, None)) is not None and not model.ready(lambda: True):
            assert step < work
        ended += step is not None
        model.cancel(0)
        assert model._lanes[0].plain.position == 0
        answer = ask(model, question)
        assert answer.text == expected.text
        assert answer.logprob == pytest.approx(expected.logprob, abs=1e-3)
        if ended:
            break
    assert ended, "the question was answered in the end"
    model.submit(question, lane=0)
    model.ready(lambda: True)
    model.close()


def test_idle_lanes_give_way_to_a_guided_question(path: Path, monkeypatch) -> None:
    """In a pool with cells for little more than one lane, those of idle lanes are taken."""
    from clin.llms.native import Native

    start = Native.start
    monkeypatch.setattr(
        Native, "start", lambda self, cells, *rest, **more: start(self, 512, *rest, **more)
    )
    options = {"threads": 1, "guided": True}
    crowded = open_model(str(path), lanes=3, kv_unified=True, **options)
    monkeypatch.undo()
    alone = open_model(str(path), **options)
    word = alone.count(" kitchen")
    for lane in (0, 1, 2, 0, 2, 1):
        before = (f"trial {lane}\n", " kitchen" * (180 // word))
        tail = "the door is open\n" * 9
        question = Question(
            (*before, LINES[0], tail, ">"), CHOICES, plain=(*before, tail, ">"), guidance=2.0
        )
        one, other = ask(alone, question), ask(crowded, question, lane)
        assert (other.text, other.read) == (one.text, one.read)
        assert other.plain_logprob == pytest.approx(one.plain_logprob, abs=1e-3)
    for lane in range(3):
        longer = (f"other {lane}\n", " door" * (300 // crowded.count(" door")), ">")
        crowded.submit(
            Question(longer, CHOICES, plain=(f"{lane}", *longer), guidance=1.0), lane=lane
        )
    with pytest.raises(ModelError, match="fewer --lanes"):
        for _ in range(9):
            crowded.ready()
    assert ask(crowded, asked(LINES[0], 2.0)).text == ask(alone, asked(LINES[0], 2.0)).text
    crowded.close()
    alone.close()


def test_a_thought_stands_in_both_branches(tmp_path: Path) -> None:
    """Native thoughts, chat templates and vocabularies that begin with a space: the plain branch
    reads what the question without the line reads."""
    files = {
        "thinker": tiny(tmp_path / "thinker.gguf", template=THINKER),
        "chat": tiny(tmp_path / "chat.gguf", template=CHATML),
        "spm": tiny(tmp_path / "spm.gguf", spm=True),
    }
    for name, file in files.items():
        guided, plain = (open_model(str(file), threads=1, guided=each) for each in (True, False))
        begun: dict = {"begun": (" I think",)}
        if name == "thinker":
            begun["thought"] = "The frog lives."
        for line in LINES[:2]:
            question = Question(
                (line, "a frog, a door\n"),
                CHOICES,
                plain=("a frog, a door\n",),
                guidance=3.0,
                **begun,
            )
            answer = ask(guided, question)
            text, recalled, without, lead = by_hand(plain, question)
            assert lead > 1e-3 and answer.text == text
            assert answer.logprob == pytest.approx(recalled, abs=1e-3)
            assert answer.plain_logprob == pytest.approx(without, abs=1e-3)
        guided.close()
        plain.close()


@pytest.mark.parametrize("guidance", [-1.0, -0.001, math.inf, -math.inf, math.nan])
def test_a_guidance_that_is_no_strength_is_refused(guidance: float) -> None:
    with pytest.raises(ModelError, match="at least 0") as told:
        asked(LINES[0], guidance)
    assert "\n" not in str(told.value)


def test_what_cannot_be_guided_says_so_in_a_line(tmp_path: Path, path: Path) -> None:
    refused = {
        "cannot be guided": open_model(
            str(tiny(tmp_path / "mamba.gguf", "mamba")), threads=1, guided=True
        ),
        "without room for guidance": open_model(str(path), threads=1),
    }
    for why, model in refused.items():
        with pytest.raises(ModelError, match=why) as told:
            model.submit(asked(LINES[0], 1.0), lane=0)
        assert "\n" not in str(told.value)
        assert ask(model, asked(LINES[0], 0.0)).text in CHOICES
        model.close()


def test_a_plain_question_that_fits_no_lane_is_refused(path: Path) -> None:
    model = open_model(str(path), threads=1, ctx=256, guided=True)
    with pytest.raises(ModelError, match="does not fit the context of 256"):
        model.submit(Question((">",), CHOICES, plain=("kitchen " * 300,), guidance=1.0), lane=0)
    assert ask(model, asked(LINES[0], 1.0)).text in CHOICES
    model.close()


def test_a_script_ignores_guidance_and_an_endpoint_refuses_it(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "fake.json").write_text('[{"reply": "focus on frog"}]')
    scripted = open_model(f"scripted:{tmp_path / 'fake.json'}", guided=True)
    assert ask(scripted, asked(LINES[0], 2.0)).text == " focus on frog\n"
    monkeypatch.setattr(Server, "greet", lambda self: None)
    endpoint = open_model("openai:model@http://localhost:9/v1", guided=True)
    with pytest.raises(ModelError, match="give --guidance 0"):
        endpoint.submit(asked(LINES[0], 2.0), lane=0)
    endpoint.close()
