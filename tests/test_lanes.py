"""Lanes never read each other's tokens: whatever is asked, cut, cancelled, failed and evicted, the
logits of each lane are those of a fresh model with one lane that was asked nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tiny_models import tiny

from clin.errors import ModelError
from clin.llms import Question
from clin.llms.llamacpp import LlamaCpp

LANES, CONTEXT = 3, 480
CHOICES = (" look around\n", " focus on frog\n", " focus on bee\n", " open door to kitchen\n")
TURNS = (
    "> look around\n",
    "a frog, a bee\n",
    "turn kitchen " * 14 + "\n",
    "> open door to kitchen\n",
    "the door is open\n" * 9,
)

turns = st.lists(st.sampled_from(TURNS), max_size=5)


class Seen(LlamaCpp):
    """Keeps the logits after each lane's prompt, and after every token of its reply."""

    def __init__(self, *args, **options) -> None:
        self.logits: dict[int, list[np.ndarray]] = {}
        super().__init__(*args, **options)

    def submit(self, question: Question, *, lane: int) -> None:
        super().submit(question, lane=lane)
        self.logits[lane] = []

    def _advance(self, lane, logits):
        both = logits if isinstance(logits, tuple) else (logits,)
        self.logits[lane.sequence] += [each for each in both if each is not None]
        return super()._advance(lane, logits)


class Lanes(RuleBasedStateMachine):
    path: Path
    options: dict
    crowded = False
    """Whether the lanes may want more cells than there are; each then begins with a long text of
    its own."""

    @initialize()
    def open(self) -> None:
        self.many = Seen(self.path, threads=1, lanes=LANES, ctx=CONTEXT, **self.options)
        self.asked: dict[int, Question] = {}

    @precondition(lambda self: len(self.asked) < LANES)
    @rule(
        turns=turns,
        lane=st.integers(0, LANES - 1),
        kind=st.sampled_from(["choice", "scores", "text", "bad grammar", "guided"]),
    )
    def ask(self, turns: list[str], lane: int, kind: str) -> None:
        if lane in self.asked:
            return
        own = (f"trial {lane}" + " kitchen" * 165,) if self.crowded else ()
        question = Question(("Task: find a living thing.\n", *own, *turns, ">"), max_tokens=12)
        forms = {
            "choice": replace(question, choices=CHOICES),
            "scores": replace(question, choices=CHOICES, score_choices=True),
            "text": question,
            "bad grammar": replace(question, grammar="root ::= ("),
            "guided": replace(
                question,
                choices=CHOICES,
                plain=("Task: find a living thing.\n", *own, *turns[1:], ">"),
                guidance=2.0 if self.options.get("guided") else 0.0,
                score_choices=len(turns) % 2 == 0,
            ),
        }
        self.asked[lane] = forms[kind]
        self.many.submit(forms[kind], lane=lane)

    @rule()
    def work_one_batch(self) -> None:
        self._take(lambda: True)

    @rule()
    def work_until_something_is_ready(self) -> None:
        self._take(lambda: False)

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def cancel(self, data) -> None:
        lane = data.draw(st.sampled_from(sorted(self.asked)))
        self.many.cancel(lane)
        del self.asked[lane]

    def _take(self, until) -> None:
        try:
            found = self.many.ready(until)
        except ModelError as error:
            if error.lane is None:  # cells ran out: nothing is under way any more
                assert self.crowded and "fewer --lanes" in str(error)
                self.asked.clear()
            else:
                assert self.asked.pop(error.lane).grammar == "root ::= ("
            return
        for lane, answer in found:
            question = self.asked.pop(lane)
            fresh = Seen(self.path, threads=1, ctx=CONTEXT, guided=question.guided)
            fresh.submit(question, lane=0)
            [(_, alone)] = fresh.ready()
            mine, theirs = self.many.logits[lane], fresh.logits[0]
            assert mine[0] == pytest.approx(theirs[0], abs=0.02)
            # A near tie may fall otherwise, and what is read then differs.
            if answer.text == alone.text:
                assert np.allclose(mine, theirs, atol=0.02)
                assert answer.plain_logprob == pytest.approx(alone.plain_logprob, abs=0.02)
            assert answer.read == alone.read
            assert answer.scores == pytest.approx(alone.scores, abs=0.02)
            fresh.close()

    @invariant()
    def what_a_lane_holds_is_where_it_stands(self) -> None:
        for lane in self.many._lanes if hasattr(self, "many") else ():
            if lane.question is None:
                assert lane.position == sum(map(len, lane.held))
                assert lane.plain is None or lane.plain.position == 0

    def teardown(self) -> None:
        if hasattr(self, "many"):
            self.many.close()


LAYOUTS = {
    "a buffer per lane": {},
    "one pool": {"kv_unified": True},
    "deterministic": {"deterministic": True},
}
GUIDED = [pytest.param("llama", name, True, id=f"{name}-guided") for name in LAYOUTS]


@pytest.mark.parametrize(
    ("architecture", "layout", "guided"),
    [*((each, name, False) for each in ("llama", "mamba") for name in LAYOUTS), *GUIDED],
)
def test_lanes_never_read_each_others_tokens(
    tmp_path_factory, architecture: str, layout: str, guided: bool
) -> None:
    path = tiny(tmp_path_factory.mktemp("lanes") / "tiny.gguf", architecture)
    options = {**LAYOUTS[layout], "guided": guided}
    machine = type("Machine", (Lanes,), {"path": path, "options": options})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=10, stateful_step_count=25, deadline=None)
    )


@pytest.mark.slow
@pytest.mark.parametrize("guided", [False, True])
def test_lanes_are_right_when_cells_run_out(tmp_path_factory, monkeypatch, guided: bool) -> None:
    """A pool of fewer cells than the lanes may want: idle lanes are emptied, and where that does
    not suffice all is dropped."""
    from clin.llms.native import Native

    start = Native.start
    monkeypatch.setattr(
        Native,
        "start",
        lambda self, cells, sequences, *rest, **more: start(
            self, 512 if more["unified"] and sequences > 1 else cells, sequences, *rest, **more
        ),
    )
    path = tiny(tmp_path_factory.mktemp("crowded") / "tiny.gguf")
    options = {"kv_unified": True, "guided": guided}
    machine = type("Machine", (Lanes,), {"path": path, "options": options, "crowded": True})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=15, stateful_step_count=25, deadline=None)
    )
