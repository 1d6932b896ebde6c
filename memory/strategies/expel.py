"""``expel``: insights that trials vote for and against, beside the solved trials of similar tasks
(ExpeL: Zhao et al. 2023, arXiv 2308.10144).

Where it departs: insights are revised after every trial of a run, where the paper first gathers all
trials and then compares them. The latest trial is compared with the one of its episode whose score
differs most. Similar trials are found by SQLite's full text. ``writer="rules"`` makes insights of
the links that :mod:`memory.rules` reads in the trial, and votes by whether they say the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from memory import rules
from memory.language import Language
from memory.links import Relation
from memory.strategies import Episode, Revised, Revision, Size
from memory.strategies._free_text import Noted, about_trials, asked, carried, grammar, lines_of
from memory.strategies._options import check_counts, check_setting, check_writer
from memory.strategies._trajectories import added, alike, gainful, goal_of, score_of
from memory.trials import Memory, Trial

MOST, MOST_OPERATIONS, LONGEST = 20, 4, 300
"""Insights that are kept, operations of a revision, and characters of an insight."""
FIRST, FULL = 2, 3
"""Votes of a new insight, and those that a vote against takes from one where the list is full."""

HOW = f"""An agent plays a text world again and again and keeps numbered insights. Read its \
trials, compare what went well with what did not, and change the list by at most \
{MOST_OPERATIONS} operations, one per line:
ADD: a new insight that holds for many tasks
EDIT 2: the second insight in better words
UPVOTE 3 (the trials bear the third insight out)
DOWNVOTE 1 (the trials speak against the first insight)
"""
_NOTE = re.compile(r"(?P<votes>\d{1,4}) votes?: (?P<text>.+)", re.DOTALL)
_OPERATION = re.compile(r"[-* ]*(ADD|EDIT|UPVOTE|DOWNVOTE)\s*(\d{1,3})?\s*[:.]?\s*(.*)", re.I)
Insights = dict[str, int]
"""Votes by insight, in the order in which they came."""


def open(
    *,
    language: Language,
    writer: str = "model",
    shown: int = 2,
    budget: int = 6500,
    max_tokens: int = 300,
) -> ExpeL:
    """``shown`` solved trials of similar tasks are read beside the insights; ``budget`` tokens has
    the question to the writer."""
    check_writer(writer)
    check_counts("expel", shown=shown, budget=budget, max_tokens=max_tokens)
    return ExpeL(language, writer, shown, budget, max_tokens)


class ExpeL(Noted):
    """See :class:`memory.strategies.Strategy`; its notes are solved trials, then insights with
    their votes."""

    def recall(self, memory: Memory, goal: str) -> Memory:
        """Similar trials first, the insights after them by their votes: where there is no room for
        all, the first ones give way."""
        trials = _solved(memory)
        goals, worth = [goal_of(note) for note in trials], [score_of(note) for note in trials]
        best = alike(goals, goal, worth, self.shown)
        insights = _insights(memory)
        by_votes = sorted(insights, key=lambda text: insights[text])
        return Memory(notes=(*(trials[at] for at in reversed(best)), *by_votes))

    def revise(self, memory: Memory, trials: Sequence[Trial], size: Size) -> Revision:
        if not trials or not trials[-1].steps:
            return Revised(memory)
        held, unreadable = _insights(memory), tuple[str, ...]()
        if self.writer == "rules":
            operations = list(_by_rules(trials[-1], held, self._language))
        else:
            compared = [*_other(trials), trials[-1]]
            listed = "".join(f"{at}. {text}\n" for at, text in enumerate(held, 1)) or "none yet\n"
            task = " ".join(trials[-1].goal.split())
            before = f"{HOW}\nInsights:\n{listed}\nTask: {task}\n"
            within = about_trials(before, compared, "Operations:\n", self._language, size)
            reply = yield asked(within, self.budget, _grammar(len(held)), self.max_tokens)
            operations, unreadable = _operations(reply, [*held])
        for kind, about, text in operations:
            held = _applied(held, kind, about, text)
        solved = [trial for trial in trials[-1:] if trial.score >= 100]
        kept = added(_solved(memory), solved, goal=True).notes
        return Revised(Memory(notes=(*kept, *_noted(held))), unreadable)

    def generalise(self, past: Sequence[Episode], goal: str, setting: str, size: Size) -> Revision:
        """The insights of the earlier episodes with their votes together, and the solved trials."""
        check_setting(setting)
        together: Insights = {}
        for episode in past:
            for text, votes in _insights(Memory(notes=carried([episode]))).items():
                together[text] = together.get(text, 0) + votes
        trials = _solved(Memory(notes=carried(past)))
        return Revised(Memory(notes=(*trials, *_noted(together))))
        yield  # a generator that asks nothing


def _insights(memory: Memory) -> Insights:
    found = [_NOTE.fullmatch(note) for note in memory.notes]
    return {each["text"]: int(each["votes"]) for each in found if each}


def _solved(memory: Memory) -> list[str]:
    return [note for note in memory.notes if gainful(note) is not None]


def _noted(insights: Insights) -> list[str]:
    """The insights as notes: those with most votes, of equals the newest, in their order."""
    places = {text: at for at, text in enumerate(insights)}
    best = sorted(insights, key=lambda text: (insights[text], places[text]))[-MOST:]
    kept = sorted(best, key=lambda text: places[text])
    return [f"{insights[text]} vote{'s' * (insights[text] != 1)}: {text}" for text in kept]


def _other(trials: Sequence[Trial]) -> list[Trial]:
    """The earlier trial whose score differs most from the last one's; none where none differs."""
    last = trials[-1].score
    earlier = [trials[at] for at in range(len(trials) - 1)]
    differing = [trial for trial in earlier if trial.steps and trial.score != last]
    return sorted(differing, key=lambda trial: abs(trial.score - last))[-1:]


