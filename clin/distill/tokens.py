"""The tokeniser: byte-level BPE, trained on the text that the model will read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from clin.distill import needed
from clin.distill.form import BOS, EOS, Sample
from clin.language import language_of
from clin.prompts.compact import Compact
from memory.trials import Memory, Step

SPECIAL = ("<s>", "</s>")
"""The tokens 0 and 1: each prompt begins with the first; the second is padding and is never
written."""


MOST_KNOWN = 300_000
"""Parts whose tokens are kept at most."""


class Encoder(Protocol):
    """The tokens of a part by itself."""

    size: int
    """Tokens of the vocabulary."""
    begin: tuple[int, ...]
    """What every prompt begins with."""

    def __call__(self, part: str, /) -> Sequence[int]: ...


class Tokens:
    """Encodes parts of a prompt, each by itself; remembers what it has seen, since parts repeat."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._known: dict[str, list[int]] = {}
        self.size = int(inner.get_vocab_size())
        self.begin: tuple[int, ...] = (BOS,)
        assert inner.token_to_id(SPECIAL[0]) == BOS and inner.token_to_id(SPECIAL[1]) == EOS

    def __call__(self, part: str) -> list[int]:
        tokens = self._known.get(part)
        if tokens is None:
            if len(self._known) > MOST_KNOWN:
                self._known.clear()
            tokens = self._known[part] = self._inner.encode(part, add_special_tokens=False).ids
        return tokens

    def save(self, path: Path) -> None:
        self._inner.save(str(path))


def load(path: Path) -> Tokens:
    """A tokeniser that was saved."""
    return Tokens(needed("tokenizers").Tokenizer.from_file(str(path)))


def train(samples: Iterable[Sample], vocabulary: int) -> Tokens:
    """A tokeniser of at most ``vocabulary`` tokens (at least 258: the bytes and two marks)."""
    tokenizers = needed("tokenizers")
    inner = _split(tokenizers, tokenizers.models.BPE())
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL),
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(_texts(samples), trainer)
    return Tokens(inner)


def made(vocabulary: dict[str, int], merges: list[tuple[str, str]]) -> Tokens:
    """A tokeniser of known pieces and merges, as a GGUF file stores them."""
    tokenizers = needed("tokenizers")
    inner = _split(tokenizers, tokenizers.models.BPE(vocabulary, merges))
    inner.add_special_tokens(list(SPECIAL))
    return Tokens(inner)


def _split(tokenizers: Any, model: Any) -> Any:
    """Words as llama.cpp's "gpt-2" splits them, bytes as letters."""
    inner = tokenizers.Tokenizer(model)
    inner.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(
        add_prefix_space=False, use_regex=True
    )
    inner.decoder = tokenizers.decoders.ByteLevel()
    return inner


def _texts(samples: Iterable[Sample]) -> Iterator[str]:
    """The parts of prompts; every word of a drill's invented names is left to the letters."""
    for sample in samples:
        style = Compact(language_of(sample.world))
        yield from style.head(sample.goal, Memory(notes=sample.memory), "")
        for act in sample.acts:
            _, *turn = style.turn(Step(act.action, act.observation, 0.0))
            yield from turn
