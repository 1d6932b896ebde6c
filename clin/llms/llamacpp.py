"""GGUF models in this process: many lanes over one context, each step reading only what is new.

A lane's answer is a generator that asks for tokens to be evaluated and is sent logits.
:meth:`LlamaCpp.ready` merges what all lanes ask for into one batch. A part of a prompt is evaluated
as one unit from its beginning, and what was generated is dropped when the answer is given. With one
lane the cache therefore depends on the parts alone: a question has the same answer, byte for byte,
whatever was cached before it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from clin.errors import ModelError, refusal
from clin.llms import Answer, ModelCard, Question
from clin.llms.adapters import adapters_of, made_for_another, overridden
from clin.llms.built_in import format_of
from clin.llms.choosing import Feed, Feeds, Logits, aside, choose, in_step, weigh
from clin.llms.engine import DEFAULT_CONTEXT, FIELDS, Engine
from clin.llms.gguf_card import card, guidance_of
from clin.llms.gguf_file import checked
from clin.llms.lanes import Answering, Branch, Cache, Lane, Piece
from clin.llms.native import CHUNK, Native, Row
from clin.llms.pieces import Pieces
from clin.llms.quantizing import slow_on_cpu
from clin.llms.sampling import Sampling
from clin.llms.trie import Node, Trie
from clin.llms.writing import think, write

SPARE = 8
"""Cells of a lane beyond its context."""
WORTH_WAITING = 64
"""Tokens of a beginning that another lane is reading for which a question waits, to copy them."""


class LlamaCpp:
    """See :class:`clin.llms.LLM`. ``options`` are the fields of :class:`clin.llms.engine.Engine`
    and of :class:`clin.llms.sampling.Sampling`; ``reference`` is the file as the user names it."""

    def __init__(self, path: Path, *, reference: str = "", **options: Any) -> None:
        chosen = {name: options.pop(name) for name in FIELDS if name in options}
        self._sampling = Sampling(**options)
        engine = Engine(**chosen)
        adapters = adapters_of(engine.lora)
        self._native = Native(checked(path), gpu_layers=engine.gpu_layers)
        with ExitStack() as refused:
            refused.callback(self._native.close)
            self._native.adapt(adapters)
            metadata = overridden(self._native.metadata(), adapters)
            if engine.guided is None:
                engine = replace(engine, guided=bool(guidance_of(metadata)))
            found = self._start(path, reference or str(path), engine, metadata)
            notes = (*found.notes, *made_for_another(adapters, path))
            recorded = tuple(each.recorded for each in adapters)
            self.card = replace(found, adapters=recorded, notes=notes)
            refused.pop_all()
        self._lanes = [Lane(number) for number in range(engine.lanes)]
        self._guided = bool(engine.guided)
        if engine.guided:
            for lane in self._lanes:
                lane.plain = Branch(engine.lanes + lane.sequence)
        # A recurrent state has no beginning to copy.
        apart = engine.deterministic or not self._native.can_forget_tails()
        self._cache = Cache(self._native, self._lanes, apart=apart)
        self._piece = Pieces(self._native.tokenize).of
        self._clock = 0
        self._answers: list[tuple[int, Answer]] = []
        self._failures: list[tuple[int, Exception]] = []

    def _start(
        self, path: Path, reference: str, engine: Engine, metadata: dict[str, str]
    ) -> ModelCard:
        """Make the context; the card of the model, of which ``metadata`` says what it is."""
        context = _context(engine.ctx, self._native.trained, metadata, path)
        self._native.start(
            engine.cells(context + SPARE),
            engine.sequences,
            engine.cores,
            engine.kv_type,
            engine.flash_attention,
            unified=engine.unified,
        )
        template, notes = format_of(self._native, metadata.get("general.architecture", ""))
        slow = slow_on_cpu(path, reference, engine.gpu_layers)
        if slow and not engine.lora:  # an adapter belongs to the file that it was made for
            notes = (*notes, slow)
        found = card(path, metadata, context, template)
        return replace(found, exact=engine.exact, notes=notes)

    def count(self, text: str) -> int:
        return len(self._piece(text))

    def submit(self, question: Question, *, lane: int) -> None:
        there = self._lanes[lane]
        self.card.check(question)
        if there.question is not None:
            raise RuntimeError(f"lane {lane} is still busy with another question")
        pieces = self._pieces(question)
        plain = self._plain_pieces(question, pieces)
        longest = max(_length(pieces), _length(plain))
        chooses = question.choices and not question.think
        total = longest + (0 if chooses else question.max_tokens)
        if total > self.card.context:
            raise ModelError(
                f"a question of {total} tokens (reply included) does not fit the context of "
                f"{self.card.context}"
            )
        self._clock += 1
        there.ask(question, pieces, plain, self._clock)

    def ready(self, until: Callable[[], bool] = lambda: False) -> list[tuple[int, Answer]]:
        while any(lane.question for lane in self._lanes):
            if self._answers or self._failures:
                break
            self._begin()
            self._evaluate()
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
        # A recurrent model may have been reading its pieces again.
        whole = there.position >= _length(there.held)
        self._cache.settle(there, len(there.held) if whole else 0)

    def close(self) -> None:
        self._native.close()

    # --- the lanes, one batch after the other

    def _begin(self) -> None:
        """Begin the answers to new questions. Where another lane is reading the same beginning just
        now the question waits: the beginning is copied when it is there, not read twice."""
        for lane in sorted(self._lanes, key=lambda lane: lane.used):
            if lane.question is None or lane.answering is not None:
                continue
            if self._cache.coming(lane) < WORTH_WAITING:
                lane.answering = self._answer(lane, lane.question, lane.pieces)
                lane.want(next(lane.answering))

    def _evaluate(self) -> None:
        """Decode one batch, and give each lane that has all it asked for its logits."""
        feeding = self._fitting()
        rows = [Row(branch.sequence, branch.position, *feed) for _, branch, feed in feeding]
        for (_, branch, _), logits in zip(feeding, self._decode(rows), strict=True):
            branch.decoded(logits)
        for lane in {lane.sequence: lane for lane, _, _ in feeding}.values():
            if any(branch.feed for branch in lane.branches):
                continue
            try:
                self._advance(lane, lane.got())
            except Exception as error:
                # It is raised once the other lanes have got what was decoded for them.
                self._abandon(lane)
                self._failures.append((lane.sequence, refusal(error, lane.sequence)))

    def _fitting(self) -> list[tuple[Lane, Branch, Feed]]:
        """The branches whose tokens fit one batch together, those of lanes that have waited longest
        first; one where answers are to be exact."""
        fitting: list[tuple[Lane, Branch, Feed]] = []
        room = self._native.batch_size
        waiting = sorted(self._lanes, key=lambda lane: lane.used)
        for lane, branch in [(each, branch) for each in waiting for branch in each.branches]:
            if branch.feed is None or len(branch.feed[0]) > room:
                continue
            if fitting and self.card.exact:
                break
            fitting.append((lane, branch, branch.feed))
            room -= len(branch.feed[0])
        return fitting

    def _decode(self, rows: list[Row]) -> list[np.ndarray | None]:
        """Evaluate ``rows``. Where cells run out, the idle lane that was used least recently is
        emptied, then the next. After any other failure nobody knows what the cache holds: every
        lane is emptied, and no question is left."""
        idle = [lane for lane in self._lanes if lane.question is None and lane.held]
        idle.sort(key=lambda lane: lane.used)
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
                self._cache.cut(idle.pop(0), 0)
            except BaseException:
                self._abandon(*self._lanes)
                raise

    def _abandon(self, *lanes: Lane) -> None:
        for lane in lanes:
            self._cache.settle(lane, 0)

    def _advance(self, lane: Lane, logits: Any) -> None:
        """Give the answer under way its logits, and keep it where it has come to its end."""
        assert lane.answering is not None
        try:
            lane.want(lane.answering.send(logits))
        except StopIteration as stop:
            self._cache.settle(lane, len(lane.held))
            self._answers.append((lane.sequence, stop.value))

    # --- one answer

    def _answer(self, lane: Lane, question: Question, pieces: list[Piece]) -> Answering:
        began = time.perf_counter()
        reused = self._cache.share(lane, pieces)
        logits = yield from self._read(lane, pieces)
        prompt = [token for piece in pieces for token in piece]
        room = self.card.context - len(prompt)
        if question.think:
            mark = self.card.template.end_mark
            written = yield from think(
                self._native, question, mark, logits, room, prompt, self._sampling
            )
        elif question.choices:
            answer = yield from self._chosen(lane, question, logits, prompt)
            seconds = time.perf_counter() - began
            return replace(answer, read=len(prompt) + answer.read, reused=reused, seconds=seconds)
        else:
            written = yield from write(self._native, question, logits, room, prompt, self._sampling)
        return Answer(
            text=written.said,
            read=len(prompt),
            reused=reused,
            written=written.tokens,
            logprob=written.logprob,
            seconds=time.perf_counter() - began,
            finish=written.finish,
            thinking=written.thinking,
        )

    def _read(
        self, lane: Branch, pieces: list[Piece]
    ) -> Generator[Feed, np.ndarray | None, np.ndarray]:
        """Evaluate those of ``pieces`` that ``lane`` does not hold; the logits after the last.

        Where answers are to be exact each piece is evaluated by itself, else all at once, which
        takes fewer batches.
        """
        missing = pieces[len(lane.held) :]
        units = [[piece] for piece in missing] if self.card.exact else [missing]
        logits = None
        for unit in units:
            tokens = [token for piece in unit for token in piece]
            is_last = len(lane.held) + len(unit) == len(pieces)
            for start in range(0, len(tokens), CHUNK):
                wanted = is_last and start + CHUNK >= len(tokens)
                logits = yield tokens[start : start + CHUNK], wanted
            lane.held += unit
        assert logits is not None
        return logits

    def _chosen(
        self, lane: Lane, question: Question, logits: np.ndarray, prompt: list[int]
    ) -> Generator[Feed | Feeds, Any, Answer]:
        """One of the choices, and with score_choices the log-probability of each. What was read is
        that of the plain branch."""
        root, pick = self._choices(lane, question), self._sampling.pick(prompt)
        branches: list[Branch] = [lane]
        seen: Logits = (logits,)
        read = 0
        if lane.plain_pieces:
            branches.append(plain := self._cache.fork(lane))
            read = _length(lane.plain_pieces) - plain.position
            seen = logits, (yield from aside(self._read(plain, lane.plain_pieces)))
        if question.score_choices:
            walk = weigh(root, seen, self._cache.rewinding(branches), pick, question.guidance)
        else:
            walk = choose(root, seen, pick, question.guidance)
        chosen = yield from in_step(walk, len(branches))
        plain_logprob = chosen.logprobs[-1] if question.guided else 0.0
        answer = Answer(chosen.text, read, 0, chosen.tokens, chosen.logprobs[0], plain_logprob)
        scores = tuple(chosen.scores.get(choice, -np.inf) for choice in question.choices)
        return replace(answer, finish="choice", scores=scores if question.score_choices else ())

    def _choices(self, lane: Lane, question: Question) -> Node:
        """The lane's trie, brought from the last step's choices to these."""
        if lane.trie is None:
            lane.trie = Trie(self._piece)
        try:
            return lane.trie.update(question.choices)
        except ValueError as error:
            raise ModelError(f"these choices cannot be told apart: {error}") from None

    def _plain_pieces(self, question: Question, pieces: list[Piece]) -> list[Piece]:
        """The pieces without what memory recalled; none where that changes nothing. ModelError
        where there is no room for guidance, or the model cannot be guided."""
        if not question.guided:
            return []
        if not self._native.can_forget_tails():
            raise ModelError(
                f"{self.card.name} cannot be guided, since a beginning of what it has read cannot "
                "be copied: give --guidance 0"
            )
        if not self._guided:
            raise ModelError(f"{self.card.name} was opened without room for guidance (guided)")
        begun = question.begun if question.plain_begun is None else question.plain_begun
        plain = self._pieces(replace(question, parts=question.plain, begun=begun))
        return [] if plain == pieces else plain

    def _pieces(self, question: Question) -> list[Piece]:
        (opening, _), *rest = self.card.template.around(
            question.parts, think=question.think, thought=question.thought
        )
        if opening:
            opening = self._native.begun(opening, special=True)
        elif rest:
            rest[0] = (self._native.begun(rest[0][0]), rest[0][1])
        pieces = [
            self._native.first() + self._native.tokenize(opening, special=True),
            *(
                self._native.tokenize(text, special=True) if own else self._piece(text)
                for text, own in rest
            ),
            *map(self._piece, question.begun),
        ]
        filled = [piece for piece in pieces if piece]
        if not filled:
            raise ModelError("an empty question: there is nothing to read")
        return filled


def _length(pieces: list[Piece]) -> int:
    """Tokens in ``pieces``."""
    return sum(map(len, pieces))


def _context(asked: int, trained: int, metadata: Mapping[str, str], path: Path) -> int:
    """Tokens that a lane is given; ModelError for more than the model was ``trained`` for."""
    context = asked or int(metadata.get("clin.context", 0)) or min(trained, DEFAULT_CONTEXT)
    if context > trained:
        raise ModelError(
            f"--ctx {context} is more than the {trained} tokens that '{path.name}' was made for"
        )
    return context
