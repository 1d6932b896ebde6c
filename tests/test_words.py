"""What a model reads is what the parts say, letter for letter: vocabularies of SentencePiece's kind
put no space where nobody wrote one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import tiny

from clin.llms import Question
from clin.llms.llamacpp import LlamaCpp
from clin.llms.native import Native

SOURCES = os.environ.get("LLAMA_CPP_SOURCES", "/nowhere")
"""llama.cpp's source folder, whose real vocabularies are tried too where it is there."""
REAL = [
    Path(SOURCES) / f"models/ggml-vocab-{name}.gguf"
    for name in ("llama-spm", "phi-3", "baichuan", "llama-bpe", "qwen2", "gpt-2", "gemma-4")
]
PLACED = "<|user|>\n{{ messages[0].content }}<|end|>\n<|assistant|>"
LLAMA_2 = "[inst] {{ messages[0].content }} [/inst]"

parts = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\u2581"), max_size=12)
    | st.sampled_from([" look around\n", "the frog", "> ", "  ", "</s>", "<|user|>\n", "<0x41>"])
)
"""Without the sign that such vocabularies write for a space, which they read as one."""


def spelt(native: Native, tokens: tuple[int, ...]) -> str:
    return b"".join(map(native.piece, tokens)).decode()


@pytest.fixture(scope="module")
def spm(tmp_path_factory) -> Iterator[LlamaCpp]:
    model = LlamaCpp(tiny(tmp_path_factory.mktemp("spm") / "spm.gguf", spm=True), threads=1)
    yield model
    model.close()


@given(parts)
def test_joined_pieces_are_the_joined_parts(spm: LlamaCpp, bundled, texts: list[str]) -> None:
    for native in (spm._native, bundled._native):
        assert "".join(spelt(native, native.tokenize(text)) for text in texts) == "".join(texts)


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_joined_pieces_are_the_joined_parts_in_real_vocabularies(path: Path) -> None:
    if not path.is_file():
        pytest.skip("LLAMA_CPP_SOURCES does not name llama.cpp's sources")
    native = Native(path, gpu_layers=0, vocabulary_only=True)

    @given(parts)
    def holds(texts: list[str]) -> None:
        assert "".join(spelt(native, native.tokenize(text)) for text in texts) == "".join(texts)

    holds()
    native.close()


@given(parts.filter(any))
def test_a_whole_prompt_begins_with_the_one_space_that_the_vocabulary_wants(
    spm: LlamaCpp, texts: list[str]
) -> None:
    pieces = spm._pieces(Question(tuple(texts)))
    assert pieces[0][0] == spm._native.first()[0]
    read = "".join(spelt(spm._native, piece) for piece in pieces)
    assert read == ("" if not texts[0] else " ") + "".join(texts)


@pytest.mark.parametrize(("template", "space"), [(LLAMA_2, " "), (PLACED, "")])
def test_a_template_has_that_space_before_a_word_and_not_before_a_control_token(
    tmp_path: Path, template: str, space: str
) -> None:
    model = LlamaCpp(tiny(tmp_path / "chat.gguf", spm=True, template=template), threads=1)
    opening, closing = model.card.template.opening, model.card.template.answer
    pieces = model._pieces(Question(("the ", "frog", " look\n")))
    told = f"{space}{opening}the frog look\n{closing}"
    for control in ("<|user|>", "<|end|>"):  # they have no letters of their own
        told = told.replace(control, "")
    assert "".join(spelt(model._native, piece) for piece in pieces) == told
    model.close()


def test_words_after_a_part_are_whole_tokens(spm: LlamaCpp) -> None:
    """A choice begins with its space, so its first word is one token and not a space and a word."""
    tokens = spm._native.tokenize(" look around\n")
    assert [spm._native.piece(token) for token in tokens] == [b" look", b" around", b"\n"]


def test_a_vocabulary_that_wants_no_space_gets_none(bundled) -> None:
    assert bundled._native.begun("look") == "look"
