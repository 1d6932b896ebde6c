"""Links that are counted instead of believed: what a trial's record holds, tallies over trials, and
what follows.

``events`` reads one trial into a record of what was done, gained, lost and seen; ``tally`` counts a
claim in such records and states the rule by which relation and hedge follow; ``ledger`` keeps the
tallies of a memory over the trials of an episode, trial by trial.
"""
