"""A model per role: one acts, another writes the memory. So the weaker role can be found by
swapping."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from clin.errors import EngineFailed, ModelError
from clin.llms import LLM, Answer, ModelCard, Question
from memory.spelling import did_you_mean

NAMES = {"actor": ("act",), "writer": ("revise", "generalise")}
"""What a person calls a role, and the roles of questions that it covers."""


def parse_roles(assignments: Sequence[str]) -> dict[str, str]:
    """``["writer=bundled"]`` as ``{"writer": "bundled"}``; ModelError for an unknown role."""
    found = {}
    for each in assignments:
        name, equals, reference = each.partition("=")
        if name not in NAMES:
            raise ModelError(
                f"no role '{name}'{did_you_mean(name, NAMES)} (roles: {', '.join(NAMES)}; as in "
                "writer=PATH.gguf)"
            )
        if not equals or not reference:
            raise ModelError(
                f"'{each}' names no model: write {name}=PATH.gguf, {name}=hf:ORG/REPO:FILE or "
                "the like"
            )
        found[name] = reference
    return found


class Roles:
    """See :class:`clin.llms.LLM`: questions go to the model of their role, others to
    ``default``."""

    def __init__(self, default: LLM, by_name: Mapping[str, LLM]) -> None:
        self._models = {role: model for name, model in by_name.items() for role in NAMES[name]}
        self._default = default
        self._all = list({id(model): model for model in (default, *by_name.values())}.values())
        self.card = self.of("act").card
        self._failures: list[ModelError | EngineFailed] = []

    def of(self, role: str) -> LLM:
        """The model that answers questions of ``role``."""
        return self._models.get(role, self._default)

    def submit(self, question: Question, *, lane: int) -> None:
        self.of(question.role).submit(question, lane=lane)

    def ready(self, until: Callable[[], bool] = lambda: False) -> list[tuple[int, Answer]]:
        found: list[tuple[int, Answer]] = []

        def enough() -> bool:
            return bool(found) or until()

        for model in self._all if not self._failures else ():
            try:
                found.extend(model.ready(enough))
            except (ModelError, EngineFailed) as error:
                self._failures.append(error)
        if self._failures and not found:
            raise self._failures.pop(0)
        return found

    def cancel(self, lane: int) -> None:
        self._failures = [each for each in self._failures if each.lane != lane]
        for model in self._all:
            model.cancel(lane)

    def count(self, text: str) -> int:
        return self.of("act").count(text)

    def close(self) -> None:
        for model in self._all:
            model.close()


def notes_of(llm: LLM) -> tuple[str, ...]:
    """What the user of ``llm`` should know of its models, each line once."""
    cards = [card_of(llm, role) for roles in NAMES.values() for role in roles]
    return tuple(dict.fromkeys(note for card in cards for note in card.notes))


def card_of(llm: LLM, role: str) -> ModelCard:
    """The card of the model that answers ``role``."""
    return llm.of(role).card if isinstance(llm, Roles) else llm.card
