"""CLIN: an agent that keeps getting better while its language model stays frozen."""

__version__ = "0.1.0"
