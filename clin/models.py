"""The models of a run: opened, written down, and held against what was written down."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from clin.config import ModelInfo, RunConfig
from clin.errors import ModelError
from clin.llms import LLM
from clin.llms.open import open_model
from clin.llms.roles import NAMES, Roles
from clin.options import Engine, Sampling, loading


def open_models(
    reference: str,
    engine: Engine,
    sampling: Sampling,
    *,
    seed: int,
    roles: Mapping[str, str] | None = None,
    think: int | None = None,
    guided: bool | None = False,
    allowed: Collection[str] = (),
    tell: Callable[[str], None] = lambda line: None,
) -> LLM:
    """The model of a run, or a model per role; a reference that is named twice is loaded once.
    ``think`` are the tokens that an endpoint's model may think (None: as the server has it), and
    ``guided`` says whether the acting model's choices will be (None: as its card says). ``allowed``
    are the hosts that the user's key may go to (:func:`clin.llms.addresses.allowed_hosts`), and
    ``tell`` is given a line when an endpoint went away, and when it is back."""
    roles = roles or {}
    named = [*roles.values()]
    if not set(roles) >= set(NAMES):
        named = [reference, *named]
    if engine.lora and reference not in named:
        raise ModelError("--lora changes --model, and every role has a model of its own")
    opened: dict[str, LLM] = {}
    try:
        for each in dict.fromkeys(named):
            mine = engine if each == reference else engine.but(lora=())
            opened[each] = open_model(
                each,
                seed=seed,
                think=think,
                guided=guided,
                allowed=allowed,
                tell=tell,
                **loading(mine, sampling),
            )
    except BaseException:
        for model in opened.values():
            model.close()
        raise
    if not roles:
        return opened[reference]
    default = opened.get(reference) or opened[roles["actor"]]
    return Roles(default, {name: opened[each] for name, each in roles.items()})


def on_record(
    llm: LLM, reference: str, roles: Mapping[str, str]
) -> tuple[ModelInfo, dict[str, ModelInfo]]:
    """What a run's configuration says of its models: of the one that acts, and of those that were
    named for a role."""
    if not isinstance(llm, Roles):
        return ModelInfo.of(reference, llm.card), {}
    by_role = {
        name: ModelInfo.of(each, llm.of(NAMES[name][0]).card) for name, each in roles.items()
    }
    return by_role.get("actor") or ModelInfo.of(reference, llm.card), by_role


def same_models(config: RunConfig, llm: LLM) -> None:
    """ModelError unless ``llm`` is what the run began with: a frozen run goes on with its own
    models only."""
    pairs = [(config.model, llm.card)]
    if isinstance(llm, Roles):
        pairs += [(info, llm.of(NAMES[name][0]).card) for name, info in config.role_models.items()]
    for info, card in pairs:
        if info.prompt != card.prompt:
            raise ModelError(
                f"the run began with the prompt {info.prompt}, and {info.name} is now asked with "
                f"{card.prompt}: play it anew"
            )
        if info.adapters != card.adapters:
            raise ModelError(
                f"the run began with {_told(info.adapters)} on {info.name}, and there is now "
                f"{_told(card.adapters)}: a frozen run goes on with its own only"
            )
        if info.sha256 != card.sha256:
            raise ModelError(
                f"the run began with {info.name} (sha256 {info.sha256[:12]}…), and "
                f"{info.reference} is now another file "
                f"(sha256 {card.sha256[:12]}…): a frozen run goes on with its own model only"
            )


def _told(adapters: Collection[str]) -> str:
    """Adapters in a few words."""
    told = [f"the adapter {each[:12]}… at {each.rpartition(':')[2]}" for each in adapters]
    return " and ".join(told) or "no adapter"
