"""Chat templates: for each the reply begins where the model's answer begins, or its thinking.

``CLIN_CHAT_TEMPLATES`` names a folder of real ones, such as ``vendor/llama.cpp/models/templates``
in llama-cpp-python's source archive; ``tests/data/chat_templates.json`` says what is expected.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from clin.errors import ModelError
from clin.llms.built_in import built_in
from clin.llms.channels import chat_format
from clin.llms.chat_format import ChatFormat

TABLE = json.loads((Path(__file__).parent / "data/chat_templates.json").read_text())
FOLDER = os.environ.get("CLIN_CHAT_TEMPLATES", "")

TURNS = "{% for m in messages %}[{{ m.role }}]{{ m.content }}[/{{ m.role }}]{% endfor %}"
ASKED = TURNS + "{% if add_generation_prompt %}[assistant]{% endif %}"
REASONING = (
    "{% for m in messages %}[{{ m.role }}]"
    "{% if m.reasoning_content %}<mind>{{ m.reasoning_content }}</mind>\n{% endif %}"
    "{{ m.content }}[/{{ m.role }}]{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)
CHANNELS = (
    "{% for m in messages %}{% if m.role == 'assistant' %}"
    "{% if m.thinking %}<|start|>assistant<|aside|>{{ m.thinking }}<|end|>{% endif %}"
    "<|start|>assistant<|final|>{{ m.content }}<|end|>"
    "{% else %}<|start|>{{ m.role }}<|said|>{{ m.content }}<|end|>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant{% endif %}"
)
USER, REPLY = "[user]", "[/user][assistant]"

MECHANISMS = {
    "plain turns": (ASKED, ChatFormat(USER, REPLY)),
    "a generation block": (
        ASKED.replace("{{ m.content }}", "{% generation %}{{ m.content }}{% endgeneration %}"),
        ChatFormat(USER, REPLY),
    ),
    "tools, functions and documents that are not there": (
        "{{ 'Tools: ' + functions }}{% if tools|length > 0 or documents %}no{% endif %}" + ASKED,
        ChatFormat("Tools: [][user]", REPLY),
    ),
    "tokens at both ends, and the day": (
        "{{ bos_token }}{{ strftime_now('%Y') }}" + ASKED.replace("[/{{", "{{ eos_token }}[/{{"),
        ChatFormat("<bos>2025[user]", "<eos>[/user][assistant]"),
    ),
    "content as a list of parts": (
        ASKED.replace("{{ m.content }}", "{% for p in m.content %}{{ p.text }}{% endfor %}"),
        ChatFormat(USER, REPLY),
    ),
    "a system message that must be there": (
        "{% if messages[0].role != 'system' %}{{ raise_exception('no') }}{% endif %}" + ASKED,
        ChatFormat("[system]You are a helpful assistant.[/system][user]", REPLY),
    ),
    "a reply that must not be there": (
        ASKED + "{% if messages[-1].role == 'assistant' %}{{ raise_exception('no') }}{% endif %}",
        ChatFormat(USER, REPLY),
    ),
    "a recipient": (
        ASKED.replace(
            "]{{ m.content", "]{% if m.role == 'assistant' %}>all\n{% endif %}{{ m.content"
        ),
        ChatFormat(USER, REPLY + ">all\n"),
    ),
    "JSON with options": (
        "{{ {'é': 1}|tojson(ensure_ascii=False, indent=1) }}" + ASKED,
        ChatFormat('{\n "é": 1\n}[user]', REPLY),
    ),
    "thinking that cannot be switched off": (
        REASONING,
        ChatFormat(USER, REPLY + "<mind></mind>\n", REPLY + "<mind>", "</mind>\n", USER),
    ),
    "a switch in the prompt's tail": (
        REASONING + "{% if not enable_thinking %}<mind></mind>\n{% endif %}",
        ChatFormat(USER, REPLY + "<mind></mind>\n", REPLY + "<mind>", "</mind>\n", USER),
    ),
    "a switch in the prompt's head": (
        "{% if thinking %}Think.{% endif %}" + REASONING,
        ChatFormat(USER, REPLY, REPLY + "<mind>", "</mind>\n", "Think.[user]"),
    ),
    "a wish in the system message": (
        "{% set quiet = messages[0].content == '/no_think' %}"
        "{% for m in messages if m.role != 'system' %}[{{ m.role }}]{{ m.content }}[/{{ m.role }}]"
        "{% endfor %}[assistant]{{ '<think></think>' if quiet else '<think>' }}",
        ChatFormat(USER, REPLY + "<think></think>", REPLY + "<think>", "</think>", USER),
    ),
    "an effort that must be named": (
        REASONING + "{% if not reasoning_effort %}<mind></mind>\n{% endif %}",
        ChatFormat(USER, REPLY + "<mind></mind>\n", REPLY + "<mind>", "</mind>\n", USER),
    ),
    "channels": (
        CHANNELS,
        ChatFormat(
            "<|start|>user<|said|>",
            "<|end|><|start|>assistant<|final|>",
            "<|end|><|start|>assistant<|aside|>",
            "<|end|><|start|>assistant<|final|>",
            "<|start|>user<|said|>",
        ),
    ),
    "thinking that the prompt opens and no reply shows": (
        ASKED.replace("[assistant]", "[assistant]<think>\n"),
        ChatFormat(
            USER,
            REPLY + "<think>\n\n</think>\n\n",
            REPLY + "<think>\n",
            "\n</think>\n\n",
            USER,
        ),
    ),
    "an empty thought where there is to be none": (
        ASKED + "{% if enable_thinking is false %}<|ch>thought\n<ch|>{% endif %}",
        ChatFormat(USER, REPLY + "<|ch>thought\n<ch|>", REPLY + "<|ch>thought\n", "<ch|>", USER),
    ),
    "thinking that the system message tells in words": (
        "{% if thinking %}Write thoughts between <think></think>.{% endif %}" + ASKED,
        ChatFormat(
            USER,
            REPLY,
            REPLY + "<think>\n",
            "\n</think>\n\n",
            "Write thoughts between <think></think>.[user]",
        ),
    ),
}


@pytest.mark.parametrize("name", MECHANISMS)
def test_a_template_shows_where_the_answer_and_the_thinking_begin(name: str) -> None:
    template, expected = MECHANISMS[name]
    assert chat_format(template, "<bos>", "<eos>") == expected


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ raise_exception('wants\ntools') }}", "wants tools"),
        ("{% for %}", "rendered"),
        ("no message at all", "leaves the user's message out"),
        (ASKED + "{% for m in messages %}{{ m.content }}{% endfor %}", "message"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ messages.append(1) }}", "unsafe"),
        ("{% for i in range(999999999) %}{% endfor %}", "[Rr]ange"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "recursion"),
    ],
)
def test_what_a_template_does_wrong_is_one_line(template: str, why: str) -> None:
    with pytest.raises(ModelError, match=why) as refused:
        chat_format(template)
    assert "\n" not in str(refused.value)


def test_no_template_is_plain_text() -> None:
    assert chat_format("") == ChatFormat()
    assert ChatFormat().around(("a", "b"), think=False, thought="") == (
        ("", True),
        ("a", False),
        ("b", False),
        ("", True),
    )


@pytest.mark.parametrize(
    ("source", "architecture", "opening"),
    [
        ("{% for %}<|im_start|>", "llama", "<|im_start|>user\n"),
        ("{% for %}", "gemma3", "<start_of_turn>user\n"),
    ],
)
def test_llama_cpp_knows_a_family_by_its_marks_or_its_name(
    source: str, architecture: str, opening: str
) -> None:
    found = built_in(source, architecture)
    assert found and found.opening == opening and not found.thinks


def test_llama_cpp_does_not_know_every_family() -> None:
    assert built_in("{% for %}", "llama") is None


@pytest.mark.parametrize(
    ("end", "mark"),
    [
        ("\n</think>\n\n", "</think>"),
        ("<|end|><|start|>assistant", "<|end|>"),
        ("\n[BEGIN FINAL RESPONSE]\n", "[BEGIN FINAL RESPONSE]"),
        ("\nAnswer:", "Answer:"),
    ],
)
def test_the_end_of_a_thought_is_its_first_mark(end: str, mark: str) -> None:
    assert ChatFormat(thought_end=end).end_mark == mark


@pytest.mark.skipif(not FOLDER, reason="CLIN_CHAT_TEMPLATES names no folder of real templates")
@pytest.mark.parametrize("name", TABLE)
def test_real_templates_give_the_formats_of_their_families(name: str) -> None:
    """What the table has of an opening is its end. Only what tells the model to think is there of
    an opening that does so."""
    expected = TABLE[name]
    file = Path(FOLDER) / f"{name}.jinja"
    found = chat_format(file.read_text(encoding="utf-8"), "<bos>", "<eos>")
    assert found.opening.endswith(expected["opening"])
    assert found.answer.endswith(expected["answer"])
    assert found.think == expected.get("think", "")
    assert found.thought_end == expected.get("thought_end", "")
    told = expected.get("told_to_think", "")
    assert told in found.think_opening
    assert bool(told) == (found.thinks and found.think_opening != found.opening)
