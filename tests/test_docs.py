"""The pages are readable and what they name is there: sentences are short, prose is wrapped, links
and files exist, commands parse, and every page whose examples should run is known."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from conftest import ROOT

from clin.cli import main

PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "clin/llms/bundled/README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
MOST_WORDS, WIDTH = 40, 100
HISTORY = {"log.md", "CHANGELOG.md"}
"""Pages that speak of files as they were."""
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def parts(page: Path) -> Iterator[tuple[str, str]]:
    """Each line with what it is: "code", "table", "heading", "picture", "prose" or "blank". Code is
    fenced, or indented by four spaces after a blank line."""
    kind, fenced = "blank", False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
            yield "fence", line
            continue
        if fenced:
            kind = "code"
        elif not line.strip():
            kind = "blank"
        elif line.startswith("    ") and kind in ("blank", "code"):
            kind = "code"
        elif line.startswith("|"):
            kind = "table"
        elif line.startswith("#"):
            kind = "heading"
        elif line.startswith(("![", "<")):
            kind = "picture"
        else:
            kind = "prose"
        yield kind, line


def sentences(page: Path) -> list[str]:
    """The sentences of the prose; a list item begins a new one."""
    blocks, before = [""], ""
    for kind, line in parts(page):
        if kind == "prose":
            begins = before != "prose" or re.match(r"\s*(?:[-*]|\d+\.) ", line)
            if begins:
                blocks.append("")
            blocks[-1] += " " + re.sub(r"^\s*(?:[-*]|\d+\.) ", "", line).strip()
        before = kind
    text = [re.sub(r"`[^`]*`", "CODE", block) for block in blocks]
    text = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", block) for block in text]
    return [
        each.strip()
        for block in text
        for each in re.split(r"(?<=[.!?])[\"')*_]*\s+(?=[^a-z])", block)
        if each.strip()
    ]


def code(page: Path) -> str:
    """The lines of code, with lines that go on put together."""
    lines = [line for kind, line in parts(page) if kind == "code"]
    return "\n".join(lines).replace("\\\n", " ")


def shown(page: Path) -> list[list[str]]:
    """The words of every ``clin`` command that the page shows, in code or in a sentence; of what
    stands for something else ("…") nothing is kept."""
    inline = re.findall(
        r"`([^`]+)`", "\n".join(line for kind, line in parts(page) if kind in ("prose", "table"))
    )
    found, variables = [], dict[str, str]()
    for line in [*code(page).splitlines(), *inline]:
        if kept := re.fullmatch(r'(\w+)="([^"]*)"', line):
            variables[f"${kept[1]}"] = kept[2]
        filled = line
        for name, value in variables.items():
            filled = filled.replace(name, value)
        said = re.split(r"(?:^|\s)#\s", filled)[0].strip().removeprefix("$ ")
        for each in re.split(r"&&|;|\|", said):
            command = re.split(r"\s[<>]", each.strip().removeprefix("do "))[0]
            command = command.removeprefix(".venv/bin/")
            if command == "clin" or command.startswith("clin "):
                words = [word.strip("[]") for word in shlex.split(command)[1:]]
                found.append([word for word in words if word not in ("…", "...")])
    return found


@every_page
def test_no_sentence_is_longer_than_one_breath(page: Path) -> None:
    long = [each for each in sentences(page) if len(each.split()) > MOST_WORDS]
    assert not long, "\n\n".join(f"{len(each.split())} words: {each}" for each in long)


@every_page
def test_prose_is_wrapped(page: Path) -> None:
    wide = [line for kind, line in parts(page) if kind == "prose" and len(line) > WIDTH]
    assert not wide


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        aim = (page.parent / path) if path else page
        if not aim.exists() or (anchor and anchor not in anchors(aim)):
            lost.append(target)
    assert not lost


def anchors(page: Path) -> set[str]:
    """The headings, as GitHub names them in links."""
    heads = [line.lstrip("# ").lower() for kind, line in parts(page) if kind == "heading"]
    return {re.sub(r"[^\w\- ]", "", head).replace(" ", "-") for head in heads}


@every_page
def test_every_file_that_is_named_exists(page: Path) -> None:
    if page.name in HISTORY:
        return
    text = re.sub(r"\]\([^)]*\)", "]", page.read_text(encoding="utf-8"))
    named = re.findall(
        r"(?<![\w/.-])((?:clin|memory|worlds|tui|tests|benchmarks|docs)/[\w./-]*\w)(?![\w/.*<-])",
        text,
    )
    missing = [
        each
        for each in named
        if not (ROOT / each).exists()
        and not (ROOT / f"{each}.py").exists()
        and "mine" not in each  # a world of the reader's
    ]
    assert not missing


@every_page
def test_every_command_that_is_shown_has_the_options_it_is_shown_with(page: Path) -> None:
    for words in shown(page):
        command, context = main, click.Context(main, info_name="clin")
        rest = list(words)
        while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
            name = rest.pop(0)
            command = command.get_command(context, name)
            assert command, f"clin {shlex.join(words)}: no command '{name}'"
            context = click.Context(command, parent=context, info_name=name)
        try:
            _, left, _ = command.make_parser(context).parse_args(rest)
        except click.UsageError as error:
            raise AssertionError(f"clin {shlex.join(words)}: {error.format_message()}") from None
        assert not left, f"clin {shlex.join(words)}: takes no {left}"


def examples(page: Path) -> list[str]:
    """The Python examples of a page."""
    return re.findall(
        r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


def options_of(command: click.Command, context: click.Context) -> set[str]:
    """The options of a command and of those below it."""
    found = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    found |= {name for name in context.help_option_names if name.startswith("--")}
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            found |= options_of(below, click.Context(below, parent=context, info_name=name))
    return found


def test_every_option_that_is_named_is_one_of_ours() -> None:
    ours = options_of(main, click.Context(main, info_name="clin"))
    programs = "".join(
        each.read_text(encoding="utf-8") for each in (ROOT / "benchmarks").glob("*.py")
    )
    ours |= set(re.findall(r'add_argument\(\s*"(--[a-z-]+)"', programs))
    ours |= {"--no-deps"}  # pip's
    named = {
        (str(page.relative_to(ROOT)), name)
        for page in PAGES
        for name in re.findall(r"(?<![\w-])--[a-z][a-z-]+", page.read_text(encoding="utf-8"))
    }
    assert {name for _, name in named} > {"--memory-mask", "--strategy"}
    assert not {(page, name) for page, name in named if name not in ours}


RUN_BY = {
    "docs/engine.md": "test_llms_page.py",
    "docs/library.md": "test_readme.py",
    "docs/memory.md": "test_readme.py",
    "docs/worlds.md": "test_readme.py",
}
"""The test that runs a page's Python examples."""


def test_the_examples_of_every_page_are_run_by_a_test() -> None:
    pages = {str(page.relative_to(ROOT)) for page in PAGES if examples(page)}
    assert pages == set(RUN_BY)
    for page, test in RUN_BY.items():
        assert page in (ROOT / "tests" / test).read_text()
