"""What the bundled model cannot show: recurrent models, chat templates, thinking without end, lanes
that join late."""

from __future__ import annotations

import math
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import tiny

from clin.errors import ModelError
from clin.llms import Answer, Question
from clin.llms.chat_format import ChatFormat
from clin.llms.gguf_card import read_card
from clin.llms.open import open_model
from clin.llms.roles import notes_of
from clin.llms.sampling import Sampling
from clin.llms.trie import Node, Trie
from clin.models import open_models
from clin.options import Engine
from clin.options import Sampling as SamplingOptions
from clin.rollout.scheduler import drive
from clin.rollout.trial import call

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
REASONER = CHATML + "{{ '<think>\\n' }}"
OPTIONS = SamplingOptions()
CHOICES = (" look around\n", " focus on frog\n", " focus on bee\n", " open door to kitchen\n")
HEAD = ("Task: find a living thing.\n", "Memory:\n", "none\n")
QUESTIONS = [
    Question((*HEAD, *turns, ">"), CHOICES)
    for turns in ((), ("> look around\n",), ("> look around\n", "a frog\n"), ("> wait\n",))
]
QUESTIONS += [Question((*HEAD, ">"), max_tokens=7)]


def ask(model, question: Question, lane: int = 0) -> Answer:
    model.submit(question, lane=lane)
    [(_, answer)] = model.ready()
    return answer


@pytest.fixture(scope="module", params=["llama", "mamba"])
def file(request, tmp_path_factory) -> Path:
    return tiny(tmp_path_factory.mktemp("tiny") / f"{request.param}.gguf", request.param)


def test_cold_and_warm_answers_are_the_same_bytes_whatever_the_architecture(file: Path) -> None:
    """A recurrent model cannot drop what it wrote, so it reads again; its answers are those of a
    fresh model."""
    warm = open_model(str(file), threads=1)
    for question in [*QUESTIONS, *reversed(QUESTIONS)]:
        cold = open_model(str(file), threads=1)
        one, other = ask(warm, question), ask(cold, question)
        assert (one.text, one.logprob) == (other.text, other.logprob)
        cold.close()
    warm.close()


LAYOUTS = pytest.mark.parametrize("unified", [False, True], ids=["a buffer per lane", "one pool"])


@LAYOUTS
def test_many_lanes_agree_with_one_whatever_the_architecture(file: Path, unified: bool) -> None:
    single, many = (
        open_model(str(file), threads=1),
        open_model(str(file), threads=1, lanes=3, kv_unified=unified),
    )
    for start in range(len(QUESTIONS)):
        asked = {lane: QUESTIONS[(start + lane) % len(QUESTIONS)] for lane in range(3)}
        for lane, question in asked.items():
            many.submit(question, lane=lane)
        found: dict[int, Answer] = {}
        while len(found) < 3:
            found.update(many.ready())
        for lane, question in asked.items():
            assert found[lane].logprob == pytest.approx(ask(single, question).logprob, abs=0.05)
    single.close()
    many.close()


@LAYOUTS
@settings(max_examples=25)
@given(
    rounds=st.lists(
        st.dictionaries(st.integers(0, 3), st.lists(st.integers(0, 3), max_size=4), min_size=1),
        min_size=1,
        max_size=5,
    )
)
def test_lanes_never_read_each_others_tokens(
    lanes_and_one, unified: bool, rounds: list[dict[int, list[int]]]
) -> None:
    """Questions that share all, some or nothing of their beginning are asked at once, kept, cut and
    copied between lanes; each is answered as by a model that has one lane alone."""
    single, models = lanes_and_one
    many = models[unified]
    for asked in rounds:
        questions = {
            lane: Question(
                (*HEAD, *(f"turn {n} kitchen\n" * 9 for n in turns), ">"),
                CHOICES,
                score_choices=True,
            )
            for lane, turns in asked.items()
        }
        for lane, question in questions.items():
            many.submit(question, lane=lane)
        found: dict[int, Answer] = {}
        while len(found) < len(questions):
            found.update(many.ready())
        for lane, question in questions.items():
            alone = ask(single, question)
            assert found[lane].scores == pytest.approx(alone.scores, abs=0.02)
            assert found[lane].read == alone.read


@pytest.fixture(scope="module")
def lanes_and_one(tmp_path_factory):
    path = str(tiny(tmp_path_factory.mktemp("lanes") / "tiny.gguf"))
    models = {
        unified: open_model(path, threads=1, lanes=4, kv_unified=unified)
        for unified in (False, True)
    }
    single = open_model(path, threads=1)
    yield single, models
    for model in (single, *models.values()):
        model.close()


