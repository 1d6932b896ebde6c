"""llama.cpp's low-level API (through llama-cpp-python) behind a few methods: load, tokenise,
decode, forget, copy.

Cells of the cache belong to sequences; a sequence's content is a run of positions from 0. In a
unified cache copying a sequence's beginning to another only tags cells; else each sequence has a
buffer of its own, which is copied whole.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import llama_cpp
import numpy as np

from clin.errors import ModelError
from clin.llms.build import unfit, unfit_for_adapters

if TYPE_CHECKING:
    from clin.llms.adapters import Adapter

CHUNK = 512
"""Tokens of one part that are evaluated together; longer parts are split from their beginning."""

KV_TYPES = {
    "f16": 1,
    "f32": 0,
    "bf16": 30,
    "q8_0": 8,
    "q5_1": 7,
    "q5_0": 6,
    "q4_1": 3,
    "q4_0": 2,
    "iq4_nl": 20,
}
"""ggml's type numbers for the cache, under the names that llama.cpp's own programs take."""
PLAIN = ("f16", "f32", "bf16")
"""Types that are not quantised."""

SPM = 1
"""llama.cpp's number for vocabularies of SentencePiece's kind (Llama 2, Phi-3)."""
ADDS_SPACE = "tokenizer.ggml.add_space_prefix"
"""The key that says whether such a vocabulary wants a space before the first word; so it does
where the key is missing."""
SPECIAL = llama_cpp.LLAMA_TOKEN_ATTR_CONTROL | llama_cpp.LLAMA_TOKEN_ATTR_USER_DEFINED
WARNING, ERROR = 3, 4
"""ggml's levels of what it logs."""


@dataclass(frozen=True)
class Row:
    """``tokens`` for sequence ``sequence`` from position ``start``; with ``wanted``, the logits
    after the last one."""

    sequence: int
    start: int
    tokens: Sequence[int]
    wanted: bool = True


class _Log:
    """Keeps llama.cpp's complaints off the terminal and at hand for an error's text."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, str]] = []
        self.callback = llama_cpp.llama_log_callback(self._take)
        llama_cpp.llama_log_set(self.callback, ctypes.c_void_p(0))

    def _take(self, level: int, text: bytes, data: object) -> None:
        line = text.decode("utf-8", "replace").strip()
        if level in (WARNING, ERROR) and line:  # what continues another line is a progress dot
            self.lines = [*self.lines[-8:], (level, line)]

    def reason(self) -> str:
        """The first complaint since the last call that says what is wrong: an error, or else a
        warning."""
        lines, self.lines = self.lines, []
        if not lines:
            return "llama.cpp does not say why"
        _, worst = max(lines, key=lambda line: line[0])
        return (worst.partition(": ")[2] or worst)[:200]


@cache
def log() -> _Log:
    """The one log; installing it replaces llama.cpp's printing to standard error."""
    return _Log()


_unfit = cache(unfit)
"""Asked once: an older version would leave what it does not know unset, and say nothing."""


class _Batch:
    """llama.cpp's batch over arrays of ours, which are filled by slices: its own are filled a
    ctypes call a field."""

    def __init__(self, size: int) -> None:
        self.token, self.pos, self.sequence = (np.zeros(size, dtype=np.int32) for _ in range(3))
        self.logits = np.zeros(size, dtype=np.int8)
        self._counts = np.ones(size, dtype=np.int32)
        # Every token's list of sequences is one entry of ``sequence``.
        self._lists = self.sequence.ctypes.data + 4 * np.arange(size, dtype=np.uintp)
        self._batch = llama_cpp.llama_batch()
        for name, array in (
            ("token", self.token),
            ("pos", self.pos),
            ("n_seq_id", self._counts),
            ("seq_id", self._lists),
            ("logits", self.logits),
        ):
            kind = dict(llama_cpp.llama_batch._fields_)[name]
            setattr(self._batch, name, ctypes.cast(array.ctypes.data, kind))

    def of(self, tokens: int) -> llama_cpp.llama_batch:
        """The batch of the first ``tokens`` entries."""
        self._batch.n_tokens = tokens
        return self._batch


