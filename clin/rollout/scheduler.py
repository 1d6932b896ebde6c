"""The driver: many generators that ask, one model that answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from clin.errors import ModelError
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
    model cannot give is thrown into the generator that asked, as ModelError. An exception in one
    generator closes all and is raised. Either way the model can be driven again.
    """
    waiting = deque(asking)
    lane_of: dict[Future[Question | None], tuple[int, Resumable]] = {}
    active: dict[int, Resumable] = {}
    unfinished: list[Resumable] = []
    stopped = False
    with ThreadPoolExecutor(max_workers=lanes, thread_name_prefix="trial") as pool:
        free = list(range(lanes))
        try:
            while waiting or lane_of or active:
                stopped = stopped or stop()
                while waiting and free and not stopped:
                    lane, each = free.pop(0), waiting.popleft()
                    begun = pool.submit(_resume, each, None)
                    lane_of[begun] = lane, each
                    # One after the other, so that runs get their names in the order given.
                    wait([begun])
                if stopped and not lane_of:
                    return False
                refused: list[tuple[int, Answer | ModelError]] = []
                for future in _finished(lane_of, block=not active):
                    lane, each = lane_of.pop(future)
                    question = future.result()
                    if question is None:
                        free.append(lane)
                    elif stopped:
                        unfinished.append(each)
                    else:
                        active[lane] = each
                        refused += _submitted(llm, question, lane)
                told = refused or (
                    _told(llm, lambda: any(each.done() for each in lane_of)) if active else []
                )
                for lane, answer in told:
                    each = active.pop(lane)
                    lane_of[pool.submit(_resume, each, answer)] = lane, each
            return not unfinished
        finally:
            wait(lane_of)
            for lane in active:
                llm.cancel(lane)
            for each in [
                *waiting,
                *unfinished,
                *active.values(),
                *(each for _, each in lane_of.values()),
            ]:
                each.close()


def _submitted(llm: LLM, question: Question, lane: int) -> list[tuple[int, Answer | ModelError]]:
    """What is wrong with the question, if it can never be answered."""
    try:
        llm.submit(question, lane=lane)
    except ModelError as error:
        return [(lane, error)]
    return []


def _told(llm: LLM, until: Callable[[], bool]) -> Sequence[tuple[int, Answer | ModelError]]:
    """The answers that are ready, or what is wrong with one lane's question; ModelError where no
    lane can be answered."""
    try:
        return llm.ready(until)
    except ModelError as error:
        if error.lane is None:
            raise
        return [(error.lane, error)]


def _resume(asking: Resumable, answer: Answer | ModelError | None) -> Question | None:
    try:
        if isinstance(answer, ModelError):
            return asking.throw(answer)
        return next(asking) if answer is None else asking.send(answer)
    except StopIteration:
        return None


def _finished(
    futures: dict[Future[Question | None], tuple[int, Resumable]], *, block: bool
) -> list[Future[Question | None]]:
    done, _ = wait(futures, timeout=None if block else 0, return_when=FIRST_COMPLETED)
    return sorted(done, key=lambda future: futures[future][0])