@LAYOUTS
def test_a_beginning_that_several_lanes_ask_for_at_once_is_read_once(
    tmp_path: Path, unified: bool
) -> None:
    model = open_model(str(tiny(tmp_path / "tiny.gguf")), threads=1, lanes=3, kv_unified=unified)
    head = "a shared beginning " * 20
    for lane in range(3):
        model.submit(Question((head, f"of lane {lane}", ">"), CHOICES), lane=lane)
    found: dict[int, Answer] = {}
    while len(found) < 3:
        found.update(model.ready())
    # With the token that begins a text.
    assert sorted(answer.reused for answer in found.values()) == [
        0,
        1 + model.count(head),
        1 + model.count(head),
    ]
    model.close()


def test_scores_agree_with_the_choice_whatever_the_architecture(file: Path) -> None:
    model = open_model(str(file), threads=1)
    answer = ask(model, Question((*HEAD, ">"), CHOICES, score_choices=True))
    assert sum(map(math.exp, answer.scores)) == pytest.approx(1.0, abs=1e-4)
    assert answer.scores[CHOICES.index(answer.text)] == pytest.approx(answer.logprob, abs=1e-3)
    model.close()


def test_a_chat_template_wraps_the_parts(tmp_path: Path) -> None:
    model = open_model(str(tiny(tmp_path / "chat.gguf", template=CHATML)), threads=1)
    assert model.card.template == ChatFormat(
        "<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"
    )
    plain = open_model(str(tiny(tmp_path / "plain.gguf")), threads=1)
    around = model.card.template
    assert ask(model, QUESTIONS[0]).read == ask(plain, QUESTIONS[0]).read + plain.count(
        around.opening
    ) + plain.count(around.answer)
    model.close()
    plain.close()


@pytest.mark.parametrize(
    ("template", "architecture", "opening", "instead"),
    [
        ("{{ raise_exception('no') }}", "llama", "", "plain text"),
        ("no message at all", "llama", "", "plain text"),
        ("{% for %}<|im_start|>", "llama", "<|im_start|>user\n", "llama.cpp's own"),
    ],
)
def test_no_model_is_refused_for_its_template(
    tmp_path: Path, template: str, architecture: str, opening: str, instead: str
) -> None:
    """It is said in one line, in the card, and for whoever opens the model."""
    file = tiny(tmp_path / "chat.gguf", architecture, template=template)
    model = open_models(str(file), Engine(threads=1), OPTIONS, seed=0)
    [note] = model.card.notes
    assert "chat template" in note and instead in note and "\n" not in note
    assert notes_of(model) == (note,)
    assert (model.card.template.opening, read_card(file).notes) == (opening, (note,))
    assert ask(model, QUESTIONS[0]).text in CHOICES
    model.close()


def test_thinking_without_end_stops_where_the_context_does(tmp_path: Path, monkeypatch) -> None:
    """A reasoning model may think beyond max_tokens, and never beyond its lane."""
    monkeypatch.setattr("clin.llms.writing.thinks", lambda raw: True)
    model = open_model(str(tiny(tmp_path / "short.gguf", context=96)), threads=1)
    monkeypatch.setattr(model._native, "ends", lambda token: False)
    answer = ask(model, Question(("think",), max_tokens=8))
    assert (answer.read + answer.written, answer.finish) == (96, "length")
    assert ask(model, QUESTIONS[0]).text in CHOICES
    model.close()


class Planned(Sampling):
    """Takes the tokens of one text, whatever the model finds likely."""

    def __init__(self, tokens: tuple[int, ...]) -> None:
        super().__init__()
        object.__setattr__(self, "tokens", iter(tokens))

    def pick(self, prompt):
        return lambda shares: next(self.tokens)


def test_long_thinking_leaves_the_answer_its_room(bundled, monkeypatch) -> None:
    """What is thought does not count against max_tokens, and a stop string in it ends nothing."""
    said = (
        "<think>"
        + "the frog lives\n\n" * 30
        + "</think>\n\nfocus on the frog, the bee and the kitchen\n\n"
        + "no more " * 20
    )
    tokens = bundled._native.tokenize(said)
    monkeypatch.setattr(bundled, "_sampling", Planned(tokens))
    answer = ask(bundled, Question((*HEAD, ">"), stop=("\n\n",), max_tokens=60))
    assert (answer.text, answer.finish) == ("focus on the frog, the bee and the kitchen", "stop")
    assert answer.thinking == "the frog lives\n\n" * 30
    monkeypatch.setattr(bundled, "_sampling", Planned(tokens))
    # The marks are many tokens to this tokeniser.
    bounded = ask(bundled, Question((*HEAD, ">"), max_tokens=24))
    assert bounded.finish == "length"
    assert bounded.text and said.partition("</think>\n\n")[2].startswith(bounded.text)