def attention(kv_type: str, asked: bool | None) -> bool | None:
    """Whether flash attention is used; None leaves it to llama.cpp. A quantised cache needs it:
    ModelError if it was declined."""
    if kv_type not in PLAIN:
        if asked is False:
            raise ModelError(
                f"--kv-type {kv_type} needs flash attention: leave --no-flash-attention out, or "
                f"take {', '.join(PLAIN)}"
            )
        return True
    if asked is None and not llama_cpp.llama_supports_gpu_offload():
        return False  # on a CPU it is several times slower (docs/results/engine.md)
    return asked


def _without(key: str) -> Any:
    """Overrides for loading a file, under which its ``key`` is false."""
    overrides = (llama_cpp.llama_model_kv_override * 2)()  # the empty one ends them
    overrides[0].tag, overrides[0].key = llama_cpp.LLAMA_KV_OVERRIDE_TYPE_BOOL, key.encode()
    overrides[0].value.val_bool = False
    return overrides


class Native:
    """A loaded model; :meth:`start` gives it a context of cache cells that all sequences share."""

    def __init__(self, path: Path, *, gpu_layers: int, vocabulary_only: bool = False) -> None:
        if why := _unfit():
            raise ModelError(why)
        noise = log()
        noise.lines.clear()
        self._model: Any = None
        self._context: Any = None
        self._batch: _Batch | None = None
        self._memory: Any = None
        self._unified = False
        self._pieces: dict[int, bytes] = {}
        self._adapters: list[tuple[Any, float]] = []
        self._path = path
        llama_cpp.llama_backend_init()
        wanted = llama_cpp.llama_model_default_params()
        wanted.n_gpu_layers = gpu_layers if gpu_layers >= 0 else 999
        wanted.vocab_only = vocabulary_only
        no_spaces = _without(ADDS_SPACE)
        wanted.kv_overrides = no_spaces
        self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), wanted)
        if not self._model:
            raise ModelError(f"'{path}' cannot be loaded: {noise.reason()}")
        try:
            self._describe()
        except BaseException:
            self.close()
            raise

    def _describe(self) -> None:
        """What is asked of the loaded model once."""
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)
        self.vocabulary = llama_cpp.llama_vocab_n_tokens(self._vocab)
        self.trained = llama_cpp.llama_model_n_ctx_train(self._model)
        self._spaced = (
            llama_cpp.llama_vocab_type(self._vocab) == SPM
            and self.metadata().get(ADDS_SPACE) != "false"
        )

    def start(
        self,
        cells: int,
        sequences: int,
        threads: int,
        kv_type: str,
        flash_attention: bool | None,
        *,
        unified: bool,
    ) -> None:
        """Make the context; ModelError if memory does not suffice.

        ``unified``: all sequences share one pool of cells. Else each has its own, in which only its
        own cells lie, always in the same order.
        """
        wanted = llama_cpp.llama_context_default_params()
        wanted.n_ctx, wanted.n_seq_max, wanted.kv_unified = cells, sequences, unified
        wanted.n_batch = self.batch_size = min(max(CHUNK, sequences), 2048)
        wanted.n_ubatch = min(CHUNK, wanted.n_batch)
        wanted.n_threads = wanted.n_threads_batch = threads
        wanted.no_perf = True
        wanted.type_k = wanted.type_v = KV_TYPES[kv_type]
        flash_attention = attention(kv_type, flash_attention)
        if flash_attention is not None:
            wanted.flash_attn_type = 1 if flash_attention else 0
        log().lines.clear()
        self._context = llama_cpp.llama_init_from_model(self._model, wanted)
        if not self._context:
            hint = "give a smaller --ctx"
            if kv_type not in PLAIN:
                hint += f", or --kv-type {PLAIN[0]}"
            raise ModelError(
                f"no context of {cells} tokens for '{self._path}': {log().reason()}; {hint}"
            )
        if self._adapters:
            self._put_on_adapters()
        self._unified = unified
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._batch = _Batch(self.batch_size)

    def adapt(self, adapters: Sequence[Adapter]) -> None:
        """Load LoRA ``adapters``, which :meth:`start` puts on the context; ModelError for one that
        was made for another model. They are freed with the model."""
        if adapters and (why := unfit_for_adapters()):
            raise ModelError(f"--lora: {why}")
        for each in adapters:
            log().lines.clear()
            loaded = llama_cpp.llama_adapter_lora_init(self._model, str(each.path).encode())
            if not loaded:
                hint = f"; it was made for {each.base}" if each.base else ""
                raise ModelError(
                    f"--lora '{each.path}' does not fit '{self._path}': {log().reason()}{hint}"
                )
            self._adapters.append((loaded, each.scale))

    def _put_on_adapters(self) -> None:
        count = len(self._adapters)
        loaded = (llama_cpp.llama_adapter_lora_p_ctypes * count)(*(a for a, _ in self._adapters))
        scales = (ctypes.c_float * count)(*(scale for _, scale in self._adapters))
        if llama_cpp.llama_set_adapters_lora(self._context, loaded, count, scales):
            raise ModelError(f"the adapters cannot be put on '{self._path}': {log().reason()}")

    def metadata(self) -> dict[str, str]:
        """The file's keys; arrays as llama.cpp prints them."""
        found = {}
        buffer = ctypes.create_string_buffer(1 << 16)
        for index in range(llama_cpp.llama_model_meta_count(self._model)):
            llama_cpp.llama_model_meta_key_by_index(self._model, index, buffer, len(buffer))
            key = buffer.value.decode("utf-8", "replace")
            llama_cpp.llama_model_meta_val_str_by_index(self._model, index, buffer, len(buffer))
            found[key] = buffer.value.decode("utf-8", "replace")
        return found

    def chat_template(self) -> str:
        """The template in the file, or an empty string."""
        found = llama_cpp.llama_model_chat_template(self._model, None)
        return found.decode("utf-8", "replace") if found else ""

    def begun(self, text: str, *, special: bool = False) -> str:
        """``text`` as a prompt begins with it: after the space that some vocabularies want before
        the first word. A control token (read where ``special``) is no word."""
        if not text or not self._spaced:
            return text
        first = self.tokenize(text, special=special)[0]
        attributes = llama_cpp.llama_vocab_get_attr(self._vocab, first)
        return text if attributes & SPECIAL else f" {text}"

    def tokenize(self, text: str, *, special: bool = False) -> tuple[int, ...]:
        """The tokens of ``text`` by itself, which spell it and nothing more; ``special`` reads
        control tokens in it, which only templates may hold."""
        raw = text.encode("utf-8", "replace")
        room = len(raw) + 8
        buffer = (llama_cpp.llama_token * room)()
        count = llama_cpp.llama_tokenize(self._vocab, raw, len(raw), buffer, room, False, special)
        if count < 0:
            raise RuntimeError(f"llama.cpp wants {-count} tokens for {len(raw)} bytes")
        return tuple(buffer[:count])

    def piece(self, token: int) -> bytes:
        """The bytes of ``token``; control tokens have none."""
        if token in self._pieces:
            return self._pieces[token]
        buffer = ctypes.create_string_buffer(256)
        count = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
        return self._pieces.setdefault(token, buffer.raw[: max(count, 0)])

    def first(self) -> tuple[int, ...]:
        """The token that every prompt begins with, if the model wants one."""
        if not llama_cpp.llama_vocab_get_add_bos(self._vocab):
            return ()
        return (llama_cpp.llama_vocab_bos(self._vocab),)

    def edges(self) -> tuple[str, str]:
        """The texts of the tokens that begin and end a sequence; empty where there are none."""
        begin = llama_cpp.llama_vocab_bos(self._vocab)
        end = llama_cpp.llama_vocab_eos(self._vocab)
        return self._text(begin), self._text(end)

    def _text(self, token: int) -> str:
        found = llama_cpp.llama_vocab_get_text(self._vocab, token) if token >= 0 else None
        return found.decode("utf-8", "replace") if found else ""

    def ends(self, token: int) -> bool:
        """Whether ``token`` ends a reply."""
        return bool(llama_cpp.llama_vocab_is_eog(self._vocab, token))

    def can_forget_tails(self) -> bool:
        """Recurrent and hybrid models cannot drop the end of a sequence."""
        return not (
            llama_cpp.llama_model_is_recurrent(self._model)
            or llama_cpp.llama_model_is_hybrid(self._model)
        )

    def decode(self, rows: Sequence[Row]) -> list[np.ndarray | None]:
        """Evaluate ``rows`` in one batch; the logits (float32, [vocabulary]) where wanted.

        MemoryError if the cache is full; nothing has changed then.
        """
        at, wanted = 0, []
        batch = self._started()
        for row in rows:
            end = at + len(row.tokens)
            batch.token[at:end] = row.tokens
            batch.pos[at:end] = range(row.start, row.start + len(row.tokens))
            batch.sequence[at:end] = row.sequence
            batch.logits[at:end] = 0
            batch.logits[end - 1] = row.wanted
            wanted.append(end - 1 if row.wanted else None)
            at = end
        code = llama_cpp.llama_decode(self._context, batch.of(at))
        if code == 1:
            raise MemoryError("no room in the cache")
        if code:
            raise RuntimeError(f"llama_decode failed with {code}: {log().reason()}")
        return [None if index is None else self._logits(index) for index in wanted]

    def _started(self) -> _Batch:
        if self._batch is None:
            raise RuntimeError("this model has no context: start it first")
        return self._batch

    def _logits(self, index: int) -> np.ndarray:
        pointer = llama_cpp.llama_get_logits_ith(self._context, index)
        return np.ctypeslib.as_array(pointer, shape=(self.vocabulary,)).copy()

    def forget(self, sequence: int, start: int) -> None:
        """Drop what ``sequence`` holds from position ``start`` on."""
        if not llama_cpp.llama_memory_seq_rm(self._memory, sequence, start, -1):
            llama_cpp.llama_memory_seq_rm(self._memory, sequence, -1, -1)
            raise LookupError("this model cannot drop a tail; the sequence is empty now")

    def copy(self, source: int, target: int, end: int) -> None:
        """Let ``target``, which is empty, hold the first ``end`` positions of ``source`` too.

        Between streams llama.cpp copies whole buffers only (a part aborts the process), so what is
        too much is dropped afterwards.
        """
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, 0, end if self._unified else -1)
        if not self._unified:
            llama_cpp.llama_memory_seq_rm(self._memory, target, end, -1)

    def grammar(self, gbnf: str) -> Grammar:
        """A fresh GBNF automaton; ModelError if llama.cpp cannot read it."""
        sampler = llama_cpp.llama_sampler_init_grammar(self._vocab, gbnf.encode(), b"root")
        if not sampler:
            raise ModelError(f"llama.cpp cannot read this grammar: {log().reason()}")
        return Grammar(sampler, self.vocabulary)

    def close(self) -> None:
        """Free everything; closing twice is closing once."""
        if self._context:
            llama_cpp.llama_free(self._context)
        if self._model:
            llama_cpp.llama_model_free(self._model)
        self._batch = self._context = self._model = None


