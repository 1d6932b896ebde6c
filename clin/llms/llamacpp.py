"""GGUF models in this process: many lanes over one context, each step reading only what is new.

A lane's answer is a generator that asks for tokens to be evaluated and is sent logits;
:meth:`LlamaCpp.ready` merges what all lanes ask for into one batch. A part of a prompt is evaluated
as one unit from its beginning, and what was generated is dropped when the answer is given: with one
lane the cache therefore depends on the parts alone, and a question has the same answer, byte for
byte, whatever was cached before it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from clin.errors import ModelError
from clin.llms import Answer, Question
from clin.llms.choosing import Feed, choose, scored
from clin.llms.gguf_card import card
from clin.llms.gguf_file import checked
from clin.llms.native import CHUNK, KV_TYPES, Native, Row, attention
from clin.llms.sampling import Sampling
from clin.llms.template import wrapping
from clin.llms.trie import Node, Trie
from clin.llms.writing import Written, write
from memory.spelling import did_you_mean

DEFAULT_CONTEXT = 8192
"""Tokens of a lane where neither the user nor a smaller model says otherwise."""

WORTH_WAITING = 64
"""Tokens of a beginning that another lane is reading for which a question waits, to copy them."""

Answering = Generator[Feed, np.ndarray | None, Answer]


@dataclass
class Lane:
    """One sequence of the cache: the pieces that it holds from its beginning, the question that it
    was given with its pieces, and the answer under way. A question waits while another lane is
    about to hold more of its beginning."""

    sequence: int
    held: list[tuple[int, ...]] = field(default_factory=list)
    position: int = 0
    question: Question | None = None
    pieces: list[tuple[int, ...]] = field(default_factory=list)
    answering: Answering | None = None
    feed: Feed | None = None
    used: int = 0
    trie: Trie | None = None


class LlamaCpp:
    """See :class:`clin.llms.LLM`. ``ctx`` is in tokens per lane (0: the model's own, at most 8192);
    ``threads`` 0 is half the processors, since llama.cpp slows down badly when it has to share all
    of them. ``deterministic`` evaluates each lane by itself, so that many lanes answer byte for
    byte like one; they share no beginnings then. ``kv_unified`` lets lanes share one pool of cells:
    a copied beginning is stored once, but each token is compared with the cells of all lanes, which
    costs more as soon as trajectories outgrow what they share (docs/results/engine.md).
    ``sampling`` are the fields of :class:`clin.llms.sampling.Sampling`."""

    def __init__(
        self,
        path: Path,
        *,
        gpu_layers: int = -1,
        ctx: int = 0,
        lanes: int = 1,
        threads: int = 0,
        kv_type: str = "f16",
        flash_attention: bool | None = None,
        deterministic: bool = False,
        kv_unified: bool = False,
        **sampling: Any,
    ) -> None:
        self._sampling = Sampling(**sampling)
        if kv_type not in KV_TYPES:
            raise ModelError(
                f"no cache type '{kv_type}'{did_you_mean(kv_type, KV_TYPES)} (types: "
                f"{', '.join(KV_TYPES)})"
            )
        attention(kv_type, flash_attention)  # before a large file is read for nothing
        self._native = Native(checked(path), gpu_layers=gpu_layers)
        metadata = self._native.metadata()
        own = int(metadata.get("clin.context", 0)) or min(self._native.trained, DEFAULT_CONTEXT)
        room = ctx or own
        if room > self._native.trained:
            raise ModelError(
                f"--ctx {room} is more than the {self._native.trained} tokens that '{path.name}' "
                "was made for"
            )
        processors = os.cpu_count() or 2
        cores = min(
            threads or max(1, processors // 2), processors
        )  # a stored run may come from a larger machine
        self._native.start(
            lanes * (room + 8),
            lanes,
            cores,
            kv_type,
            flash_attention,
            unified=lanes == 1 or (kv_unified and not deterministic),
        )
        opening, closing = wrapping(self._native.chat_template())
        self.card = replace(
            card(path, metadata, room, (opening, closing)), exact=lanes == 1 or deterministic
        )
        self._deterministic = deterministic
        self._alone = (
            deterministic or not self._native.can_forget_tails()
        )  # a recurrent state has no beginning to copy
        self._lanes = [Lane(number) for number in range(lanes)]
        self._tokens: dict[str, tuple[int, ...]] = {}
        self._clock = 0
        self._answers: list[tuple[int, Answer]] = []
        self._failures: list[tuple[int, Exception]] = []

    def count(self, text: str) -> int:
        return len(self._piece(text))

    def submit(self, question: Question, *, lane: int) -> None:
        there = self._lanes[lane]
        if there.question is not None:
            raise RuntimeError(f"lane {lane} is still busy with another question")
        pieces = self._pieces(question)
        total = sum(map(len, pieces)) + (0 if question.choices else question.max_tokens)
        if total > self.card.context:
            raise ModelError(
                f"a question of {total} tokens (reply included) does not fit the context of "
                f"{self.card.context}"
            )
        self._clock += 1
        there.used, there.question, there.pieces = self._clock, question, pieces

    def ready(self, until: Callable[[], bool] = lambda: False) -> list[tuple[int, Answer]]:
        while (
            not self._answers and not self._failures and any(lane.question for lane in self._lanes)
        ):
            self._begin()
            feeding = self._fitting()
            rows = [Row(lane.sequence, lane.position, *lane.feed) for lane in feeding if lane.feed]
            for lane, logits in zip(feeding, self._decode(rows), strict=True):
                try:
                    self._answers += self._advance(lane, logits)
                # one lane's failure is told once the others have got what was decoded for them
                except Exception as error:
                    self._abandon(lane)
                    if isinstance(error, ModelError):
                        error.lane = lane.sequence
                    self._failures.append((lane.sequence, error))
            if until():
                break
        if self._failures and not self._answers:
            raise self._failures.pop(0)[1]
        answers, self._answers = self._answers, []
        return answers

    def cancel(self, lane: int) -> None:
        there = self._lanes[lane]
        self._answers = [each for each in self._answers if each[0] != lane]
        self._failures = [each for each in self._failures if each[0] != lane]
        if there.answering is not None:
            there.answering.close()
        there.question = there.answering = there.feed = None
        whole = there.position >= sum(
            map(len, there.held)
        )  # else it was reading its pieces again (a recurrent model)
        self._cut(there, len(there.held) if whole else 0)

    def close(self) -> None:
        self._native.close()

    def _begin(self) -> None:
        """Begin the answers to new questions, except where another lane is reading the same
        beginning just now: it is copied when it is there, not read twice."""
        for lane in sorted(self._lanes, key=lambda lane: lane.used):
            if lane.question is None or lane.answering is not None:
                continue
            others = [] if self._alone else self._lanes
            busy = [other for other in others if other.answering and other is not lane]
            limit = len(lane.pieces) - 1
            coming = max((_common(other.pieces, lane.pieces, limit) for other in busy), default=0)
            there = max(_common(other.held, lane.pieces, limit) for other in self._lanes)
            if sum(map(len, lane.pieces[there:coming])) < WORTH_WAITING:
                lane.answering = self._answer(lane, lane.question, lane.pieces)
                lane.feed = next(lane.answering)

    def _fitting(self) -> list[Lane]:
        """The lanes whose tokens fit one batch together, those that have waited longest first; one
        in deterministic mode."""
        chosen: list[Lane] = []
        room = self._native.batch_size
        for lane in sorted(self._lanes, key=lambda lane: lane.used):
            if lane.feed and len(lane.feed[0]) <= room and not (chosen and self._deterministic):
                chosen.append(lane)
                room -= len(lane.feed[0])
        return chosen

    def _decode(self, rows: list[Row]) -> list[np.ndarray | None]:
        """Evaluate ``rows``; where cells run out, the idle lane that was used least recently is
        emptied, then the next. After any other failure nobody knows what the cache holds: every
        lane is emptied, and no question is left."""
        idle = sorted(
            (lane for lane in self._lanes if lane.question is None and lane.held),
            key=lambda lane: lane.used,
        )
        while True:
            try:
                return self._native.decode(rows)
            except MemoryError:
                if not idle:
                    self._abandon(*self._lanes)
                    raise ModelError(
                        "the cache has no room for the lanes in flight: give fewer --lanes or a "
                        "smaller --ctx"
                    ) from None
                self._cut(idle.pop(0), 0)
            except BaseException:
                self._abandon(*self._lanes)
                raise

    def _abandon(self, *lanes: Lane) -> None:
        for lane in lanes:
            lane.question = lane.answering = lane.feed = None
            self._cut(lane, 0)

    def _advance(self, lane: Lane, logits: np.ndarray | None) -> list[tuple[int, Answer]]:
        assert lane.answering is not None and lane.feed is not None
        lane.position += len(lane.feed[0])
        try:
            lane.feed = lane.answering.send(logits)
            return []
        except StopIteration as stop:
            lane.question = lane.answering = lane.feed = None
            self._cut(lane, len(lane.held))
            return [(lane.sequence, stop.value)]

    def _answer(self, lane: Lane, question: Question, pieces: list[tuple[int, ...]]) -> Answering:
        began = time.perf_counter()
        reused = self._share(lane, pieces)
        logits = None
        for held in self._units(pieces[len(lane.held) :]):
            unit = [token for piece in held for token in piece]
            for start in range(0, len(unit), CHUNK):
                last = len(lane.held) + len(held) == len(pieces) and start + CHUNK >= len(unit)
                logits = yield unit[start : start + CHUNK], last
            lane.held += held
        assert logits is not None
        prompt = [token for piece in pieces for token in piece]
        if question.choices:
            written, scores = yield from self._chosen(lane, question, logits, prompt)
        else:
            written = yield from write(
                self._native,
                question,
                logits,
                self.card.context - len(prompt),
                prompt,
                self._sampling,
            )
            scores = ()
        seconds = time.perf_counter() - began
        return Answer(
            written.said,
            len(prompt),
            reused,
            written.tokens,
            written.logprob,
            seconds,
            written.finish,
            scores,
            written.thinking,
        )

    def _chosen(
        self, lane: Lane, question: Question, logits: np.ndarray, prompt: list[int]
    ) -> Generator[Feed, np.ndarray, tuple[Written, tuple[float, ...]]]:
        """One of the choices, and with score_choices the log-probability of each."""
        root = self._choices(lane, question)
        scores: tuple[float, ...] = ()
        if question.score_choices:
            base = lane.position
            told = yield from scored(root, logits, lambda: self._rewind(lane, base))
            scores = tuple(told.get(choice, -np.inf) for choice in question.choices)
        text, tokens, logprob = yield from choose(root, logits, self._sampling.pick(prompt))
        return Written(text, "", tokens, logprob, "choice"), scores

    def _units(self, pieces: list[tuple[int, ...]]) -> list[list[tuple[int, ...]]]:
        """The pieces that are evaluated together: each by itself where answers are to be exact,
        else all at once, which takes fewer batches."""
        return [[piece] for piece in pieces] if self.card.exact else [pieces]

    def _share(self, lane: Lane, pieces: list[tuple[int, ...]]) -> int:
        """Make ``lane`` hold the longest beginning of ``pieces`` that any lane holds; the last
        piece is always read again, since its logits are needed. Returns the number of tokens
        reused."""
        limit = len(pieces) - 1
        lanes = [lane] if self._alone else self._lanes
        best = max(lanes, key=lambda each: (_common(each.held, pieces, limit), each is lane))
        count = _common(best.held, pieces, limit)
        tokens = sum(map(len, pieces[:count]))
        if best is not lane:
            self._cut(lane, 0)
            self._native.copy(best.sequence, lane.sequence, tokens)
            lane.held, lane.position = pieces[:count], tokens
        self._cut(lane, count)
        return lane.position

    def _cut(self, lane: Lane, count: int) -> None:
        """Let ``lane`` hold its first ``count`` pieces only; a model that cannot drop a tail loses
        all of them."""
        keep = sum(map(len, lane.held[:count]))
        lane.held = lane.held[:count]
        try:
            self._native.forget(lane.sequence, keep)
            lane.position = keep
        except LookupError:
            lane.held, lane.position = [], 0

    def _pieces(self, question: Question) -> list[tuple[int, ...]]:
        opening, closing = self.card.template
        pieces = [self._native.first() + self._native.tokenize(opening, special=True)]
        pieces += [self._piece(part) for part in question.parts]
        pieces.append(self._native.tokenize(closing, special=True))
        pieces += [self._piece(part) for part in question.begun]
        found = [piece for piece in pieces if piece]
        if not found:
            raise ModelError("an empty question: there is nothing to read")
        return found

    def _piece(self, text: str) -> tuple[int, ...]:
        found = self._tokens.get(text)
        if found is None:
            if len(self._tokens) > 200_000:
                self._tokens.clear()
            found = self._tokens[text] = self._native.tokenize(text)
        return found

    def _rewind(self, lane: Lane, base: int) -> Generator[Feed, np.ndarray, None]:
        """Let ``lane`` hold its pieces again and nothing after them; a model that cannot drop a
        tail reads them again."""
        try:
            self._native.forget(lane.sequence, base)
            lane.position = base
        except LookupError:
            lane.position = 0
            for piece in lane.held:
                for start in range(0, len(piece), CHUNK):
                    yield piece[start : start + CHUNK], False

    def _choices(self, lane: Lane, question: Question) -> Node:
        """The lane's trie, brought from the last step's choices to these."""
        if lane.trie is None:
            lane.trie = Trie(self._piece)
        try:
            return lane.trie.update(question.choices)
        except ValueError as error:
            raise ModelError(f"these choices cannot be told apart: {error}") from None


def _common(held: list[tuple[int, ...]], pieces: list[tuple[int, ...]], limit: int) -> int:
    count = 0
    while count < min(len(held), limit) and held[count] == pieces[count]:
        count += 1
    return count
