"""Wrappers around a world that decide which admissible actions a trial is offered."""
