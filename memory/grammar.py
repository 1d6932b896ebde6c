"""What a writer may say, as GBNF: every line that it allows is a link that :mod:`memory.links`
reads.

A line is about an action of the trial, in the order in which they were first done and each once; or
about that and one or two later ones, which are needed together ("X AND Y"). Or it repeats what was
known before, or is a free abstraction: "opening doors" and what it brings about,
in a few plain words that cannot spell a second relation.
"""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from memory.evidence.events import COMPLETE, PROGRESS, TASK
from memory.language import Language
from memory.links import JOINT, Hedge, Link, LinkError, Relation, conjuncts, read
from memory.rules.reading import acts, lesson
from memory.trials import Memory, Trial

MOST, LONGEST = 60, 80
"""Actions of a trial that are offered, the latest, and the characters of one: half an action would
be another one."""
MOST_KINDS = 10
"""Kinds of action of which a free line may speak."""


def literal(text: str) -> str:
    """``text`` as GBNF quotes it. Only some of JSON's escapes are known there, so a character that
    cannot stand for itself goes by its number. A NUL ends the text in llama.cpp, which then allows
    no token at all: U+FFFD stands for it."""
    return '"' + "".join(map(_quoted, text)) + '"'


def _quoted(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    code = ord(character) or 0xFFFD
    plain = code >= 0x20 and code != 0x7F and not 0xD800 <= code <= 0xDFFF
    return chr(code) if plain else f"\\u{code:04X}"


def either(texts: Iterable[str]) -> str:
    """Any one of ``texts``."""
    return " | ".join(map(literal, texts))


@dataclass(frozen=True)
class Done:
    """What was done in a trial: distinct ``actions`` in the order of their first time, those that
    were accepted, gained points or lost some, and what was found, as often as it was seen."""

    actions: tuple[str, ...]
    accepted: frozenset[str]
    gained: frozenset[str]
    lost: frozenset[str]
    before_gain: frozenset[str]
    """Actions that were done before or when the last points were gained."""
    finds: tuple[str, ...]
    changes: tuple[str, ...]
    """What the world told that came about."""
    events: tuple[str, ...]
    """Accepted actions, changes and finds, distinct, in the order in which they first came
    about."""
    won: bool


def done_in(trial: Trial, language: Language) -> Done:
    """Read ``trial``, of a world with this ``language``."""
    done, found = list(acts(trial.steps, language)), lesson(trial, language)
    last = max((act.index for act in done if act.gain > 0), default=-1)
    events: list[str] = []
    changes: list[str] = []
    for act in done:
        seen = language.things_seen(act.action, trial.steps[act.index].observation)
        things = [] if act.refused or not seen else seen[1]
        told = language.changes(act.action, trial.steps[act.index].observation)
        changes += told
        finds = [f"find {thing}" for thing in things]
        events += [] if act.refused else [act.action, *told, *finds]
    return Done(
        actions=tuple(dict.fromkeys(act.action for act in done)),
        accepted=frozenset(act.action for act in done if not act.refused),
        gained=frozenset(act.action for act in done if act.gain > 0),
        lost=frozenset(act.action for act in done if act.gain < 0),
        before_gain=frozenset(act.action for act in done if act.index <= last),
        finds=tuple(f"find {thing}" for _, thing in found.seen),
        changes=tuple(dict.fromkeys(changes)),
        events=tuple(dict.fromkeys(events)),
        won=found.won,
    )


def revising(trial: Trial, language: Language) -> str:
    """Links of ``trial``: from an action that lost nothing to points that were gained, to what was
    found or done later; from one that gained nothing to the task, which it does not help. And what
    the trial had read, as far as its scores do not contradict that."""
    done = done_in(trial, language)
    actions = [each for each in done.actions if _offered(each)][-MOST:]
    finds = [each for each in dict.fromkeys(done.finds) if _offered(each)][:MOST]
    changes = [each for each in done.changes if _offered(each)][:MOST]
    known = [link for link in trial.recalled.links if not _in_line(link, actions, done)]
    events = [each for each in done.events if each in {*actions, *changes, *finds}]
    rules = _after(events)
    helping: list[tuple[str, str]] = []
    for action in actions:
        after = f"after{events.index(action)}" if action in events else ""
        if said := _helps(action, done, after if after in rules else ""):
            helping.append((action, said))
    rules |= _together(helping)
    order = [action for action, _ in helping]
    lines = [_again(link, done) for link in _distinct(known)]
    lines += [_about(action, done, order) for action in actions]
    return _grammar(lines, rules, actions)


def generalising(memories: Sequence[Memory]) -> str:
    """The links of ``memories``, each claim once and as sure as the writer finds it, and free
    lines. Whether a cause helps is open only where the memories differ on it."""
    links = [link for memory in memories for link in memory.links]
    signs: dict[tuple[str, str], set[str]] = {}
    for link in links:
        signs.setdefault(link.claim, set()).add(_sign(link))
    known = _distinct(links)
    lines = [_line(link, " | ".join(sorted(signs[link.claim]))) for link in known]
    return _grammar(lines, {}, [link.cause for link in known])


def _line(link: Link, how: str) -> str:
    return f"{literal(link.cause)} ({how}) {literal(link.effect)}"


def _sign(link: Link) -> str:
    return "not" if link.relation is Relation.NOT_CONTRIBUTE else "sure"


def _distinct(links: Iterable[Link]) -> list[Link]:
    """The latest links, one per claim."""
    claims = {link.claim: link for link in links if read(str(link)).links == (link,)}
    return list(claims.values())[-MOST:]


def _offered(phrase: str) -> bool:
    """Whether a line can have ``phrase`` on either side and still be read as what it says."""
    if len(phrase) > LONGEST or JOINT in phrase:
        return False
    try:
        said = [Link(phrase, hedge, how, phrase) for hedge in Hedge for how in Relation]
    except LinkError:
        return False
    return all(read(str(link)).links == (link,) for link in said)


def _again(link: Link, done: Done) -> str:
    """What was known before, said again: turned round only where the trial did its cause, and not
    against the score."""
    parts = conjuncts(link.cause)
    if not set(parts) <= set(done.actions):
        return _line(link, _sign(link))
    gained = any(part in done.gained for part in parts)
    lost = any(part in done.lost for part in parts)
    return _line(link, "sure | not" if gained == lost else "sure" if gained else "not")


def _in_line(link: Link, actions: Collection[str], done: Done) -> bool:
    """Whether the line about its cause can say ``link`` too, so that it need not be said again."""
    if link.cause not in actions:
        return False
    if link.relation is Relation.NOT_CONTRIBUTE:
        return link.effect == TASK and link.cause not in done.gained
    if link.cause not in done.accepted or link.cause in done.lost:
        return False
    gained = link.effect == PROGRESS and link.cause in done.before_gain
    return gained or (link.effect == COMPLETE and done.won)


def _after(events: Sequence[str]) -> dict[str, str]:
    """Rules by name: "after3" is any event after the third; none for the last."""
    rules: dict[str, str] = {}
    for number in reversed(range(len(events) - 1)):
        further = f" | after{number + 1}" if number + 2 < len(events) else ""
        rules[f"after{number}"] = literal(events[number + 1]) + further
    return rules


def _helps(action: str, done: Done, after: str) -> str:
    """What ``action`` may have helped to, with the rule of what came ``after`` it; empty where it
    helped to nothing."""
    effects = [after] if after else []
    if action in done.before_gain:
        effects.append(literal(PROGRESS))
    if done.won:
        effects.append(literal(COMPLETE))
    if not effects or action not in done.accepted or action in done.lost:
        return ""
    return f"sure ({' | '.join(effects)})"


def _together(helping: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Rules by name for each of the ``helping`` actions, in order, with what it helps to: "helps3"
    is that, "last3" the one with this number or any later one as the last part of a conjunction,
    and "next3" as one that may be the last but one."""
    rules: dict[str, str] = {}
    for number in reversed(range(len(helping))):
        action, said = helping[number]
        further = number + 1 if number + 1 < len(helping) else 0
        rules[f"helps{number}"] = said
        if not number:  # nothing comes before it
            continue
        alone = f"{literal(action)} helps{number}"
        rules[f"last{number}"] = alone + (f" | last{further}" if further else "")
        rules[f"next{number}"] = alone + (
            f" | {literal(action + JOINT)} last{further} | next{further}" if further else ""
        )
    return rules


def _about(action: str, done: Done, order: Sequence[str]) -> str:
    """A line about an action, ``order`` being those that helped; empty where nothing can be said
    of it."""
    ways = []
    if action in order:
        number = order.index(action)
        ways.append(f"helps{number}")
        if number + 1 < len(order):
            ways.append(f"{literal(JOINT)} next{number + 1}")
    if action not in done.gained:
        ways.append(f"not {literal(TASK)}")
    return f"{literal(action)} ({' | '.join(ways)})" if ways else ""


SURE = (
    "MAY BE NECESSARY to",
    "SHOULD BE NECESSARY to",
    "MAY CONTRIBUTE to",
    "SHOULD CONTRIBUTE to",
)
NOT = ("DOES NOT CONTRIBUTE to", "MAY NOT CONTRIBUTE to")


def _grammar(lines: Iterable[str], rules: Mapping[str, str], actions: Iterable[str]) -> str:
    """Some of ``lines`` in their order, then free ones, of each kind of action at most one; at
    least one line in all. "rest2" is what may follow from the second on, "some2" that and not
    nothing."""
    every = [line for line in lines if line]
    every += [f"{literal(doing)} about" for doing in _doings(actions)]
    chain = {}
    for number, line in enumerate(every):
        said = f'{line} "\\n" rest{number + 1}'
        last = number + 1 == len(every)
        chain[f"some{number}"] = said if last else f"{said} | some{number + 1}"
        chain[f"rest{number}"] = f"{said} | rest{number + 1}"
    all_rules = {
        "root": "some0",
        **chain,
        f"rest{len(every)}": '""',
        **rules,
        "about": '(" " word){1,5} (sure | not) word (" " word){0,5}',
        "sure": either(f" {phrase} " for phrase in SURE),
        "not": either(f" {phrase} " for phrase in NOT),
        **_WORDS,
    }
    return "".join(f"{name} ::= {rule}\n" for name, rule in all_rules.items())


_VERB = re.compile(r"[a-z]{2,12}")


def _doings(actions: Iterable[str]) -> list[str]:
    """The kinds of action among ``actions`` as a free line may begin: "opening"."""
    first = [action.partition(" ")[0] for action in actions]
    plain = [word for word in dict.fromkeys(first) if _VERB.fullmatch(word)][:MOST_KINDS]
    return list(dict.fromkeys(map(_ing, plain or ["find"])))


def _ing(verb: str) -> str:
    """ "opening" of "open", "moving" of "move", "getting" of "get"."""
    if re.fullmatch(r"[^aeiou]+[aeiou][^aeiouwxy]", verb):
        return f"{verb}{verb[-1]}ing"
    if verb.endswith("ing") and len(verb) > 4:
        return verb
    silent = verb.endswith("e") and not verb.endswith(("ee", "oe")) and len(verb) > 2
    return f"{verb.removesuffix('e') if silent else verb}ing"


_RELATION_WORDS = (
    *("nece", "necc", "neca", "contri"),
    *("mayc", "mightc", "couldc", "mustc", "willc", "shouldc", "doesc", "doco"),
)
"""How a word begins that could be part of a relation ("mustcontribute to" is read as one); no word
of use is lost with them."""


def _words() -> dict[str, str]:
    """A word, in small letters but for the first, that does not begin like a relation: a rule for
    each beginning that could still become one. No numbers: what is abstract has none."""
    rules = {"tail": "[a-z'-]{0,15}"}
    begun = {each[:length] for each in _RELATION_WORDS for length in range(len(each))}
    for beginning in sorted(begun):
        longer = [beginning + letter for letter in string.ascii_lowercase]
        free = "".join(each[-1] for each in longer if each not in {*begun, *_RELATION_WORDS})
        either_case = free.upper() if not beginning else ""
        ways = [f"{_letter(each)} word-{each}" for each in longer if each in begun]
        ways.append(f"[{free}{either_case}] tail")
        rules[f"word-{beginning}" if beginning else "word"] = " | ".join(ways)
        if beginning:
            rules[f"word-{beginning}"] += ' | ""'
    return rules


def _letter(beginning: str) -> str:
    """Its last letter, in either case where it is the first."""
    small = beginning[-1]
    return f"[{small}{small.upper()}]" if len(beginning) == 1 else f"[{small}]"


_WORDS = _words()
