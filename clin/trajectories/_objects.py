"""The JSON objects of a file, each with its line: one a line, or one after the other."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ValidationError

from clin.errors import UserError

Model = TypeVar("Model", bound=BaseModel)


def _no_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty")
    return text


Name = Annotated[str, AfterValidator(_no_blank)]
"""A text with something in it."""
DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class Found:
    """An object, and the line of ``path`` on which it begins."""

    path: Path
    line: int
    value: dict[str, Any]

    def wrong(self, said: str) -> UserError:
        """What is wrong with it, as one line."""
        return UserError(f"'{self.path}', line {self.line}: {said}")

    def as_a(self, kind: type[Model]) -> Model:
        """The object as a ``kind``; UserError names the first key that is wrong."""
        try:
            return kind.model_validate(self.value)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            told = first["msg"].removeprefix("Value error, ")
            said = f"{told[:1].lower()}{told[1:]}"
            raise self.wrong(f"{where}: {said}" if where else said) from None


def objects(path: Path) -> list[Found]:
    """The objects of ``path``, at least one; UserError for what is none."""
    text = _text(path)
    found: list[Found] = []
    at, line = _skip(text, 0), 1
    seen = 0
    while at < len(text):
        line += text.count("\n", seen, at)
        seen = at
        value, at = _decoded(path, text, at, line)
        if not isinstance(value, dict):
            raise UserError(f"'{path}', line {line}: this is no JSON object")
        found.append(Found(path, line, value))
        at = _skip(text, at)
    if not found:
        raise UserError(f"'{path}' holds no trial")
    return found


def _decoded(path: Path, text: str, at: int, line: int) -> tuple[Any, int]:
    """What stands at ``at``, and where it ends. A line that is whole in itself is read by itself,
    so that what is wrong with it is not told of the next one."""
    end = text.find("\n", at)
    alone = text[at : None if end < 0 else end]
    try:
        value, length = DECODER.raw_decode(alone)
        return value, at + length
    except (ValueError, RecursionError):
        pass  # it may go on in the next line
    try:
        return DECODER.raw_decode(text, at)
    except RecursionError:
        said = "it is nested too deeply"
    except json.JSONDecodeError as error:
        line, said = (error.lineno if _goes_on(alone) else line), error.msg
    except ValueError as error:  # a number of too many digits
        said = str(error).partition(";")[0]
    raise UserError(f"'{path}', line {line}: this is no JSON: {said}")


def _goes_on(alone: str) -> bool:
    """Whether an object that begins with this line may be meant to go on in the next."""
    return alone.strip() in ("{", "[")


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"no file '{path}'") from None
    except UnicodeDecodeError:
        raise UserError(f"'{path}' is no text in UTF-8") from None
    except OSError as error:
        raise UserError(f"'{path}' cannot be read: {error.strerror}") from None
