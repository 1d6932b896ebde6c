"""A token trie over the admissible actions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass
class Node:
    """What may follow: ``children`` by token; ``choice`` is set where a choice ends."""

    children: dict[int, Node] = field(default_factory=dict)
    choice: int | None = None


def trie(choices: Iterable[tuple[int, ...]]) -> Node:
    """The trie of ``choices``, each the tokens of one choice; the first of equal ones keeps its number.

    ValueError if a choice is empty or the beginning of another: then the end of the shorter could not be told from the
    middle of the longer. Choices that end with the same closing token (a newline) never are.
    """
    root = Node()
    for number, tokens in enumerate(choices):
        node = root
        for token in tokens:
            node = node.children.setdefault(token, Node())
        if node.choice is None:
            node.choice = number
    for node in _nodes(root):
        if node.choice is not None and node.children:
            raise ValueError("a choice is the beginning of another")
    if root.choice is not None:
        raise ValueError("a choice is empty")
    return root


def _nodes(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(node.children.values())


def forced(node: Node) -> tuple[list[int], Node]:
    """The tokens that must follow ``node`` without any decision, and where they lead."""
    tokens: list[int] = []
    while node.choice is None and len(node.children) == 1:
        token, node = next(iter(node.children.items()))
        tokens.append(token)
    return tokens, node
