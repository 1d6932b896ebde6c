"""The driver: many generators that ask, one model that answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from clin.errors import EngineFailed, ModelError, Refusal, refusal
from clin.llms import LLM, Answer, Question

Asking = Generator[Question, Answer, None]
"""Something that asks a model and goes on when it is answered, such as a run."""
Resumable = Generator[Question, Answer, object]
"""The same, whatever it returns at its end."""


def drive(
    asking: Iterable[Resumable],
    llm: LLM,
    *,
    lanes: int = 1,
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Run every generator to its end, ``lanes`` at a time, over ``llm``. True when all ended, False
    when ``stop`` said so.

    A generator is resumed in a worker thread, so that a world that is slow to answer does not hold
    up the others' decoding, and its next question joins at the next token; each generator runs in
    one thread at a time. When ``stop`` turns true, what the worlds are doing is finished and no
    further question is put; questions under way in other lanes are dropped. An answer that the
    model cannot give is thrown into the generator that asked, as ModelError or EngineFailed; where
    the engine does not say whose question it broke over, into all that are asking. An exception
    that leaves a generator closes all and is raised. Either way the model can be driven again.
    """
    with ThreadPoolExecutor(max_workers=lanes, thread_name_prefix="trial") as pool:
        driver = _Driver(llm, pool, deque(asking), list(range(lanes)))
        try:
            return driver.run(stop)
        finally:
            driver.close()


@dataclass
class _Driver:
    """Who is where: a generator waits for a lane, is resumed in a thread, or waits for an answer of
    the model."""

    llm: LLM
    pool: ThreadPoolExecutor
    waiting: deque[Resumable]
    free: list[int]
    resuming: dict[Future[Question | None], tuple[int, Resumable]] = field(default_factory=dict)
    asking: dict[int, Resumable] = field(default_factory=dict)
    """By lane."""
    unfinished: list[Resumable] = field(default_factory=list)
    """Those that had another question when it was over."""

    def run(self, stop: Callable[[], bool]) -> bool:
        """True when all ended; see :func:`drive`."""
        stopped = False
        while self.waiting or self.resuming or self.asking:
            stopped = stopped or stop()
            if not stopped:
                self._begin()
            elif not self.resuming:
                return False
            answers = self._ask(stopped) or self._answered(stop)
            for lane, answer in answers:
                self._resume(lane, self.asking.pop(lane), answer)
        return not self.unfinished

    def _begin(self) -> None:
        """Give the free lanes to those that wait, one after the other, so that runs get their names
        in the order given."""
        while self.waiting and self.free:
            wait([self._resume(self.free.pop(0), self.waiting.popleft(), None)])

    def _resume(
        self, lane: int, resumable: Resumable, answer: Answer | Refusal | None
    ) -> Future[Question | None]:
        future = self.pool.submit(_resume, resumable, answer)
        self.resuming[future] = lane, resumable
        return future

    def _ask(self, stopped: bool) -> list[tuple[int, Answer | Refusal]]:
        """Put the questions of those that have got so far; what is wrong with those that can never
        be answered."""
        refused: list[tuple[int, Answer | Refusal]] = []
        for future in self._resumed():
            lane, resumable = self.resuming.pop(future)
            question = future.result()
            if question is None:
                self.free.append(lane)
            elif stopped:
                self.unfinished.append(resumable)
            else:
                self.asking[lane] = resumable
                try:
                    self.llm.submit(question, lane=lane)
                except Exception as error:
                    self.llm.cancel(lane)
                    refused.append((lane, refusal(error)))
        return refused

    def _resumed(self) -> list[Future[Question | None]]:
        """Those that have got so far, by lane. Waits for one where the model has nothing to do."""
        patience = 0 if self.asking else None
        done, _ = wait(self.resuming, timeout=patience, return_when=FIRST_COMPLETED)
        return sorted(done, key=lambda future: self.resuming[future][0])

    def _answered(self, stop: Callable[[], bool]) -> Sequence[tuple[int, Answer | Refusal]]:
        """The answers that are ready, or what is wrong with one lane's question; with all of them
        where the engine does not say with which."""
        if not self.asking:
            return []
        try:
            return self.llm.ready(lambda: stop() or any(future.done() for future in self.resuming))
        except Exception as error:
            lane = getattr(error, "lane", None)
            concerned = [lane] if lane in self.asking else [*self.asking]
            for each in concerned:
                self.llm.cancel(each)
            return [(each, refusal(error)) for each in concerned]

    def close(self) -> None:
        """Let go of what is under way."""
        wait(self.resuming)
        for lane in self.asking:
            self.llm.cancel(lane)
        resuming = [resumable for _, resumable in self.resuming.values()]
        for resumable in (*self.waiting, *self.unfinished, *self.asking.values(), *resuming):
            resumable.close()


def _resume(asking: Resumable, answer: Answer | Refusal | None) -> Question | None:
    """Its next question; None at its end."""
    try:
        if isinstance(answer, ModelError | EngineFailed):
            return asking.throw(answer)
        return next(asking) if answer is None else asking.send(answer)
    except StopIteration:
        return None
