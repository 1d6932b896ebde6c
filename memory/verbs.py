"""The verb behind an -ing form: "moving" is of "move", "putting" of "put", "string" of none.

The rules of spelling say which verbs a form may be of, and the lemmatiser simplemma
(https://github.com/adbar/simplemma) which of these there are. It is not asked for the lemma of the
-ing form itself: many of those are nouns too, and "heating" then stays as it is. A past in -ed is
spelled alike and is no noun, so of longer verbs its lemma decides ("examined"). Of short ones it is
guessed too often ("mixed" becomes "mixe"); there the likeliest spelling does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

ENGLISH = "en"
_VOWEL = re.compile(r"[aeiouy]")
_DOUBLING = re.compile(r"^(?:.*[^aeiou])?[aeiouy][^aeiouywx]$")
"""Ends in one vowel and one consonant."""
_FULL = ("ll", "ss", "ff", "zz")
"""Doubled letters in which verbs end by themselves."""
_SHORT = 3


@lru_cache(maxsize=4096)
def base_form(word: str) -> str:
    """The verb of which the lower-case ``word`` is the -ing form; any other word as it is."""
    stem = word.removesuffix("ing")
    if stem == word or not _VOWEL.search(stem):
        return word
    from simplemma import is_known, lemmatize  # loads a word list: only who needs it pays for that

    verbs = [verb for verb in _spelled(stem) if is_known(verb, ENGLISH)]
    if not _one_syllable(stem) and (past := lemmatize(f"{stem}ed", ENGLISH)) in verbs:
        return past
    bare = [verb for verb in verbs if lemmatize(verb, ENGLISH) == verb]
    return next(iter([*bare, *verbs]), word)


def _spelled(stem: str) -> Iterator[str]:
    """The verbs that "``stem``ing" may be of by the rules of spelling, the likeliest first."""
    single = stem[:-1] if stem[-1] == stem[-2:-1] and stem[-1] not in "aeiou" else ""
    if single and not stem.endswith(_FULL) and len(stem) > _SHORT:
        yield single
    if stem.endswith("y"):
        yield f"{stem[:-1]}ie"
    if single or not (_one_syllable(stem) and _DOUBLING.match(stem)):  # else "tap" had "tapping"
        yield stem
    if single:
        yield single
    yield f"{stem}e"


def _one_syllable(word: str) -> bool:
    return len(re.findall("[aeiouy]+", word)) == 1