def test_thinking_has_a_bound_of_its_own(bundled, monkeypatch) -> None:
    monkeypatch.setattr("clin.llms.writing.THINKING", 50)
    monkeypatch.setattr(
        bundled, "_sampling", Planned(bundled._native.tokenize("<think>" + " frog" * 200))
    )
    answer = ask(bundled, Question((*HEAD, ">"), max_tokens=60))
    assert (answer.text, answer.finish) == ("", "length")
    assert answer.written < 60


def test_thinking_that_the_template_opens_is_closed_at_once(tmp_path: Path) -> None:
    """Else a reply would be all thinking, and a choice would stand inside it."""
    model = open_model(str(tiny(tmp_path / "reasoner.gguf", template=REASONER)), threads=1)
    assert model.card.template.answer == (
        "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
    )
    assert ask(model, QUESTIONS[0]).text in CHOICES
    model.close()


def planned(model, monkeypatch, said: str) -> None:
    """Let ``model`` write ``said``, whatever it finds likely."""
    tokens = model._native.tokenize(said, special=True)
    monkeypatch.setattr(model, "_sampling", Planned(tokens))


@pytest.mark.parametrize("control", [(), ("</think>",)], ids=["as text", "as a control token"])
def test_a_native_thought_ends_at_its_mark_and_is_put_before_the_answer(
    tmp_path: Path, monkeypatch, control: tuple[str, ...]
) -> None:
    file = tiny(tmp_path / "reasoner.gguf", template=REASONER, control=control)
    model = open_model(str(file), threads=1, think=60)
    planned(model, monkeypatch, " The frog lives.\n</think>\n\n focus on frog")
    asking = Question((*HEAD, ">"), max_tokens=60, think=True)
    thought = ask(model, asking)
    assert (thought.text, thought.thinking, thought.finish) == ("", "The frog lives.", "stop")
    monkeypatch.setattr(model, "_sampling", Sampling())
    choosing = Question((*HEAD, ">"), CHOICES, thought=thought.thinking, begun=("A:",))
    answer = ask(model, choosing)
    assert answer.text in CHOICES
    # What the first question read is not read again.
    assert answer.reused == thought.read
    assert call(asking, thought, model.card).reply == "The frog lives."
    assert "".join(call(choosing, answer, model.card).parts) == (
        "<|im_start|>user\nTask: find a living thing.\nMemory:\nnone\n>"
        "<|im_end|>\n<|im_start|>assistant\n<think>\nThe frog lives.\n</think>\n\nA:"
    )
    model.close()


def test_a_native_thought_is_cut_at_its_budget(tmp_path: Path, monkeypatch) -> None:
    model = open_model(str(tiny(tmp_path / "reasoner.gguf", template=REASONER)), threads=1)
    planned(model, monkeypatch, " frog" * 40)
    thought = ask(model, Question((*HEAD, ">"), CHOICES, max_tokens=9, think=True))
    assert (thought.finish, thought.written) == ("length", 9)
    assert set(thought.thinking.split()) <= {"frog", "fro", "fr", "f"}
    model.close()


texts = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(
        lambda t: f" {t.strip()}x\n"
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=150)
@given(texts)
def test_under_a_real_tokeniser_a_trie_admits_exactly_the_given_texts(
    bundled, choices: list[str]
) -> None:
    def walk(node: Node) -> list[str]:
        return [*node.choices, *(text for child in node.children.values() for text in walk(child))]

    tokens = [bundled._piece(choice) for choice in choices]
    clash = any(a != b and b[: len(a)] == a for a in tokens for b in tokens)
    if clash:
        with pytest.raises(ValueError, match=r"is the beginning of|is empty"):
            Trie(bundled._piece).update(choices)
    else:
        assert sorted(walk(Trie(bundled._piece).update(choices))) == sorted(set(choices))


def test_a_world_that_answers_late_joins_while_others_decode(bundled) -> None:
    """The second trial's question is put long before the first one's long reply has ended."""
    model = open_model("bundled", threads=1, lanes=2)
    order, other_done = [], threading.Event()

    def long():
        yield Question((*HEAD, ">"), max_tokens=600)
        order.append("long")

    def short():
        for _ in range(3):
            yield Question((*HEAD, ">"), CHOICES)
            order.append("short")
        other_done.set()

    assert drive([long(), short()], model, lanes=2)
    assert other_done.is_set()
    assert order == ["short", "short", "short", "long"]
    model.close()


