"""What every strategy checks of its options, in the same words."""

from __future__ import annotations

from memory.spelling import did_you_mean
from memory.strategies import StrategyError, _clin_prompts

WRITERS = ("model", "rules")


def check_writer(writer: str) -> None:
    """StrategyError, with the nearest, for a ``writer`` that does not exist."""
    if writer not in WRITERS:
        raise StrategyError(
            f"no writer '{writer}'{did_you_mean(writer, WRITERS)} (writers: {', '.join(WRITERS)})"
        )


def check_setting(setting: str) -> None:
    """StrategyError, with the nearest, for a ``setting`` in which no memory is generalised."""
    if setting not in _clin_prompts.SETTINGS:
        raise StrategyError(
            f"no setting '{setting}'{did_you_mean(setting, _clin_prompts.SETTINGS)} (settings: "
            "gen-env, gen-task)"
        )


def check_counts(strategy: str, least: int = 1, **values: int) -> None:
    """StrategyError for an option of ``strategy`` that is below ``least``."""
    for name, value in values.items():
        if value < least:
            raise StrategyError(f"{strategy}'s {name} is {least} or more, not {value}")