Operation = tuple[str, str, str]
"""What is done (ADD, EDIT, UPVOTE, DOWNVOTE), the insight that it is about, and the new words."""


def _operations(reply: str, held: Sequence[str]) -> tuple[list[Operation], tuple[str, ...]]:
    """What a ``reply`` wants done to the numbered insights ``held``, and its other lines."""
    found: list[Operation] = []
    unreadable = []
    for line in lines_of(reply):
        said = _OPERATION.fullmatch(line)
        kind = said[1].upper() if said else ""
        number = int(said[2] or 0) if said else 0
        text = said[3].strip()[:LONGEST] if said else ""
        about = held[number - 1] if 0 < number <= len(held) else ""
        whole = bool(text) if kind == "ADD" else bool(about) and (kind != "EDIT" or bool(text))
        if kind and whole and len(found) < MOST_OPERATIONS:
            found.append((kind, about, text))
        else:
            unreadable.append(line)
    return found, tuple(unreadable)


def _applied(held: Insights, kind: str, about: str, text: str) -> Insights:
    """The insights after one operation; one without votes is gone."""
    if kind == "ADD":
        return {**held, text: held[text] + 1 if text in held else FIRST}
    if about not in held:  # an earlier operation took it away
        return held
    if kind == "EDIT":
        votes = held[about] + 1
        return {text if each == about else each: held[each] for each in held} | {text: votes}
    against = FULL if len(held) >= MOST else 1
    votes = held[about] + (1 if kind == "UPVOTE" else -against)
    return {
        each: votes if each == about else held[each] for each in held if each != about or votes > 0
    }


def _grammar(held: int) -> str:
    about = ' ("EDIT " number ": " text | ("UPVOTE " | "DOWNVOTE ") number) |' if held else ""
    numbers = " | ".join(f'"{number}"' for number in range(1, held + 1))
    more = f'line ::= ({about} "ADD: " text) "\\n"\n' + (f"number ::= {numbers}\n" if held else "")
    return grammar(f"line{{1,{MOST_OPERATIONS}}}", more)


def _by_rules(trial: Trial, held: Insights, language: Language) -> Iterator[Operation]:
    """Each link of the trial as an insight: one that is there already gets a vote, and one that
    says the contrary loses one."""
    for link in rules.links([trial], language):
        vain = f"{link.cause} does not help"
        useful = f"{link.cause} helps to "
        denied = link.relation is Relation.NOT_CONTRIBUTE
        text = vain if denied else f"{useful}{link.effect}"
        for other in held:
            if other.startswith(useful) if denied else other == vain:
                yield "DOWNVOTE", other, ""
        yield ("UPVOTE", text, "") if text in held else ("ADD", "", text)
