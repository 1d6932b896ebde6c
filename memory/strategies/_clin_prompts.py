"""Every word that the ``clin`` strategy's model reads, and what is left out when it would be too
much. The places of the worked examples are invented: they tell of no world's."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from memory.language import Language
from memory.strategies import Size
from memory.strategies._telling import in_full, in_words, told
from memory.trials import Memory, Trial

HOW = """An agent plays a text world again and again. Read its latest trial and write what it \
should know the next time, one learning per line, in one of these forms. X is an action, Y is an \
action or what comes of it:
X MAY BE NECESSARY to Y
X SHOULD BE NECESSARY to Y
X MAY CONTRIBUTE to Y
X DOES NOT CONTRIBUTE to Y

- Name an action as it was done, or many actions at once, as in "opening doors".
- X may be two or three actions that are needed together: "oil hinge AND pull rope".
- MAY: one trial suggests it. SHOULD: several trials or a rise in score support it.
- First keep the earlier learnings that still hold. Then go through the trial in its order. \
General ones come last.
- An action that lost points, was refused or came to nothing DOES NOT CONTRIBUTE.
- Write what is true of the world, not what was so by chance.

Example. Task: sound the foghorn.
> climb lighthouse
You are in the lantern room. A brass windlass is here.
> wave at ship
Nothing happens.
> turn windlass
The foghorn sounds.
(score +50)
Learnings:
climb lighthouse SHOULD BE NECESSARY to turn windlass
wave at ship DOES NOT CONTRIBUTE to the task
turn windlass SHOULD BE NECESSARY to make progress
climbing up MAY BE NECESSARY to find things to turn
End of the example.
"""


def reflection(trials: Sequence[Trial], k: int, budget: int, size: Size, language: Language) -> str:
    """The prompt after the last of ``trials``, within ``budget`` tokens: over it, memory from other
    episodes goes first, then the oldest memories, then the trial is told in short."""
    last = trials[-1]
    memories = [(after.recalled, before.score) for before, after in itertools.pairwise(trials)]
    memories = memories[max(len(memories) - k, 0) :]
    known = trials[0].recalled
    whence = "Learnings from other environments or tasks, which may or may not hold here"
    meta = f"{whence if trials[0].number == 0 else 'Learnings before this trial'}:\n{_list(known)}"
    meta = meta if known.links else ""
    while meta or memories:
        before, after = _around(last.goal, memories, meta)
        text = before + in_full(last) + after
        if size(text) <= budget:
            return text
        meta, memories = "", memories if meta else memories[1:]
    head, tail = _around(last.goal, [], "")
    return head + told(last, language, budget, lambda text: size(head + text + tail)) + tail


def _around(goal: str, memories: Sequence[tuple[Memory, float]], meta: str) -> tuple[str, str]:
    """What stands before the latest trial, and after it."""
    parts = [HOW, f"\n{meta}" if meta else ""]
    for memory, score in memories:
        parts.append(
            f"\nLearnings after an earlier trial ({in_words(score)}; score "
            f"{score:.3g}):\n{_list(memory)}"
        )
    parts.append(f"\nThe latest trial. Task: {goal}\n")
    return "".join(parts), "Learnings for the next trial, one per line:\n"


SETTINGS = {
    "gen-env": (
        "The next environment has the same task, but other rooms, and things stand elsewhere. Keep "
        "what holds anywhere, and say it without the names of places.",
        """Task: sound the foghorn.
It ended: the task was solved.
Learnings:
1. climb lighthouse SHOULD BE NECESSARY to turn windlass
2. turn windlass SHOULD BE NECESSARY to make progress
Task: sound the foghorn.
It ended: hardly any of the task was done.
Learnings:
1. row to reef MAY BE NECESSARY to find windlass
2. wave at ship DOES NOT CONTRIBUTE to the task
The learnings that will help there:
turn windlass SHOULD BE NECESSARY to make progress
wave at ship DOES NOT CONTRIBUTE to the task
looking for the windlass SHOULD BE NECESSARY to turn windlass
""",
    ),
    "gen-task": (
        "The next task is another one in the same environment. Keep what is true of its rooms and "
        "things, and leave out what only the old task asked for.",
        """Task: sound the foghorn.
It ended: the task was solved.
Learnings:
1. climb lighthouse SHOULD BE NECESSARY to find windlass
2. oil hinge SHOULD BE NECESSARY to open porthole
3. turn windlass SHOULD BE NECESSARY to complete the task
The next task: light the lantern.
The learnings that will help there:
climb lighthouse SHOULD BE NECESSARY to find windlass
oil hinge SHOULD BE NECESSARY to open porthole
""",
    ),
}
"""What the next place is like, and an example."""
KEEP = """You are given what an agent learned in earlier episodes in a text world. Write what will \
help it next, one learning per line, in one of these forms. X is an action, Y is an action or what \
comes of it:
X MAY BE NECESSARY to Y
X SHOULD BE NECESSARY to Y
X MAY CONTRIBUTE to Y
X DOES NOT CONTRIBUTE to Y

SHOULD: several episodes or a good ending support it. MAY: the others. Keep their order; new ones \
come last.
"""


def generalisation(
    best: Sequence[tuple[Trial, Memory]], goal: str, setting: str, budget: int, size: Size
) -> str:
    """The prompt for a meta-memory from earlier episodes' best memories; over ``budget`` the first
    ones go."""
    what, example = SETTINGS[setting]
    while True:
        episodes = "".join(
            f"Task: {trial.goal}\nIt ended: {in_words(trial.score)}.\nLearnings:\n{_list(memory)}"
            for trial, memory in best
        )
        text = (
            f"{KEEP}{what}\n\nExample.\n{example}End of the example.\n\n{episodes}The next task: "
            f"{goal}\nThe learnings that will help there, one per line:\n"
        )
        if size(text) <= budget or len(best) <= 1:
            return text
        best = best[1:]


def _list(memory: Memory) -> str:
    return "".join(f"{number}. {link}\n" for number, link in enumerate(memory.links, 1)) or "none\n"