class Grammar:
    """Which tokens a GBNF grammar allows next. Sample first and ask; masking the whole vocabulary
    is slow."""

    def __init__(self, sampler: object, vocabulary: int) -> None:
        self._sampler = sampler
        self._vocabulary = vocabulary

    def allows(self, token: int) -> bool:
        """Whether ``token`` may come next."""
        return bool(self._applied(np.array([token], dtype=np.int32))[0] > -np.inf)

    def mask(self, logits: np.ndarray) -> np.ndarray:
        """``logits`` with minus infinity where the grammar allows nothing."""
        allowed = self._applied(np.arange(self._vocabulary, dtype=np.int32)) > -np.inf
        return np.where(allowed, logits, -np.inf)

    def _applied(self, tokens: np.ndarray) -> np.ndarray:
        data = (llama_cpp.llama_token_data * len(tokens))()
        view = np.ctypeslib.as_array(data)
        view["id"], view["logit"], view["p"] = tokens, 0.0, 0.0
        array = llama_cpp.llama_token_data_array(
            data=data, size=len(tokens), selected=-1, sorted=False
        )
        llama_cpp.llama_sampler_apply(self._sampler, ctypes.byref(array))
        return view["logit"].copy()

    def accept(self, token: int) -> None:
        """Go on to ``token``, which is allowed."""
        llama_cpp.llama_sampler_accept(self._sampler, token)

    def close(self) -> None:
        """Free the automaton."""
        llama_cpp.llama_sampler_free(self._sampler)
