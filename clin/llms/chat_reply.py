"""What a server of OpenAI's chat protocol answered: a reply, or what is wrong with the body.

The client builds its objects without checking them, so a field may be missing or of another kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clin.llms.thinking import without_thinking


@dataclass(frozen=True)
class Reply:
    """What a model said and thought. Counts of tokens are None where the server does not tell.
    ``cut`` says that it ended for want of room (``finish_reason`` is ``length``)."""

    said: str
    thinking: str
    read: int | None
    reused: int
    written: int | None
    cut: bool


class NoReply(Exception):
    """A body without a reply. Its text is what the server says of that, empty where it says
    nothing; ``code`` is the HTTP status that the body tells of, else 0."""

    def __init__(self, text: str = "", code: int = 0) -> None:
        super().__init__(text)
        self.code = code


def reply_of(body: Any) -> Reply:
    """The reply in a ``body`` of status 200; NoReply where there is none.

    OpenRouter sends an ``error`` in such a body where a model fails while it writes
    (openrouter.ai/docs, "Errors and Debugging").
    """
    choices = getattr(body, "choices", None)
    first = choices[0] if isinstance(choices, list) and choices else None
    for holder in (body, first):
        if wrong := getattr(holder, "error", None):
            raise _complaint(wrong)
    message = getattr(first, "message", None)
    if message is None:
        raise NoReply("a reply without a message" if first is not None else "")
    content, parted = _parts(getattr(message, "content", None))
    said, marked = without_thinking(content)
    apart = getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None)
    usage = getattr(body, "usage", None)
    details = getattr(usage, "prompt_tokens_details", None)
    return Reply(
        said,
        str(apart or parted or marked),
        getattr(usage, "prompt_tokens", None) or None,
        getattr(details, "cached_tokens", None) or 0,
        getattr(usage, "completion_tokens", None) or None,
        getattr(first, "finish_reason", None) == "length",
    )


def _parts(content: Any) -> tuple[str, str]:
    """What is said and what is thought in a message's ``content``: a text, or a list of parts, of
    which Mistral's reasoning models mark those of the type ``thinking``."""
    if isinstance(content, str):
        return content, ""
    said, thought = "", ""
    for part in content if isinstance(content, list) else ():
        if isinstance(part, str):
            said += part
        elif isinstance(part, Mapping):
            text = part.get("text")
            said += text if isinstance(text, str) else ""
            thought += _parts(part.get("thinking"))[0]
    return said, thought


def _complaint(wrong: Any) -> NoReply:
    """The ``error`` of a body."""
    if not isinstance(wrong, Mapping):
        return NoReply(str(wrong))
    code = wrong.get("code")
    number = int(str(code)) if str(code).isdecimal() else 0
    return NoReply(str(wrong.get("message") or wrong), number)
