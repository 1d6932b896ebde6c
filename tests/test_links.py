"""Links: printing and parsing are inverse; whatever a model writes is read without raising."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.changes import change
from memory.links import Hedge, Link, LinkError, Relation, parse, read
from memory.sanitize import sanitized
from memory.testing import links, memories, texts


@given(links())
def test_printing_and_parsing_are_inverse(link: Link) -> None:
    assert parse(str(link)) == link


@given(st.lists(links(), max_size=6, unique=True))
def test_a_printed_memory_is_read_back_whole(memory: list[Link]) -> None:
    reading = read("\n".join(f"{number}. {link}" for number, link in enumerate(memory, 1)))
    assert reading.links == tuple(memory)
    assert reading.unreadable == ()


@given(
    st.one_of(texts(2000), st.text(max_size=300).map(lambda t: f"{t} SHOULD BE NECESSARY to {t}"))
)
def test_reading_never_raises_and_yields_only_valid_links(reply: str) -> None:
    for link in read(reply).links:
        assert parse(str(link)) == link


REPLIES = {
    "1. Opening the door SHOULD BE NECESSARY to going outside.": [
        "Opening the door SHOULD BE NECESSARY to going outside"
    ],
    "- **Focusing on the red box** MAY BE NECCESSARY to solving it": [
        "Focusing on the red box MAY BE NECESSARY to solving it"
    ],
    "(3) waiting does not contribute to boiling": ["waiting DOES NOT CONTRIBUTE to boiling"],
    "A MAY NOT BE NECESSARY to B": ["A MAY NOT CONTRIBUTE to B"],
    "A SHOULD NOT CONTRIBUTE to B": ["A DOES NOT CONTRIBUTE to B"],
    "A might be necessary for B": ["A MAY BE NECESSARY to B"],
    "A contributes to B": ["A SHOULD CONTRIBUTE to B"],
    "A SHOULD BE NECESSARY to B. This is because of C.": ["A SHOULD BE NECESSARY to B"],
    "A MAY BE NECESSARY to B. C MAY CONTRIBUTE to D.": [
        "A MAY BE NECESSARY to B",
        "C MAY CONTRIBUTE to D",
    ],
    "Here are the learnings:\n\nA MAY CONTRIBUTE to B": ["A MAY CONTRIBUTE to B"],
    "<think>X SHOULD BE NECESSARY to Y</think>\nA MAY CONTRIBUTE to B": ["A MAY CONTRIBUTE to B"],
    "<think>X SHOULD BE NECESSARY to Y and then it was cut": [],
    "": [],
}


@pytest.mark.parametrize(("reply", "expected"), REPLIES.items())
def test_what_models_write_is_read_as_meant(reply: str, expected: list[str]) -> None:
    reading = read(reply)
    assert [str(link) for link in reading.links] == expected
    assert reading.unreadable == ()


def test_lines_that_are_no_link_are_counted() -> None:
    reading = read(
        "I should look around more.\nA MAY CONTRIBUTE to B\nSHOULD BE NECESSARY to nothing"
    )
    assert [str(link) for link in reading.links] == ["A MAY CONTRIBUTE to B"]
    assert reading.unreadable == ("I should look around more.", "SHOULD BE NECESSARY to nothing")


@pytest.mark.parametrize(
    "text", ["", "no relation", "A MAY CONTRIBUTE to", "A MAY CONTRIBUTE to B MAY CONTRIBUTE to C"]
)
def test_what_is_no_link_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(LinkError) as refused:
        parse(text)
    assert "\n" not in str(refused.value)


@given(memories(), memories())
def test_a_change_accounts_for_every_link_once(old, new) -> None:
    found = change(old.links, new.links)
    pairs = [*found.strengthened, *found.weakened, *found.reversed]
    assert sorted([*found.kept, *found.added, *(after for _, after in pairs)]) == sorted(new.links)
    assert len(found.kept) + len(pairs) + len(found.dropped) == len(old.links)


@given(memories())
def test_nothing_changes_between_equal_memories(memory) -> None:
    counts = change(memory.links, memory.links).counts()
    assert counts.pop("kept") == len(memory.links)
    assert set(counts.values()) == {0}


def test_certainty_and_sign_are_told_apart() -> None:
    may = Link("X", Hedge.MAY, Relation.NECESSARY, "Y")
    sure = Link("the X", Hedge.SHOULD, Relation.NECESSARY, "y")
    no = Link("X", Hedge.SHOULD, Relation.NOT_CONTRIBUTE, "Y")
    assert change([may], [sure]).strengthened == ((may, sure),)
    assert change([sure], [may]).weakened == ((sure, may),)
    assert change([may], [no]).reversed == ((may, no),)


@given(texts(500))
def test_inert_text_holds_no_control_character(text: str) -> None:
    shown = sanitized(text)
    assert not any(
        (ord(char) < 32 and char not in "\n\t") or 0x7F <= ord(char) < 0xA0 for char in shown
    )
    assert "\u202e" not in shown


LINES = [
    json.loads(line)
    for line in (Path(__file__).parent / "data/model_lines.jsonl").read_text().splitlines()
]


def test_three_hundred_lines_of_the_kind_that_models_write() -> None:
    """Numbered, bulleted, bold, misspelt, two in a line, thinking, other languages, noise: what
    each must give."""
    assert len(LINES) > 300
    for row in LINES:
        reading = read(row["line"])
        assert ([str(link) for link in reading.links], len(reading.unreadable)) == (
            row["links"],
            row["unreadable"],
        ), row["line"]


def test_noise_is_read_in_bounded_time_and_space() -> None:
    for noise in (
        "x" * 10_000,
        "MAY " * 2500,
        "NOT CONTRIBUTE to " * 600,
        "**" * 5000,
        "<think>" * 1500,
        "\n" * 10_000,
        "1." * 5000,
    ):
        reading = read(noise)
        assert reading.links == ()
        assert sum(map(len, reading.unreadable)) <= 10_000
