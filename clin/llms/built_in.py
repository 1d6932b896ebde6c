"""The chat format of an opened file: what its own template gives, else what llama.cpp knows of the
family, else none. No model is refused for its template."""

from __future__ import annotations

import ctypes

import llama_cpp

from clin.errors import ModelError
from clin.llms.channels import chat_format
from clin.llms.chat_format import ChatFormat
from clin.llms.native import Native
from clin.llms.template import MESSAGE

ROOM = 1 << 16
"""Bytes that a built-in format may take around one message."""


def format_of(native: Native, architecture: str) -> tuple[ChatFormat, tuple[str, ...]]:
    """The format, and what there is to say of it where it is not the file's own.

    The token that begins a text is left to the engine, where the vocabulary asks for it.
    """
    source = native.chat_template()
    begin, end = native.edges()
    notes: tuple[str, ...] = ()
    try:
        found = chat_format(source, begin, end)
    except ModelError as error:
        known = built_in(source, architecture)
        instead = "llama.cpp's own for the family is used" if known else "prompts are plain text"
        notes = (f"{error}; {instead}",)
        found = known or ChatFormat()
    return (found.without_begin(begin) if native.first() else found), notes


def built_in(source: str, architecture: str) -> ChatFormat | None:
    """llama.cpp's own format for the family that a template's text or an architecture's name tells;
    None for a family that it does not know."""
    for name in (source, architecture, architecture.rstrip("0123456789")):
        opening, found, answer = _applied(name).partition(MESSAGE)
        if found:
            return ChatFormat(opening, answer)
    return None


def _applied(name: str) -> str:
    """One user's message in the format ``name``; empty for an unknown one."""
    message = llama_cpp.llama_chat_message(role=b"user", content=MESSAGE.encode())
    buffer = ctypes.create_string_buffer(ROOM)
    chat = (llama_cpp.llama_chat_message * 1)(message)
    encoded = name.encode("utf-8", "replace")
    count = llama_cpp.llama_chat_apply_template(encoded, chat, len(chat), True, buffer, ROOM)
    return buffer.raw[:count].decode("utf-8", "replace") if 0 < count <= ROOM else ""
