"""A token trie over the admissible actions, kept from step to step: only what changed is taken out
and put in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Node:
    """What may follow: ``children`` by token; ``choices`` are the texts that end here (several
    where the tokeniser does not tell them apart)."""

    children: dict[int, Node] = field(default_factory=dict)
    choices: list[str] = field(default_factory=list)


class Trie:
    """The trie of a set of texts. :meth:`update` turns it into that of another set.

    ValueError if a choice has no tokens, or its tokens are the beginning of another's: then the end
    of the shorter could not be told from the middle of the longer. Choices that end with the same
    closing token (a newline) never are.
    """

    def __init__(self, tokens: Callable[[str], Sequence[int]]) -> None:
        self._tokens = tokens
        self.root = Node()
        self._held: set[str] = set()

    def update(self, choices: Iterable[str]) -> Node:
        """The root of the trie of exactly ``choices``."""
        wanted = set(choices)
        try:
            for text in self._held - wanted:
                self._remove(text)
            for text in sorted(wanted - self._held):
                self._insert(text)
        except ValueError:
            self.root, self._held = Node(), set()
            raise
        return self.root

    def _insert(self, text: str) -> None:
        node = self.root
        for token in self._tokens(text):
            if node.choices:
                raise ValueError(f"{node.choices[0]!r} is the beginning of {text!r}")
            child = node.children.get(token)
            if child is None:
                child = node.children[token] = Node()
            node = child
        if node.children:
            raise ValueError(f"{text!r} is the beginning of another choice")
        if node is self.root:
            raise ValueError(f"{text!r} is empty")
        node.choices.append(text)
        self._held.add(text)

    def _remove(self, text: str) -> None:
        path, node = [], self.root
        for token in self._tokens(text):
            path.append((node, token))
            node = node.children[token]
        node.choices.remove(text)
        self._held.remove(text)
        for parent, token in reversed(path):
            child = parent.children[token]
            if child.children or child.choices:
                break
            del parent.children[token]


def forced(node: Node) -> tuple[list[int], Node]:
    """The tokens that must follow ``node`` without any decision, and where they lead."""
    tokens: list[int] = []
    while not node.choices and len(node.children) == 1:
        token, node = next(iter(node.children.items()))
        tokens.append(token)
    return tokens, node