def test_a_lane_that_fails_leaves_the_others_right(bundled) -> None:
    model = open_model("bundled", threads=1, lanes=3)
    model.submit(QUESTIONS[0], lane=0)
    model.submit(Question((*HEAD, ">"), grammar="root ::= (", max_tokens=9), lane=1)
    model.submit(QUESTIONS[4], lane=2)
    found: dict[int, Answer] = {}
    with pytest.raises(ModelError, match="cannot read this grammar"):
        while len(found) < 3:
            found.update(model.ready())
    while len(found) < 2:
        found.update(model.ready())
    for lane, question in ((0, QUESTIONS[0]), (2, QUESTIONS[4])):
        assert found[lane].logprob == pytest.approx(ask(bundled, question).logprob, abs=0.05)
    assert ask(model, QUESTIONS[1], lane=1).text in CHOICES
    model.close()


def test_an_interrupted_batch_leaves_a_model_that_answers_right(bundled, monkeypatch) -> None:
    model = open_model("bundled", threads=1)
    model.submit(QUESTIONS[4], lane=0)
    whole = model._native.decode

    def interrupted(rows):
        whole(rows)
        raise KeyboardInterrupt

    monkeypatch.setattr(model._native, "decode", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.ready()
    monkeypatch.undo()
    one, other = ask(model, QUESTIONS[4]), ask(bundled, QUESTIONS[4])
    assert (one.text, one.logprob) == (other.text, other.logprob)
    model.close()


def test_idle_lanes_give_way_when_cells_run_out(tmp_path: Path, monkeypatch) -> None:
    """Three lanes over the cells of about one: the one used least recently goes first, and answers
    stay right."""
    from clin.llms.native import Native

    start = Native.start
    monkeypatch.setattr(
        Native, "start", lambda self, cells, *rest, **more: start(self, 512, *rest, **more)
    )
    path = tiny(tmp_path / "tiny.gguf")
    crowded, alone = (
        open_model(str(path), threads=1, lanes=3, kv_unified=True),
        open_model(str(path), threads=1),
    )
    word = crowded.count(" kitchen")
    for turn, lane in enumerate((0, 1, 2, 0, 2, 1)):
        question = Question((f"trial {lane}\n", " kitchen" * (200 // word), ">"), CHOICES)
        assert ask(crowded, question, lane).logprob == pytest.approx(
            ask(alone, question).logprob, abs=1e-3
        )
        if turn == 2:
            assert [bool(each.held) for each in crowded._lanes] == [False, True, True]
    for lane in range(2):
        crowded.submit(Question((f"other {lane}\n", " door" * 10), max_tokens=350), lane=lane)
    with pytest.raises(ModelError, match="fewer --lanes"):
        for _ in range(3):
            monkeypatch.setattr(crowded._native, "ends", lambda token: False)
            crowded.ready()
    assert ask(crowded, QUESTIONS[0]).text in CHOICES
    crowded.close()
    alone.close()


def test_a_cut_of_the_context_is_told_once_with_what_it_left_out(bundled, tmp_path: Path) -> None:
    """Forty looks do not fit 400 tokens; where turns are left out, the prompt on record has a
    gap."""
    from clin.config import ModelInfo, RunConfig
    from clin.learner import Learner
    from clin.watcher import Watcher
    from memory.store import Store

    class Cuts(Watcher):
        def __init__(self) -> None:
            self.told: list[int] = []

        def context_cut(self, run: str, number: int, left_out: int) -> None:
            self.told.append(left_out)

    with Store(tmp_path / "cut.db") as store:
        config = RunConfig(
            task="lifespan-shortest-lived",
            variation=94,
            writer="rules",
            trials=1,
            budget=40,
            strategy="none",
            model=ModelInfo.of("bundled", bundled.card),
        )
        watcher = Cuts()
        learner = Learner(
            store, config, replace(bundled.card, context=400), bundled.count, watcher=watcher
        )
        asking = learner.adapt()
        question, gaps, asked = next(asking), 0, 0
        try:
            while True:
                gaps += "...\n" in question.parts
                looks, asked = (
                    [each for each in question.choices if each.startswith(" look a")],
                    asked + 1,
                )
                question = asking.send(Answer(looks[asked % len(looks)]))
        except StopIteration:
            pass
    assert watcher.told == sorted(set(watcher.told))
    assert gaps and watcher.told
