"""What llama.cpp's sampling options keep, held against llama.cpp's own samplers; greedy answers
stay as they are."""

from __future__ import annotations

import ctypes

import llama_cpp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clin.errors import ModelError
from clin.llms import Answer, Question
from clin.llms.choosing import log_softmax
from clin.llms.open import open_model
from clin.llms.sampling import OFF, Sampling

HEAD = ("Task: find a(n) living thing. First, focus on the thing.\n", "Memory:\n", "none\n")
CHOICES = (" look around\n", " focus on frog\n", " open door to kitchen\n")
QUESTIONS = (Question((*HEAD, ">"), CHOICES), Question((*HEAD, ">"), max_tokens=20))

logits = st.lists(st.integers(-4000, 4000), min_size=2, max_size=60, unique=True).map(
    lambda found: np.array(found, dtype=np.float32) / 300
)


def after(samplers: list, values: np.ndarray) -> dict[int, float]:
    """What llama.cpp's ``samplers`` leave of ``values``, by token."""
    data = (llama_cpp.llama_token_data * len(values))()
    for number, value in enumerate(values):
        data[number] = llama_cpp.llama_token_data(number, value, 0.0)
    array = llama_cpp.llama_token_data_array(data=data, size=len(values), selected=-1, sorted=False)
    for sampler in samplers:
        llama_cpp.llama_sampler_apply(sampler, ctypes.byref(array))
        llama_cpp.llama_sampler_free(sampler)
    return {array.data[number].id: array.data[number].logit for number in range(array.size)}


@given(
    logits,
    st.sampled_from([0, 1, 3, 40]),
    st.sampled_from([0.1, 0.5, 0.9, 1.0]),
    st.sampled_from([0.0, 0.05, 0.5, 1.0]),
)
def test_the_same_tokens_are_kept_as_by_llama_cpp(
    values: np.ndarray, k: int, p: float, least: float
) -> None:
    theirs = after(
        [
            llama_cpp.llama_sampler_init_top_k(k),
            llama_cpp.llama_sampler_init_top_p(p, 1),
            llama_cpp.llama_sampler_init_min_p(least, 1),
        ],
        values,
    )
    kept = Sampling(temperature=1.0, top_k=k, top_p=p, min_p=least).kept(log_softmax(values))
    mine = set(np.flatnonzero(kept).tolist())
    assert int(np.argmax(values)) in mine
    # A token exactly at a bound may fall either way, since llama.cpp sums in single precision.
    assert len(mine ^ set(theirs)) <= 1


@given(logits, st.data(), st.sampled_from([0.5, 1.0, 1.1, 3.0]))
def test_repetitions_are_penalised_as_by_llama_cpp(
    values: np.ndarray, data, penalty: float
) -> None:
    last = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=90))
    make = llama_cpp.llama_sampler_init_penalties
    size = [len(values)] if len(make.argtypes) == 5 else []  # later llama.cpp asks for it
    sampler = make(*size, 64, penalty, 0.0, 0.0)
    for token in last:
        llama_cpp.llama_sampler_accept(sampler, token)
    theirs = after([sampler], values)
    mine = Sampling(temperature=1.0, repeat_penalty=penalty).penalised(values, last)
    assert mine == pytest.approx([theirs[token] for token in range(len(values))], rel=1e-5)


@pytest.mark.parametrize("name", OFF)
def test_an_option_that_narrows_a_draw_needs_a_draw(name: str) -> None:
    option = name.replace("_", "-")
    with pytest.raises(ModelError, match=f"--{option} narrows a draw.*--temperature above 0"):
        Sampling(**{name: 2})
    assert Sampling(**{name: OFF[name]}).pick([1])(np.array([0.0, 1.0, 0.5])) == 1


def ask(model, question: Question, lane: int = 0) -> Answer:
    model.submit(question, lane=lane)
    [(_, answer)] = model.ready()
    return answer


@pytest.mark.parametrize("narrow", [{"top_k": 1}, {"top_p": 1e-6}, {"min_p": 1.0}], ids=str)
def test_a_draw_from_one_token_is_the_greedy_answer(narrow: dict, bundled) -> None:
    model = open_model("bundled", threads=1, temperature=1.5, **narrow)
    for question in QUESTIONS:
        one, greedy = ask(model, question), ask(bundled, question)
        assert (one.text, one.logprob) == (greedy.text, greedy.logprob)
    model.close()


def test_a_draw_follows_from_seed_and_prompt_alone(bundled) -> None:
    options = {"temperature": 1.2, "top_k": 20, "top_p": 0.95, "min_p": 0.01, "repeat_penalty": 1.2}
    models = [
        open_model("bundled", threads=1, lanes=2, deterministic=True, seed=seed, **options)
        for seed in (0, 0, 1)
    ]
    first, again, other = (
        [ask(model, QUESTIONS[1], lane=lane).text for lane in (n % 2, 1)]
        for n, model in enumerate(models)
    )
    assert len({*first, *again}) == 1
    assert other[0] != first[0]
    for model in models:
        model.close()


def test_a_repeat_penalty_breaks_a_loop_and_leaves_actions_alone(bundled) -> None:
    loop = Question((*HEAD, *("> look around\n", "a frog\n") * 6, ">"), max_tokens=24)
    plain = open_model("bundled", threads=1, temperature=1.0, top_k=1)
    penalised = open_model("bundled", threads=1, temperature=1.0, top_k=1, repeat_penalty=5.0)
    assert ask(plain, loop).text != ask(penalised, loop).text
    assert ask(plain, QUESTIONS[0]).text == ask(penalised, QUESTIONS[0]).text
    plain.close()
    penalised.close()
