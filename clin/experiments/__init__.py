"""Experiments: a TOML file becomes runs, and the runs are played."""
