"""The languages of the three worlds, for tests that need one."""

from __future__ import annotations

from clin.language import language_of
from clin.prompts.compact import Compact

SCIENCE = language_of("scienceworld")
EXPRESS = language_of("textworldexpress")
CAUSAL = language_of("causal")
COMPACT = Compact(SCIENCE)
