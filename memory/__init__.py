"""The memory: causal links, trials, the store that keeps them, the strategies that revise them.

Where to look first:

- :mod:`memory.links` and :mod:`memory.trials`: the types that everything speaks of;
- :mod:`memory.store`: the one SQLite file, behind one door;
- :mod:`memory.episode`: a memory for a loop of your own;
- :mod:`memory.meaning`: when two links mean the same;
- :mod:`memory.archive`: the best state of an episode and the route to it;
- :mod:`memory.changes`, :mod:`memory.corrections`, :mod:`memory.retrieval`,
  :mod:`memory.exchange`: what is done with a memory;
- :mod:`memory.strategies`, :mod:`memory.rules`, :mod:`memory.evidence`: how it is written;
- :mod:`memory.spelling` and :mod:`memory.sanitize`: two leaves that every room may import;
- :mod:`memory.testing`: Hypothesis strategies for all of it.
"""
