"""``cheatsheet``: one sheet of hints that the model rewrites after each trial (Dynamic Cheatsheet,
its cumulative variant: Suzgun et al. 2025, arXiv 2504.07952).

Where it departs: the sheet is lines of plain words, without code and without counts of use; the
world's score is told, where the paper's curator judges the answer by itself. It is free text that
only a model can write, so there are no rules for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from memory.language import Language
from memory.strategies import Episode, Revised, Revision, Size, Strategy, StrategyError, Traits
from memory.strategies._free_text import about_trials, asked, carried, grammar, lines_of
from memory.strategies._options import check_counts, check_setting, check_writer
from memory.trials import Memory, Trial

MOST, LONGEST = 15, 240
"""Lines of the sheet, and characters of one."""

HOW = f"""You keep a cheat sheet for an agent that plays text worlds. Read its latest trial and \
write the whole sheet anew: lines that each begin with "- ", at most {MOST}. Keep what still \
holds, mend what was wrong, add what this trial taught and leave out what is of no use elsewhere. \
What is not on the new sheet is lost. Name actions and things as the world does.
"""


def open(
    *, language: Language, writer: str = "model", budget: int = 6500, max_tokens: int = 600
) -> Cheatsheet:
    """``budget`` tokens has the question to the writer. StrategyError for a writer that is no
    model."""
    check_writer(writer)
    if writer != "model":
        raise StrategyError(
            "the strategy cheatsheet needs a model that writes, and the writer here is rules; take "
            "a model that writes (--model, --writer model), or another strategy"
        )
    check_counts("cheatsheet", budget=budget, max_tokens=max_tokens)
    return Cheatsheet(language, budget, max_tokens)


class Cheatsheet(Strategy):
    """See :class:`memory.strategies.Strategy`; each line of the sheet is a note."""

    traits = Traits(has_writer=True, needs_model=True)

    def __init__(self, language: Language, budget: int, max_tokens: int) -> None:
        self._language = language
        self.budget, self.max_tokens = budget, max_tokens

    def recall(self, memory: Memory, goal: str) -> Memory:
        return Memory(notes=memory.notes)

    def revise(self, memory: Memory, trials: Sequence[Trial], size: Size) -> Revision:
        if not trials:
            return Revised(memory)
        sheet = "".join(f"- {note}\n" for note in memory.notes) or "(empty)\n"
        task = " ".join(trials[-1].goal.split())
        before = f"{HOW}\nThe sheet:\n{sheet}\nThe latest trial. Task: {task}\n"
        within = about_trials(before, [trials[-1]], "The new sheet:\n", self._language, size)
        rules = grammar(f"line{{1,{MOST}}}", 'line ::= "- " text "\\n"\n')
        reply = yield asked(within, self.budget, rules, self.max_tokens)
        lines = lines_of(reply)
        sheet_lines = [line[1:].strip()[:LONGEST] for line in lines if line.startswith("-")]
        written = tuple(dict.fromkeys(filter(None, sheet_lines)))[:MOST]
        unreadable = tuple(line for line in lines if not line.startswith("-"))
        return Revised(Memory(notes=written) if written else memory, unreadable)

    def generalise(self, past: Sequence[Episode], goal: str, setting: str, size: Size) -> Revision:
        """The sheets of the earlier episodes, one after the other, the last lines of them: the
        paper has one sheet for all."""
        check_setting(setting)
        return Revised(Memory(notes=carried(past)[-MOST:]))
        yield  # a generator that asks nothing
